import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** How many records show something of each target, by target id. */
export async function countShown(db: Queryable, { schema }: Tenant): Promise<Map<string, number>> {
  const { rows } = await db.query<{ target: string; shown: number }>(
    `select k.target, count(*)::int as shown
     from ${schema}.ledger l
     cross join lateral jsonb_object_keys(l.shown) as k (target)
     group by k.target`,
  );
  return new Map(rows.map(({ target, shown }) => [target, shown]));
}
