import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { Policy } from '../model/policy.ts';
import { isLockTimeout } from './fault.ts';
import { quoted } from './identifier.ts';
import { migrate, migrateNew, newest, refuseNewer } from './migrations/run.ts';
import { tenantMigrations } from './migrations/tenant.ts';
import { ensureMonths, makeMonths } from './partitions.ts';
import { type Pool, type PoolClient, type Queryable, transaction } from './pool.ts';

/** A company that installed the app; `schema` is the quoted name of the schema that holds its data. */
export type Tenant = {
  id: string;
  schema: string;
  name: string;
  /** IANA name; days are counted in it. */
  zone: string;
  /** ISO 4217; all revenue is in it. */
  currency: string;
  /** 1 to 12. */
  fiscalYearStart: number;
  policy: Policy;
};

export const NewTenant = z.object({
  id: z.string().regex(/^[a-z0-9]{1,24}$/, 'use up to 24 lower-case letters and digits'),
  name: z.string().min(1),
  zone: z.string().default('UTC'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'use an ISO 4217 code such as EUR')
    .default('USD'),
  fiscalYearStart: z.number().int().min(1).max(12).default(1),
  policy: Policy.prefault({}),
});
export type NewTenant = z.input<typeof NewTenant>;

type TenantRow = {
  id: string;
  name: string;
  zone: string;
  currency: string;
  fiscal_year_start: number;
  policy: unknown;
  schema_version: number;
};

/** Makes the tenant, its schema and this month's partitions, in one step: nobody meets half a tenant. */
export async function createTenant(pool: Pool, given: NewTenant): Promise<Tenant> {
  const made = await addTenant(pool, given);
  if (made) return made;
  throw new InputError('tenant_exists', `There is already a tenant ${given.id}. Nothing was changed.`, {
    action: 'Choose another id.',
  });
}

/** The first tenant. On a new store it is made, by whichever of several programs that start at once comes first. */
export async function firstTenant(pool: Pool, given: NewTenant): Promise<Tenant> {
  const [first] = await listTenants(pool);
  return first ?? (await addTenant(pool, given)) ?? getTenant(pool, given.id);
}

/** Null where there is one of that id. */
async function addTenant(pool: Pool, given: NewTenant): Promise<Tenant | null> {
  const tenant = NewTenant.parse(given);
  return transaction(pool, async (client) => {
    const { rows } = await client.query<TenantRow>(
      `insert into app.tenant (id, name, zone, currency, fiscal_year_start, policy)
       values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing returning *`,
      [tenant.id, tenant.name, tenant.zone, tenant.currency, tenant.fiscalYearStart, tenant.policy],
    );
    if (!rows[0]) return null;
    const made = toTenant(rows[0]);
    await makeSchema(client, made);
    return made;
  });
}

async function makeSchema(client: PoolClient, tenant: Pick<Tenant, 'id' | 'schema'>): Promise<void> {
  await migrateNew(client, tenant.schema, tenantMigrations);
  await makeMonths(client, tenant, new Date());
  await client.query('update app.tenant set schema_version = $2 where id = $1', [
    tenant.id,
    newest(tenantMigrations),
  ]);
}

/**
 * The tenant. Its schema may be older than this program: see migrateTenant.
 * @throws InputError where there is none of that id
 */
export async function getTenant(pool: Queryable, id: string): Promise<Tenant> {
  return toTenant(await tenantRow(pool, id));
}

export async function listTenants(pool: Queryable): Promise<Tenant[]> {
  const { rows } = await pool.query<TenantRow>('select * from app.tenant order by id');
  return rows.map(toTenant);
}

/**
 * Brings a tenant's schema to this program's version. Cheap where it has it already, so a worker calls it before
 * each run.
 * @throws ConfigError where the schema is newer than this program
 */
export async function migrateTenant(pool: Pool, id: string): Promise<Tenant> {
  const row = await tenantRow(pool, id);
  const tenant = toTenant(row);
  const known = newest(tenantMigrations);
  refuseNewer(tenant.schema, row.schema_version, known);
  if (row.schema_version === known) return tenant;
  await migrate(pool, tenant.schema, tenantMigrations);
  await ensureMonths(pool, tenant, new Date());
  await pool.query('update app.tenant set schema_version = $2 where id = $1 and schema_version < $2', [
    id,
    known,
  ]);
  return tenant;
}

