import { z } from 'zod';
import { quoted } from './identifier.ts';
import { appMigrations } from './migrations/app.ts';
import { newest } from './migrations/run.ts';
import { tenantMigrations } from './migrations/tenant.ts';
import { type Pool, type PoolClient, type Queryable, transaction } from './pool.ts';
import { listTenants, migrateTenant } from './tenant.ts';

/** Rows carried at a time. */
const BATCH_ROWS = 500;

const Column = z.object({
  name: z.string(),
  /** As Postgres writes it: `numeric`, `text[]`. */
  type: z.string(),
  /** What follows the type where the column is added: default and not null. */
  rest: z.string(),
});

const Digest = z.object({ rows: z.number().int(), checksum: z.string() });
export type Digest = z.infer<typeof Digest>;

export const TableInfo = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(Column),
  /** Partitions with their bounds, `FOR VALUES FROM ... TO ...`. */
  partitions: z.array(z.object({ name: z.string(), bounds: z.string() })),
  /** The last number that the identity column gave; null where there is none, or none was given. */
  lastId: z.string().nullable(),
  digest: Digest,
});
export type TableInfo = z.infer<typeof TableInfo>;

/** What a store holds, and what its rows add up to. */
export const Contents = z.object({
  format: z.literal(1),
  /** Schema versions that the rows were written under. */
  versions: z.object({ app: z.number().int(), tenant: z.number().int() }),
  madeAt: z.iso.datetime(),
  tables: z.array(TableInfo),
});
export type Contents = z.infer<typeof Contents>;

/** Some rows of table `table` of the contents; values as Postgres writes them as text. */
export type Batch = { table: number; rows: (string | null)[][] };

/**
 * Reads a whole store in one snapshot: contents first, then every row. Tenants are brought to this program's version
 * before. The job queue is not part of it: it is built again from the schedules and runs.
 */
export async function readSnapshot(
  pool: Pool,
  take: (contents: Contents, batches: AsyncGenerator<Batch>) => Promise<void>,
): Promise<Contents> {
  for (const { id } of await listTenants(pool)) await migrateTenant(pool, id);
  return transaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const contents: Contents = {
      format: 1,
      versions: { app: newest(appMigrations), tenant: newest(tenantMigrations) },
      madeAt: new Date().toISOString(),
      tables: await describeTables(client),
    };
    await take(contents, readRows(client, contents.tables));
    return contents;
  });
}

async function* readRows(client: PoolClient, tables: TableInfo[]): AsyncGenerator<Batch> {
  for (const [index, table] of tables.entries()) {
    const columns = table.columns.map(({ name }) => `${quoted(name)}::text`).join(', ');
    await client.query(
      `declare carried no scroll cursor for select array[${columns}] as row from ${fullName(table)}`,
    );
    for (;;) {
      const { rows } = await client.query<{ row: (string | null)[] }>(`fetch ${BATCH_ROWS} from carried`);
      if (rows.length === 0) break;
      yield { table: index, rows: rows.map(({ row }) => row) };
    }
    await client.query('close carried');
  }
}

/** The tables of app and the tenants in an order that foreign keys allow, without version tables and partitions. */
async function describeTables(client: Queryable): Promise<TableInfo[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'migration'
      and (n.nspname = 'app' or n.nspname like 'tenant\\_%')
    order by n.nspname <> 'app', c.relname <> 'tenant', c.relname <> 'connection', n.nspname, c.relname`);
  const tables: TableInfo[] = [];
  for (const { schema, name } of rows) {
    const columns = await columnsOf(client, { schema, name });
    tables.push({
      schema,
      name,
      columns,
      partitions: await partitionsOf(client, { schema, name }),
      lastId: await lastIdOf(client, { schema, name }),
      digest: await digestOf(client, { schema, name, columns }),
    });
  }
  return tables;
}

export async function columnsOf(
  client: Queryable,
  table: Pick<TableInfo, 'schema' | 'name'>,
): Promise<TableInfo['columns']> {
  const { rows } = await client.query<z.infer<typeof Column>>(
    `select attname as name, format_type(atttypid, atttypmod) as type,
       coalesce('default ' || pg_get_expr(adbin, adrelid), '') || case when attnotnull then ' not null' else '' end
         as rest
     from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [fullName(table)],
  );
  return rows;
}

async function partitionsOf(
  client: Queryable,
  table: Pick<TableInfo, 'schema' | 'name'>,
): Promise<TableInfo['partitions']> {
  const { rows } = await client.query<{ name: string; bounds: string }>(
    `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
     from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by 1`,
    [fullName(table)],
  );
  return rows;
}

async function lastIdOf(
  client: Queryable,
  table: Pick<TableInfo, 'schema' | 'name'>,
): Promise<string | null> {
  const sequence = await identitySequence(client, table);
  if (sequence === null) return null;
  const { rows } = await client.query<{ last: string; is_called: boolean }>(
    `select last_value as last, is_called from ${sequence}`,
  );
  return rows[0]?.is_called ? rows[0].last : null;
}

/** The quoted name of the sequence behind a table's `id`, or null. */
export async function identitySequence(
  client: Queryable,
  table: Pick<TableInfo, 'schema' | 'name'>,
): Promise<string | null> {
  const { rows } = await client.query<{ sequence: string | null }>(
    `select pg_get_serial_sequence($1, 'id') as sequence from pg_attribute
     where attrelid = $1::regclass and attname = 'id' and attidentity <> ''`,
    [fullName(table)],
  );
  return rows[0]?.sequence ?? null;
}

/**
 * How many rows, and a sum over a hash of each: the same in whatever order they lie, another where one row differs,
 * is missing or is there twice.
 */
export async function digestOf(
  client: Queryable,
  table: Pick<TableInfo, 'schema' | 'name' | 'columns'>,
): Promise<Digest> {
  const columns = table.columns.map(({ name }) => quoted(name)).join(', ');
  const { rows } = await client.query<{ rows: string; checksum: string }>(`
    select count(*) as rows,
      coalesce(sum(('x' || left(md5(row(${columns})::text), 15))::bit(60)::bigint), 0)::text as checksum
    from ${fullName(table)}`);
  return { rows: Number(rows[0]?.rows ?? 0), checksum: rows[0]?.checksum ?? '0' };
}

export function fullName({ schema, name }: Pick<TableInfo, 'schema' | 'name'>): string {
  return `${quoted(schema)}.${quoted(name)}`;
}
