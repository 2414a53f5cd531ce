import { quoted } from './identifier.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/**
 * For the rest of the transaction: join by hashing, never row by row, and never read a whole table where an index
 * leads to the rows. Set-based statements find their rows by arrays of ids and join small sets; where tables have no
 * statistics (a first load on the embedded database, which gathers none by itself) the planner takes those sets for
 * single rows, nested loops over them for cheap, and a thousand ids for half of the table.
 */
export async function joinByHash(db: Queryable): Promise<void> {
  await db.query('set local enable_nestloop = off; set local enable_seqscan = off');
}

/** Pages below which a table is read in no time, however it is read. */
const SMALL_PAGES = 16;

/**
 * Gathers the statistics of those tables that have more than doubled since they were last gathered, so about once for
 * each doubling. While a table fills, the planner knows nothing of it: it takes the rows of one connection for a
 * handful, and reads them all to find a hundred by their ids. A server's autovacuum comes after a minute, an embedded
 * store has none.
 * @returns the tables whose statistics were gathered
 */
export async function analyzeGrown(db: Queryable, tenant: Tenant, tables: string[]): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select c.relname as name
     from unnest($1::text[]) as given (name)
     join pg_class c on c.oid = to_regclass(given.name)
     cross join lateral (select pg_relation_size(c.oid) / current_setting('block_size')::int as pages) now
     where pages > ${SMALL_PAGES} and pages > 2 * greatest(c.relpages, 0)
     order by 1`,
    [tables.map((table) => `${tenant.schema}.${quoted(table)}`)],
  );
  for (const { name } of rows) await db.query(`analyze ${tenant.schema}.${quoted(name)}`);
  return rows.map(({ name }) => name);
}
