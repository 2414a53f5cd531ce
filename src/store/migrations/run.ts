import { ConfigError } from '../../errors.ts';
import { type Pool, type PoolClient, transaction } from '../pool.ts';

/** One forward step of a schema. Never edited once released; `{schema}` in the SQL is the quoted schema name. */
export type Migration = { version: number; name: string; sql: string };

/**
 * Brings a schema to the newest version we know, each step with its version row in one transaction. Several
 * programs may start at once on a server: a row lock lets one of them work while the others wait.
 * Returns the versions that were applied.
 * @param schema quoted name, e.g. `"tenant_a1"`; made if missing
 * @throws ConfigError where the schema is newer than this program; nothing was changed then
 */
export async function migrate(pool: Pool, schema: string, migrations: Migration[]): Promise<number[]> {
  await transaction(pool, async (client) => {
    await lockSchemaCreation(client, pool.kind);
    await client.query(`create schema if not exists ${schema}`);
    await client.query(versionTable(schema));
  });
  const applied: number[] = [];
  for (const migration of migrations) {
    if (await applyStep(pool, schema, migration, newest(migrations))) applied.push(migration.version);
  }
  return applied;
}

/** As migrate, for a schema that is not there yet, inside the caller's transaction. */
export async function migrateNew(client: PoolClient, schema: string, migrations: Migration[]): Promise<void> {
  await client.query(`create schema ${schema}`);
  await client.query(versionTable(schema));
  for (const migration of migrations) await applyInside(client, schema, migration);
}

/** The version that a schema has; 0 where it has none yet. */
export async function schemaVersion(client: Pick<PoolClient, 'query'>, schema: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select coalesce(max(version), 0)::int as version from ${schema}.migration`,
  );
  return rows[0]?.version ?? 0;
}

export function newest(migrations: Migration[]): number {
  return Math.max(0, ...migrations.map(({ version }) => version));
}

/** Throws where a schema was written by a newer program. */
export function refuseNewer(schema: string, found: number, known: number): void {
  if (found <= known) return;
  throw new ConfigError(
    'schema_newer',
    `The database's schema ${schema.replaceAll('"', '')} is at version ${found}, and this program knows versions up to ${known}. Nothing was changed.`,
    {
      action:
        'Start the newer program that this database was last used with, or restore a backup from before it.',
    },
  );
}

async function applyStep(pool: Pool, schema: string, migration: Migration, known: number): Promise<boolean> {
  return transaction(pool, async (client) => {
    // Conflicts with itself, not with readers: one program at a time.
    await client.query(`lock table ${schema}.migration in share row exclusive mode`);
    const version = await schemaVersion(client, schema);
    refuseNewer(schema, version, known);
    if (version >= migration.version) return false;
    await applyInside(client, schema, migration);
    return true;
  });
}

async function applyInside(client: PoolClient, schema: string, migration: Migration): Promise<void> {
  await client.query(migration.sql.replaceAll('{schema}', schema));
  await client.query(`insert into ${schema}.migration (version, name) values ($1, $2)`, [
    migration.version,
    migration.name,
  ]);
}

function versionTable(schema: string): string {
  return `
    create table if not exists ${schema}.migration (
      version int primary key, name text not null, applied_at timestamptz not null default now()
    )`;
}

/**
 * `create schema if not exists` is not safe against itself on a server. The embedded database has one session,
 * where an advisory lock excludes nobody and our own queue does.
 */
async function lockSchemaCreation(client: PoolClient, kind: Pool['kind']): Promise<void> {
  if (kind === 'server')
    await client.query(`select pg_advisory_xact_lock(hashtext('segment-sync migrations'))`);
}
