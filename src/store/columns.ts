import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, StoreError } from '../errors.ts';
import { Attribute, type AttributeOwner, columnType, type SubjectType } from '../model/attribute.ts';
import { isLockTimeout } from './fault.ts';
import { quoted } from './identifier.ts';
import { checkFence, type Lease, releaseLease, takeLease } from './lease.ts';
import { type Pool, type PoolClient, type Queryable, transaction } from './pool.ts';
import type { Tenant } from './tenant.ts';
import { indexValues } from './value-index.ts';

/** Columns that every subject has anyway, and prefixes that are ours. */
const RESERVED = new Set([
  'id',
  'company_id',
  'parent_id',
  'created_at',
  'person_id',
  'connection_id',
  'record_id',
  'revenue',
  'counts',
  'bought_days',
  'bought_first',
  'bought_last',
  'bought_again',
]);
const LABEL_PREFIX = 'label_';

/** `alter table` waits no longer than this behind a running statement; everybody else would wait behind it. */
const LOCK_TIMEOUT_MS = 2_000;

/** Postgres gives out 1,600 column numbers a table and never takes one back. */
const REWRITE_ABOVE = 1_500;

/**
 * Gives an attribute its column on person, company or deal. Again with the same type: the definition is replaced.
 * @throws InputError for a reserved name, and for another type: a column is never retyped
 */
export async function addAttribute(pool: Pool, tenant: Tenant, attribute: Attribute): Promise<void> {
  await addAttributes(pool, tenant, [attribute]);
}

/** As addAttribute, for many, in one transaction with what `also` does: what feeds them, which is there or neither. */
export async function addAttributes(
  pool: Pool,
  tenant: Tenant,
  attributes: Attribute[],
  also?: (client: Queryable) => Promise<void>,
): Promise<void> {
  for (const { key } of attributes) refuseReserved(key);
  await changeTables(pool, tenant, async (client) => {
    const known = await storedAttributes(client, tenant);
    for (const attribute of attributes) refuseRetyping(known.get(nameOf(attribute)), attribute);
    // Named twice, the last one counts.
    const named = new Map(attributes.map((attribute) => [nameOf(attribute), attribute]));
    await client.query(
      `insert into ${tenant.schema}.attribute as known (owner, key, definition, active)
       select a ->> 'owner', a ->> 'key', a, true from jsonb_array_elements($1::jsonb) a order by 1, 2
       on conflict (owner, key) do update set active = true,
         definition = jsonb_strip_nulls(jsonb_build_object('valueNames', known.definition -> 'valueNames'))
           || excluded.definition`,
      [JSON.stringify([...named.values()])],
    );
    for (const [owner, columns] of columnsByOwner(attributes)) {
      await addColumns(client, tenant, owner, columns);
    }
    await also?.(client);
  });
}

/**
 * Takes the attribute and its values away. Nothing may use it any more.
 * @param mayBe asked when nobody can add an attribute any more; where it says no, nothing is done
 */
export async function dropAttribute(
  pool: Pool,
  tenant: Tenant,
  attribute: Pick<Attribute, 'owner' | 'key'>,
  mayBe: (client: Queryable) => Promise<boolean> = async () => true,
): Promise<void> {
  refuseReserved(attribute.key);
  await changeTables(pool, tenant, async (client) => {
    if (!(await mayBe(client))) return;
    await client.query(`delete from ${tenant.schema}.attribute where owner = $1 and key = $2`, [
      attribute.owner,
      attribute.key,
    ]);
    await dropColumn(client, tenant, attribute.owner, attribute.key);
  });
}

/** How carefully an attribute is to be handled; its column and values stay as they are. */
export async function saveSensitivity(
  db: Queryable,
  { schema }: Tenant,
  { owner, key, sensitivity, repVisible }: Pick<Attribute, 'owner' | 'key' | 'sensitivity' | 'repVisible'>,
): Promise<void> {
  await db.query(
    `update ${schema}.attribute
     set definition = definition || jsonb_build_object('sensitivity', $3::text, 'repVisible', $4::boolean)
     where owner = $1 and key = $2`,
    [owner, key, sensitivity, repVisible],
  );
}

/** The attributes that have a column, by owner and key. */
export async function listAttributes(pool: Queryable, tenant: Tenant): Promise<Attribute[]> {
  return [...(await storedAttributes(pool, tenant)).values()];
}

/** The name of the column that holds a segmentation's labels. */
export function labelColumn(segmentation: string): string {
  return `${LABEL_PREFIX}${segmentation}`;
}

