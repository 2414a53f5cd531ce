import { z } from 'zod';
import { InputError } from '../errors.ts';
import { Policy } from '../model/policy.ts';
import { quoted } from './identifier.ts';
import { migrate, newest, refuseNewer } from './migrations/run.ts';
import { tenantMigrations } from './migrations/tenant.ts';
import { ensureMonths } from './partitions.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';

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

/** Makes the tenant, its schema and this month's partitions. */
export async function createTenant(pool: Pool, given: NewTenant): Promise<Tenant> {
  const tenant = NewTenant.parse(given);
  const { rowCount } = await pool.query(
    `insert into app.tenant (id, name, zone, currency, fiscal_year_start, policy)
     values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
    [tenant.id, tenant.name, tenant.zone, tenant.currency, tenant.fiscalYearStart, tenant.policy],
  );
  if (rowCount === 0) {
    throw new InputError('tenant_exists', `There is already a tenant ${tenant.id}. Nothing was changed.`, {
      action: 'Choose another id.',
    });
  }
  return migrateTenant(pool, tenant.id);
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

/** Deletes all data of a tenant and makes its schema anew; who may sign in, and the audit log, stay. */
export async function emptyTenant(pool: Pool, tenant: Pick<Tenant, 'id' | 'schema'>): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(`drop schema if exists ${tenant.schema} cascade`);
    await client.query('update app.tenant set schema_version = 0 where id = $1', [tenant.id]);
  });
  await migrateTenant(pool, tenant.id);
}

/** Deletes the tenant and everything of it. */
export async function dropTenant(pool: Pool, tenant: Tenant): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(`drop schema if exists ${tenant.schema} cascade`);
    await client.query('delete from app.tenant where id = $1', [tenant.id]);
  });
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
