import { listAttributes } from '../store/columns.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

export type UnknownRate = {
  currency: string;
  deals: number;
  amount: string;
  /** A rate of it was given: the next run takes it, for deals that were closed since its first day. */
  isGiven: boolean;
};

/** Won deals that count but whose amount could not be brought into the tenant's currency, by their currency. */
export async function unknownRates(db: Queryable, tenant: Tenant): Promise<UnknownRate[]> {
  const deal = new Set(
    (await listAttributes(db, tenant)).filter((a) => a.owner === 'deal').map((a) => a.key),
  );
  if (!['won', 'amount', 'currency'].every((key) => deal.has(key))) return [];
  const { rows } = await db.query<UnknownRate>(
    `select d.currency, count(*)::int as deals, sum(d.amount)::text as amount,
       exists (select from ${tenant.schema}.rate r where r.source = 'tenant' and r.currency = d.currency) as "isGiven"
     from ${tenant.schema}.deal d
     where d.won and d.counts and d.revenue is null and d.amount is not null
     group by 1 order by 2 desc, 1`,
  );
  return rows;
}
