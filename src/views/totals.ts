import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** What a tenant has in all, for summaries. Revenue is in its currency, each won deal counted once. */
export type Totals = {
  /** Live records of all connections. */
  contacts: number;
  companies: number;
  deals: number;
  persons: number;
  revenue: number;
  /** The part of revenue that belongs to no person. */
  uncredited: number;
};

type TotalsRow = Omit<Totals, 'revenue' | 'uncredited'> & { revenue: string; uncredited: string };

/** Money is added up as decimals and rounded once, to cents. */
export async function readTotals(db: Queryable, { schema }: Tenant): Promise<Totals> {
  const { rows } = await db.query<TotalsRow>(
    `select
       (select count(*) from ${schema}.contact_record where state = 'live' and kind <> 'attributes')::int as contacts,
       (select count(*) from ${schema}.company_record where state = 'live')::int as companies,
       (select count(*) from ${schema}.deal_record where state = 'live')::int as deals,
       (select count(*) from ${schema}.person)::int as persons,
       round(coalesce(sum(revenue), 0), 2) as revenue,
       round(coalesce(sum(revenue) filter (where person_id is null), 0), 2) as uncredited
     from ${schema}.deal
     where counts and won`,
  );
  const row = rows[0];
  if (!row) throw new Error('an aggregate without grouping has one row');
  return { ...row, revenue: Number(row.revenue), uncredited: Number(row.uncredited) };
}
