import type { Queryable } from './pool.ts';

/**
 * For the rest of the transaction: join by hashing, never row by row. Set-based statements find their rows by arrays
 * of ids and join small sets; where tables have no statistics (a first load on the embedded database, which gathers
 * none by itself) the planner takes those sets for single rows, and nested loops over them for cheap.
 */
export async function joinByHash(db: Queryable): Promise<void> {
  await db.query('set local enable_nestloop = off');
}