/** What people may change of their company; money already counted is worked out again where the caller says so. */
export type TenantChange = Partial<Pick<Tenant, 'name' | 'zone' | 'currency' | 'fiscalYearStart' | 'policy'>>;

export async function updateTenant(db: Queryable, id: string, change: TenantChange): Promise<Tenant> {
  await db.query(
    `update app.tenant set name = coalesce($2, name), zone = coalesce($3, zone),
       currency = coalesce($4, currency), fiscal_year_start = coalesce($5, fiscal_year_start),
       policy = coalesce($6::jsonb, policy)
     where id = $1`,
    [
      id,
      change.name ?? null,
      change.zone ?? null,
      change.currency ?? null,
      change.fiscalYearStart ?? null,
      change.policy ? JSON.stringify(change.policy) : null,
    ],
  );
  return getTenant(db, id);
}

/**
 * Deletes all data of a tenant and makes its schema anew, in one step: whoever reads meanwhile waits, and finds the new
 * one. Who may sign in, and the audit log, stay. A lock timeout (55P03) where somebody reads for long, as a backup does;
 * nothing was changed then.
 * @param mayBe asked when nobody can connect a CRM any more; where it says no, nothing is done
 * @returns was it emptied?
 */
export async function emptyTenant(
  pool: Pool,
  tenant: Pick<Tenant, 'id' | 'schema'>,
  mayBe: (client: Queryable) => Promise<boolean> = async () => true,
): Promise<boolean> {
  return withNobodyIn(pool, tenant, async (client) => {
    if (!(await mayBe(client))) return false;
    await client.query(`drop schema if exists ${tenant.schema} cascade`);
    await makeSchema(client, tenant);
    return true;
  });
}

/** Deletes the tenant and everything of it. Waits for readers as emptyTenant does. */
export async function dropTenant(pool: Pool, tenant: Pick<Tenant, 'id' | 'schema'>): Promise<void> {
  await withNobodyIn(pool, tenant, async (client) => {
    await client.query(`drop schema if exists ${tenant.schema} cascade`);
    await client.query('delete from app.tenant where id = $1', [tenant.id]);
  });
}

const LOOK_AGAIN_MS = 25;
const LONGEST_LOOK_MS = 5_000;

/**
 * One transaction with all of a tenant's tables to itself. Others lock several tables one after the other, in no one
 * order, so waiting for each of them while holding some would be a deadlock: it takes all at once or none.
 */
async function withNobodyIn<T>(
  pool: Pool,
  { id }: Pick<Tenant, 'id'>,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  for (const until = performance.now() + LONGEST_LOOK_MS; ; await sleep(LOOK_AGAIN_MS)) {
    try {
      return await transaction(pool, async (client) => {
        await client.query('select from app.tenant where id = $1 for update', [id]);
        const { rows } = await client.query<{ tables: string | null }>(
          `select string_agg(format('only %I.%I', n.nspname, c.relname), ', ') as tables
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = $1 and c.relkind in ('r', 'p')`,
          [`tenant_${id}`],
        );
        const tables = rows[0]?.tables;
        if (tables) await client.query(`lock table ${tables} in access exclusive mode nowait`);
        return work(client);
      });
    } catch (error) {
      // 42P01: a month was dropped between looking and locking.
      const isTaken =
        isLockTimeout(error) || (error instanceof Error && 'code' in error && error.code === '42P01');
      if (!isTaken || performance.now() > until) throw error;
    }
  }
}

async function tenantRow(pool: Queryable, id: string): Promise<TenantRow> {
  const { rows } = await pool.query<TenantRow>('select * from app.tenant where id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new InputError('tenant_unknown', `There is no tenant ${id}.`, { action: 'Check the id.' });
}

function toTenant(row: TenantRow): Tenant {
  return {
    id: row.id,
    schema: quoted(`tenant_${row.id}`),
    name: row.name,
    zone: row.zone,
    currency: row.currency,
    fiscalYearStart: row.fiscal_year_start,
    policy: Policy.parse(row.policy),
  };
}
