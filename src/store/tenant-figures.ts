import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** What an operator watches of one tenant; ages in seconds. */
export type TenantFigures = {
  /** By state, with how long the oldest of those under way has been, and how long since it last moved. */
  runs: Record<string, number>;
  oldestRun: number;
  longestStill: number;
  /** Rows that a CRM does not take, at present. */
  refused: number;
  /** By state; `needs_you` are those whose token the CRM refuses, so that a person must connect anew. */
  connections: Record<string, number>;
  /** Targets that wait for a person. */
  held: number;
};

export async function tenantFigures(db: Queryable, { id, schema }: Tenant): Promise<TenantFigures> {
  const { rows } = await db.query<TenantFigures>(
    `select
       (select coalesce(jsonb_object_agg(state, count), '{}') from (
          select state, count(*) from ${schema}.run group by state) by_state) as runs,
       under_way.oldest as "oldestRun", under_way.still as "longestStill",
       (select count(*)::int from ${schema}.refusal) as refused,
       (select coalesce(jsonb_object_agg(state, count), '{}') from (
          select state, count(*) from app.connection where tenant_id = $1 group by state) by_state) as connections,
       (select count(*)::int from ${schema}.target where state = 'held') as held
     from (
       select coalesce(extract(epoch from now() - min(requested_at)), 0)::float8 as oldest,
         greatest(0, coalesce(extract(epoch from now() - min(greatest(not_before, advanced_at, requested_at))), 0))::float8 as still
       from ${schema}.run where ended_at is null
     ) under_way`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an aggregate has a row');
  return row;
}
