import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** What a list of connections shows beside the connections themselves. */
export type ConnectionFacts = {
  /** When a pull of changes or of everything last came to an end. */
  lastPullAt: Date | null;
  /** Values that the CRM shows were last changed by us. */
  lastWriteAt: Date | null;
  /** Mapped attributes, and those whose property can't be read now. */
  mapped: number;
  problems: number;
  /** Live, held and paused targets. */
  live: number;
  held: number;
  paused: number;
};

export async function readConnectionFacts(
  db: Queryable,
  { schema, id }: Tenant,
): Promise<Map<string, ConnectionFacts>> {
  const { rows } = await db.query<ConnectionFacts & { id: string }>(
    `select c.id,
       (select max(updated_at) from ${schema}.cursor u
        where u.connection_id = c.id and u.purpose in ('full', 'changes')) as "lastPullAt",
       (select max(at) from ${schema}.push_log p where p.connection_id = c.id
          and p.at > now() - interval '31 days') as "lastWriteAt",
       (select count(*)::int from ${schema}.mapping m where m.connection_id = c.id) as mapped,
       (select count(*)::int from ${schema}.mapping m
        where m.connection_id = c.id and m.problem is not null) as problems,
       (select count(*)::int from ${schema}.target t where t.connection_id = c.id and t.state = 'live') as live,
       (select count(*)::int from ${schema}.target t where t.connection_id = c.id and t.state = 'held') as held,
       (select count(*)::int from ${schema}.target t where t.connection_id = c.id and t.state = 'paused') as paused
     from app.connection c where c.tenant_id = $1`,
    [id],
  );
  return new Map(rows.map(({ id: connection, ...facts }) => [connection, facts]));
}
