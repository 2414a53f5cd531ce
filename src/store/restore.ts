import { AppError, ConfigError } from '../errors.ts';
import { quoted } from './identifier.ts';
import { appMigrations } from './migrations/app.ts';
import { migrateNew, newest, refuseNewer } from './migrations/run.ts';
import { tenantMigrations } from './migrations/tenant.ts';
import { type Pool, type PoolClient, type Queryable, transaction } from './pool.ts';
import {
  type Batch,
  type Contents,
  columnsOf,
  digestOf,
  fullName,
  identitySequence,
  type TableInfo,
} from './snapshot.ts';

/**
 * Writes a snapshot into an empty database, in one transaction, and compares every table's row count and checksum
 * with what was read: all of it arrives, or nothing is changed.
 * @throws ConfigError where the destination holds something already, or is written by a newer program
 */
export async function writeSnapshot(
  pool: Pool,
  contents: Contents,
  batches: AsyncIterable<Batch>,
  onTable: (table: TableInfo) => void = () => undefined,
  /** Looks at what arrived before it is committed. */
  check: (client: Queryable) => Promise<void> = async () => undefined,
): Promise<void> {
  refuseNewer('app', contents.versions.app, newest(appMigrations));
  refuseNewer('tenant', contents.versions.tenant, newest(tenantMigrations));
  await refuseFilled(pool);
  await transaction(pool, async (client) => {
    await makeTables(client, contents);
    let last = -1;
    for await (const batch of batches) {
      const table = contents.tables[batch.table];
      if (!table) throw damaged('it speaks of a table that it does not describe');
      if (batch.table !== last) onTable(table);
      last = batch.table;
      await insertRows(client, table, batch.rows);
    }
    for (const table of contents.tables) {
      await setLastId(client, table);
      await compare(client, table);
    }
    await check(client);
  });
}

/** Throws where a database holds a store already. Reads only. */
export async function refuseFilled(pool: Queryable): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname = 'app' or nspname like 'tenant\\_%' order by 1 limit 1`,
  );
  if (!rows[0]) return;
  throw new ConfigError(
    'destination_not_empty',
    `The destination already has schema ${rows[0].name}. Nothing was changed.`,
    {
      action: 'Give an empty one: on a server a new database (`createdb`), on this machine another DATA_DIR.',
    },
  );
}

async function makeTables(client: PoolClient, { tables, versions }: Contents): Promise<void> {
  for (const schema of new Set(tables.map((table) => table.schema))) {
    const [migrations, upTo] =
      schema === 'app' ? [appMigrations, versions.app] : [tenantMigrations, versions.tenant];
    // The versions that the rows were written under: later ones are applied to them when the store is opened.
    await migrateNew(
      client,
      quoted(schema),
      migrations.filter(({ version }) => version <= upTo),
    );
  }
  for (const table of tables) {
    const present = new Set((await columnsOf(client, table)).map(({ name }) => name));
    const missing = table.columns.filter(({ name }) => !present.has(name));
    const clauses = missing.map(({ name, type, rest }) => `add column ${quoted(name)} ${type} ${rest}`);
    if (clauses.length > 0) await client.query(`alter table ${fullName(table)} ${clauses.join(', ')}`);
    for (const { name, bounds } of table.partitions) {
      await client.query(
        `create table ${quoted(table.schema)}.${quoted(name)} partition of ${fullName(table)} ${bounds}`,
      );
    }
  }
}

/** One parameter a column, each a list of texts that Postgres reads as the column's type. */
async function insertRows(client: PoolClient, table: TableInfo, rows: Batch['rows']): Promise<void> {
  const columns = table.columns.map(({ name }) => quoted(name)).join(', ');
  const typed = table.columns.map(({ type }, index) => `c${index}::${type}`).join(', ');
  const lists = table.columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const names = table.columns.map((_, index) => `c${index}`).join(', ');
  await client.query(
    `insert into ${fullName(table)} (${columns}) overriding system value
     select ${typed} from unnest(${lists}) as carried (${names})`,
    table.columns.map((_, index) => rows.map((row) => row[index] ?? null)),
  );
}

async function setLastId(client: PoolClient, table: TableInfo): Promise<void> {
  const sequence = await identitySequence(client, table);
  if (sequence !== null && table.lastId !== null) {
    await client.query('select setval($1::regclass, $2::bigint)', [sequence, table.lastId]);
  }
}

async function compare(client: PoolClient, table: TableInfo): Promise<void> {
  const arrived = await digestOf(client, table);
  const { digest } = table;
  if (arrived.rows === digest.rows && arrived.checksum === digest.checksum) return;
  throw damaged(
    `${table.schema}.${table.name} has ${digest.rows} rows with checksum ${digest.checksum} there, ` +
      `and ${arrived.rows} with ${arrived.checksum} here`,
  );
}

function damaged(why: string): AppError {
  return new AppError(
    'move_differs',
    `What arrived is not what was sent: ${why}. The destination was left empty.`,
    {
      action: 'Try again; with a backup file, use another one.',
    },
  );
}
