import { isLockTimeout } from './fault.ts';
import { quoted } from './identifier.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** The tables that grow with every change, one partition a month (UTC), named e.g. `push_log_2026_11`. */
const BY_MONTH = ['label_change', 'push_log'] as const;

export const MONTHS_KEPT = 25;

type Month = { table: string; from: string; to: string };

/** Others that write are not kept waiting longer than this by a month that is dropped. */
const LOCK_TIMEOUT_MS = 2_000;

/**
 * Makes the partitions of a date's month, the one before and the one after, where missing. Whoever writes rows of
 * a date calls it first: a run's `as_of` may lie far in the past, so there is no end to the months that may come.
 * There is no default partition: a row in it would stand in the way of its month. Safe to do twice at once.
 */
export async function ensureMonths(pool: Pool, tenant: Pick<Tenant, 'schema'>, around: Date): Promise<void> {
  const wanted = monthsAround(around);
  if ((await missing(pool, tenant, wanted)).length === 0) return;
  await transaction(pool, (client) => addMonths(client, tenant, wanted));
}

/** As ensureMonths, inside the caller's transaction. */
export async function makeMonths(
  client: Queryable,
  tenant: Pick<Tenant, 'schema'>,
  around: Date,
): Promise<void> {
  await addMonths(client, tenant, monthsAround(around));
}

function monthsAround(around: Date): Month[] {
  const months = [-1, 0, 1].map((offset) => monthOf(around, offset));
  return BY_MONTH.flatMap((table) => months.map((month) => ({ table, ...month })));
}

async function addMonths(
  client: Queryable,
  tenant: Pick<Tenant, 'schema'>,
  wanted: readonly Month[],
): Promise<void> {
  for (const table of BY_MONTH) await oneAtATime(client, tenant, table);
  for (const month of await missing(client, tenant, wanted))
    await client.query(
      `create table ${tenant.schema}.${partitionName(month)} partition of ${tenant.schema}.${month.table}
       for values from ('${month.from}') to ('${month.to}')`,
    );
}

async function missing<M extends Month>(
  db: Queryable,
  { schema }: Pick<Tenant, 'schema'>,
  wanted: readonly M[],
): Promise<M[]> {
  const { rows } = await db.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass($2 || name) is null',
    [wanted.map(partitionName), `${schema}.`],
  );
  const names = new Set(rows.map(({ name }) => name));
  return wanted.filter((month) => names.has(partitionName(month)));
}

/**
 * Drops the months that are older than 25, counted from the newest run's `as_of` or from now, whichever is older.
 * One that somebody reads, as a backup does for hours, is left for the next time: whoever waits to drop it keeps all
 * others waiting.
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
    for (const { name } of rows) if (await dropMonth(pool, tenant, table, name)) dropped += 1;
  }
  return dropped;
}

/** False where somebody is reading or writing it. */
async function dropMonth(
  pool: Pool,
  tenant: Tenant,
  table: (typeof BY_MONTH)[number],
  name: string,
): Promise<boolean> {
  try {
    await transaction(pool, async (client) => {
      await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await oneAtATime(client, tenant, table);
      await client.query(`drop table if exists ${tenant.schema}.${quoted(name)}`);
    });
    return true;
  } catch (error) {
    if (isLockTimeout(error)) return false;
    throw error;
  }
}

/**
 * Whoever makes or drops a table's months waits for others that do, until the transaction ends; rows are written
 * meanwhile. Neither `create table if not exists` nor `drop table if exists` is safe against itself: the second of
 * two that drop one partition looks for the parent of a table that is gone, and fails.
 */
async function oneAtATime(
  client: Queryable,
  tenant: Pick<Tenant, 'schema'>,
  table: (typeof BY_MONTH)[number],
): Promise<void> {
  await client.query(`lock table only ${tenant.schema}.${table} in share update exclusive mode`);
}

/** A month as a half-open range of UTC instants. */
function monthOf(date: Date, offset: number): Pick<Month, 'from' | 'to'> {
  const first = (months: number) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)).toISOString();
  return { from: first(offset), to: first(offset + 1) };
}

function partitionName({ table, from }: Pick<Month, 'table' | 'from'>): string {
  return `${table}_${from.slice(0, 7).replace('-', '_')}`;
}
