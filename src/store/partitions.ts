import { quoted } from './identifier.ts';
import type { Pool, Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** The tables that grow with every change, one partition a month (UTC), named e.g. `push_log_2026_11`. */
const BY_MONTH = ['label_change', 'push_log'] as const;

export const MONTHS_KEPT = 25;

/**
 * Makes the partitions of a date's month, the one before and the one after, where missing. Whoever writes rows of
 * a date calls it first: a run's `as_of` may lie far in the past, so there is no end to the months that may come.
 * There is no default partition: a row in it would stand in the way of its month.
 */
export async function ensureMonths(
  pool: Queryable,
  tenant: Pick<Tenant, 'schema'>,
  around: Date,
): Promise<void> {
  const months = [-1, 0, 1].map((offset) => monthOf(around, offset));
  const wanted = BY_MONTH.flatMap((table) => months.map((month) => ({ table, ...month })));
  const { rows } = await pool.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass($2 || name) is not null',
    [wanted.map(partitionName), `${tenant.schema}.`],
  );
  const present = new Set(rows.map(({ name }) => name));
  for (const month of wanted) {
    const name = partitionName(month);
    if (present.has(name)) continue;
    await pool.query(
      `create table if not exists ${tenant.schema}.${name} partition of ${tenant.schema}.${month.table}
       for values from ('${month.from}') to ('${month.to}')`,
    );
  }
}

/**
 * Drops the months that are older than 25, counted from the newest run's `as_of` or from now, whichever is older.
 * @returns how many partitions went
 */
export async function dropOldMonths(pool: Pool, tenant: Tenant, now: Date): Promise<number> {
  const { rows: runs } = await pool.query<{ newest: Date | null }>(
    `select max(as_of) as newest from ${tenant.schema}.run`,
  );
  const newest = runs[0]?.newest ?? now;
  const oldest = monthOf(newest < now ? newest : now, 1 - MONTHS_KEPT);
  let dropped = 0;
  for (const table of BY_MONTH) {
    const { rows } = await pool.query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = $1::regclass and c.relname < $2 order by 1`,
      [`${tenant.schema}.${table}`, partitionName({ table, from: oldest.from })],
    );
    for (const { name } of rows) await pool.query(`drop table ${tenant.schema}.${quoted(name)}`);
    dropped += rows.length;
  }
  return dropped;
}

/** A month as a half-open range of UTC instants. */
function monthOf(date: Date, offset: number): { from: string; to: string } {
  const first = (months: number) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)).toISOString();
  return { from: first(offset), to: first(offset + 1) };
}

function partitionName({ table, from }: { table: string; from: string }): string {
  return `${table}_${from.slice(0, 7).replace('-', '_')}`;
}