/** Gives a segmentation its column: the label held now, or the sorted list of them, empty at first. */
export async function addLabelColumn(
  pool: Pool,
  tenant: Tenant,
  subject: SubjectType,
  segmentation: string,
  labels: 'one' | 'many',
): Promise<void> {
  const type = labels === 'one' ? 'text' : `text[] not null default '{}'`;
  await changeTables(pool, tenant, async (client) => {
    const present = await columnTypesOf(client, tenant, subject);
    const found = present.get(labelColumn(segmentation));
    if (found !== undefined && (found === 'text') !== (labels === 'one')) {
      throw new InputError(
        'labels_fixed',
        `Segmentation ${segmentation} holds ${labels === 'one' ? 'many labels' : 'one label'} a subject, and that can't be changed. Nothing was changed.`,
        { action: 'Publish it under another key and retire this one.' },
      );
    }
    await addColumns(client, tenant, subject, [{ name: labelColumn(segmentation), type }]);
  });
}

export async function dropLabelColumn(
  pool: Pool,
  tenant: Tenant,
  subject: SubjectType,
  segmentation: string,
): Promise<void> {
  await changeTables(pool, tenant, (client) =>
    dropColumn(client, tenant, subject, labelColumn(segmentation)),
  );
}

/** Names of a subject's label columns, for what has to go through all of them. */
export async function listLabelColumns(
  pool: Queryable,
  tenant: Tenant,
  subject: SubjectType,
): Promise<string[]> {
  const columns = await columnTypesOf(pool, tenant, subject);
  return [...columns.keys()].filter((name) => name.startsWith(LABEL_PREFIX)).sort();
}

type Column = { name: string; type: string };

function columnsByOwner(attributes: Attribute[]): Map<AttributeOwner, Column[]> {
  const columns = new Map<AttributeOwner, Column[]>();
  for (const { owner, key, type } of attributes) {
    columns.set(owner, [...(columns.get(owner) ?? []), { name: key, type: columnType[type] }]);
  }
  return columns;
}

async function addColumns(
  client: PoolClient,
  tenant: Tenant,
  owner: AttributeOwner,
  columns: Column[],
): Promise<void> {
  const present = await columnTypesOf(client, tenant, owner);
  const missing = columns.filter(({ name }) => !present.has(name));
  if (missing.length === 0) return;
  if ((await highestColumnNumber(client, tenant, owner)) + missing.length > REWRITE_ABOVE) {
    await rewriteTable(client, tenant, owner);
  }
  const clauses = missing.map(({ name, type }) => `add column ${quoted(name)} ${type}`);
  await client.query(`alter table ${tenant.schema}.${owner} ${clauses.join(', ')}`);
  await indexValues(client, tenant);
}

async function dropColumn(
  client: PoolClient,
  tenant: Tenant,
  owner: AttributeOwner,
  name: string,
): Promise<void> {
  await client.query(`alter table ${tenant.schema}.${owner} drop column if exists ${quoted(name)}`);
}

/**
 * Makes the table anew, without the numbers of dropped columns: a copy with the same columns, defaults, checks and
 * indexes takes the old one's place and name. Locks the table for as long as copying it takes.
 */
async function rewriteTable(client: PoolClient, tenant: Tenant, owner: AttributeOwner): Promise<void> {
  const columns = [...(await columnTypesOf(client, tenant, owner)).keys()];
  if (columns.length > REWRITE_ABOVE) {
    throw new InputError('too_many_columns', `${owner} can't have more than ${REWRITE_ABOVE} attributes.`, {
      action: 'Remove attributes that no segment uses.',
    });
  }
  const { schema } = tenant;
  const [old, fresh] = [`${schema}.${owner}`, `${schema}.${quoted(`${owner}_fresh`)}`];
  await client.query(`set local lock_timeout = 0`);
  await client.query(`lock table ${old} in access exclusive mode`);
  await client.query(`create table ${fresh} (like ${old} including all)`);
  const list = columns.map(quoted).join(', ');
  await client.query(`insert into ${fresh} (${list}) overriding system value select ${list} from ${old}`);
  const { rows } = await client.query<{ next: string }>(
    `select nextval(pg_get_serial_sequence($1, 'id')) as next`,
    [old],
  );
  const definitions = await indexDefinitions(client, tenant, owner);
  await client.query(`drop table ${old}`);
  await client.query(`alter table ${fresh} rename to ${quoted(owner)}`);
  await client.query(`select setval(pg_get_serial_sequence($1, 'id'), $2::bigint)`, [
    old,
    rows[0]?.next ?? 1,
  ]);
  await restoreIndexNames(client, tenant, owner, definitions);
}

