import { quoted } from './identifier.ts';
import type { Pool } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** Rows that may be dead or changed before a table is looked at, and the share of it beyond that. */
const DUE = { rows: 1_000, deadShare: 0.2, changedShare: 0.1 };

/**
 * What autovacuum does on a server, for the embedded database, which has none: gives the room of dead rows back and
 * gathers statistics, of the tenant's tables and of those all share, where enough has changed. One short statement a
 * table (0.15 s for 100,000 rows), so that others have their turn in between.
 * @returns the tables that were due; none on a server
 */
export async function tidyTables(pool: Pool, tenant: Pick<Tenant, 'id'>): Promise<string[]> {
  if (pool.kind === 'server') return [];
  const { rows } = await pool.query<{ schema: string; name: string }>(
    `select s.schemaname as schema, s.relname as name from pg_stat_user_tables s join pg_class c on c.oid = s.relid
     where s.schemaname = any($1) and (
       s.n_dead_tup > $2 + $3::float8 * s.n_live_tup
       or s.n_mod_since_analyze > $2 + $4::float8 * s.n_live_tup
       -- a kill loses these counts
       or s.n_live_tup = 0 and s.n_dead_tup = 0 and s.last_vacuum is null and pg_relation_size(c.oid) > 1048576)
     order by 1, 2`,
    [[`tenant_${tenant.id}`, 'app', 'bullmq'], DUE.rows, DUE.deadShare, DUE.changedShare],
  );
  for (const { schema, name } of rows) await pool.query(`vacuum (analyze) ${quoted(schema)}.${quoted(name)}`);
  return rows.map(({ schema, name }) => `${schema}.${name}`);
}
