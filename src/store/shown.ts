import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** Keys after `after` and up to `to`, which may be open at either end. */
export type ShownRange = {
  connectionId: string;
  object: string;
  after: string | null;
  to: string | null;
};

/** How many records show something of each target, by target id; of all connections, or within a range. */
export async function countShown(
  db: Queryable,
  { schema }: Tenant,
  within?: ShownRange,
): Promise<Map<string, number>> {
  const { rows } = await db.query<{ target: string; shown: number }>(
    `select k.target, count(*)::int as shown
     from ${schema}.ledger l
     cross join lateral jsonb_object_keys(l.shown) as k (target)
     ${within ? `where l.connection_id = $1 and l.object = $2` : ''}
     ${within ? `and l.external_key > $3 and ($4::text is null or l.external_key <= $4)` : ''}
     group by k.target`,
    within ? [within.connectionId, within.object, within.after ?? '', within.to] : [],
  );
  return new Map(rows.map(({ target, shown }) => [target, shown]));
}