/** Index name by what it does, so that a copied table's indexes can get the names back. */
async function indexDefinitions(
  client: PoolClient,
  tenant: Tenant,
  table: string,
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; what: string }>(
    `select indexname as name, regexp_replace(indexdef, '^.* USING ', '') as what
     from pg_indexes where schemaname = $1 and tablename = $2`,
    [schemaName(tenant), table],
  );
  return new Map(rows.map(({ name, what }) => [what, name]));
}

async function restoreIndexNames(
  client: PoolClient,
  tenant: Tenant,
  table: string,
  names: Map<string, string>,
): Promise<void> {
  for (const [what, present] of await indexDefinitions(client, tenant, table)) {
    const name = names.get(what);
    if (name === undefined || name === present) continue;
    await client.query(`alter index ${tenant.schema}.${quoted(present)} rename to ${quoted(name)}`);
  }
}

/** Column name -> Postgres type, in order. */
async function columnTypesOf(
  client: Queryable,
  tenant: Tenant,
  table: AttributeOwner,
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [`${tenant.schema}.${table}`],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

async function highestColumnNumber(
  client: Queryable,
  tenant: Tenant,
  table: AttributeOwner,
): Promise<number> {
  const { rows } = await client.query<{ highest: number }>(
    'select max(attnum)::int as highest from pg_attribute where attrelid = $1::regclass',
    [`${tenant.schema}.${table}`],
  );
  return rows[0]?.highest ?? 0;
}

async function storedAttributes(pool: Queryable, tenant: Tenant): Promise<Map<string, Attribute>> {
  const { rows } = await pool.query<{ definition: unknown }>(
    `select definition from ${tenant.schema}.attribute where active order by owner, key`,
  );
  const attributes = rows.map(({ definition }) => Attribute.parse(definition));
  return new Map(attributes.map((attribute) => [nameOf(attribute), attribute]));
}

/** Held by whoever writes subjects: the stages from unify to label, and what changes their tables. */
const LEASE = 'subjects';
const LEASE_MS = 30_000;
/** A slice takes a few seconds; a worker that died leaves its lease behind for LEASE_MS. */
const LEASE_WAIT_MS = 35_000;
/** Slices follow one another closely: the lease is free for a moment only. */
const LEASE_ASK_MS = 25;

/**
 * Table changes in one transaction, while no stage writes subjects: a slice that holds rows and wants the table
 * would wait for us as we wait for it. Gives up soon where the table is busy all the same; nothing is changed then.
 */
async function changeTables<T>(
  pool: Pool,
  tenant: Tenant,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const lease = await waitForLease(pool, tenant);
  try {
    return await transaction(pool, async (client) => {
      await checkFence(client, tenant, lease);
      await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      return work(client);
    });
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw tableBusy(error);
  } finally {
    await releaseLease(pool, tenant, lease);
  }
}

/** @throws StoreError where somebody keeps it for too long */
async function waitForLease(pool: Pool, tenant: Tenant): Promise<Lease> {
  const wanted = { name: LEASE, holder: randomUUID(), lengthMs: LEASE_MS };
  for (const until = performance.now() + LEASE_WAIT_MS; ; await sleep(LEASE_ASK_MS)) {
    const lease = await takeLease(pool, tenant, wanted);
    if (lease) return lease;
    if (performance.now() > until) throw tableBusy();
  }
}

const tableBusy = (cause?: unknown) =>
  new StoreError('table_busy', 'A table was busy, so its columns were not changed. Nothing is lost.', {
    action: 'Try again in a minute. If it stays, look for a long-running query on the database.',
    retryable: true,
    cause,
  });

function refuseReserved(key: string): void {
  if (!RESERVED.has(key) && !key.startsWith(LABEL_PREFIX)) return;
  throw new InputError('reserved_name', `${key} is a name that the app uses itself. Nothing was changed.`, {
    action: `Choose another key, for example crm_${key}.`,
  });
}

function refuseRetyping(known: Attribute | undefined, given: Attribute): void {
  if (!known || columnType[known.type] === columnType[given.type]) return;
  throw new InputError(
    'attribute_type_fixed',
    `Attribute ${nameOf(given)} is of type ${known.type} and can't become ${given.type}. Nothing was changed.`,
    { action: 'Add it under another key, and map the property to that.' },
  );
}

function nameOf({ owner, key }: Pick<Attribute, 'owner' | 'key'>): string {
  return `${owner}.${key}`;
}

function schemaName(tenant: Tenant): string {
  return `tenant_${tenant.id}`;
}
