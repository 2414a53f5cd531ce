import type { Queryable } from './pool.ts';

/**
 * For the rest of the transaction: join by hashing, never row by row, and never read a whole table where an index
 * leads to the rows. Set-based statements find their rows by arrays of ids and join small sets; where tables have no
 * statistics (a first load on the embedded database, which gathers none by itself) the planner takes those sets for
 * single rows, nested loops over them for cheap, and a thousand ids for half of the table.
 */
export async function joinByHash(db: Queryable): Promise<void> {
  await db.query('set local enable_nestloop = off; set local enable_seqscan = off');
}
