import { listAttributes } from '../store/columns.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** Won deals that count but whose amount could not be brought into the tenant's currency, by their currency. */
export async function unknownRates(
  db: Queryable,
  tenant: Tenant,
): Promise<{ currency: string; deals: number; amount: string }[]> {
  const deal = new Set(
    (await listAttributes(db, tenant)).filter((a) => a.owner === 'deal').map((a) => a.key),
  );
  if (!['won', 'amount', 'currency'].every((key) => deal.has(key))) return [];
  const { rows } = await db.query<{ currency: string; deals: number; amount: string }>(
    `select currency, count(*)::int as deals, sum(amount)::text as amount from ${tenant.schema}.deal
     where won and counts and revenue is null and amount is not null
     group by 1 order by 2 desc, 1`,
  );
  return rows;
}
