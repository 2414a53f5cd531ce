import pino from 'pino';
import type { Context, Json } from '../../connectors/contract.ts';
import { Attribute, type AttributeType } from '../../src/model/attribute.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { RunOptions } from '../../src/model/run-options.ts';
import { profileSlice } from '../../src/pipeline/profile/profile.ts';
import { pullSlice } from '../../src/pipeline/pull/pull.ts';
import type { OpenConnection, Stage, StageContext } from '../../src/pipeline/stage.ts';
import { unifySlice } from '../../src/pipeline/unify/unify.ts';
import { addAttributes } from '../../src/store/columns.ts';
import { saveBasis } from '../../src/store/lawful-bases.ts';
import { addMappings } from '../../src/store/mappings.ts';
import type { Pool } from '../../src/store/pool.ts';
import type { Tenant } from '../../src/store/tenant.ts';
import type { ArrayCrm } from './array-crm.ts';

export type TestConnection = {
  id: string;
  crm: ArrayCrm;
  system?: string;
  mode?: 'production' | 'test';
  rank?: number;
  config?: Record<string, unknown>;
};

const silent = pino({ level: 'silent' });

/** Everything a stage gets, over connections to CRMs that live in arrays. */
export function workOn(
  pool: Pool,
  tenant: Tenant,
  connections: TestConnection[],
  options: RunOptions & { runId?: string; deadlineMs?: number } = {},
): StageContext {
  const open = (connection: TestConnection): OpenConnection => ({
    id: connection.id,
    system: connection.system ?? connection.id,
    name: connection.id,
    mode: connection.mode ?? 'production',
    rank: connection.rank ?? 0,
    config: connection.config ?? {},
    connector: connection.crm.connector(connection.system ?? connection.id),
    context: context(),
  });
  return {
    pool,
    tenant,
    run: { id: options.runId ?? '1', asOf: new Date('2026-06-01T00:00:00Z'), options, pins: {} },
    connections: connections.map((connection) => open(connection)),
    openConnection: async (id) => {
      const connection = connections.find((candidate) => candidate.id === id);
      if (!connection) throw new Error(`no connection ${id}`);
      return open(connection);
    },
    checkFence: async () => {},
    deadline: performance.now() + (options.deadlineMs ?? 60_000),
    signal: new AbortController().signal,
    log: silent,
  };
}

function context(): Context {
  return {
    config: {},
    fetch: () => Promise.reject(new Error('there is no network here')),
    token: () => Promise.reject(new Error('there are no tokens here')),
    pace: async () => {},
    report: () => {},
    count: () => {},
    asOf: new Date(0),
    signal: new AbortController().signal,
    log: silent,
  };
}

/** Runs one stage to its end; returns its counts, added up. */
export async function runStage(stage: Stage, work: () => StageContext): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let position: Json = {};
  for (let slice = 0; slice < 1_000; slice += 1) {
    const result = await stage(work(), position);
    for (const [name, value] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + value;
    position = result.position;
    if (result.done) return counts;
  }
  throw new Error('the stage does not end');
}

/** One whole pass of the three stages. */
export async function pullUnifyProfile(
  pool: Pool,
  tenant: Tenant,
  connections: TestConnection[],
  options: RunOptions = {},
): Promise<{ pull: Record<string, number>; unify: Record<string, number>; profile: Record<string, number> }> {
  const work = () => workOn(pool, tenant, connections, options);
  return {
    pull: await runStage(pullSlice, work),
    unify: await runStage(unifySlice, work),
    profile: await runStage(profileSlice, work),
  };
}

const COMPUTED: [string, AttributeType][] = [
  ['deal_count', 'number'],
  ['revenue_total', 'money'],
  ['average_order', 'money'],
  ['first_order_at', 'date'],
  ['last_order_at', 'date'],
  ['open_deal_count', 'number'],
  ['open_deal_amount', 'money'],
  ['lost_deal_count', 'number'],
  ['involved_deal_count', 'number'],
  ['involved_revenue', 'money'],
  ['deal_roles', 'multi'],
];

const attribute = (
  owner: Attribute['owner'],
  key: string,
  type: AttributeType,
  more: Partial<Attribute> = {},
): Attribute => Attribute.parse({ owner, key, name: key, type, kind: 'value', ...more });

/** A small set of attributes, each mapped to the CRM property of the same name on every connection. */
const TEST_ATTRIBUTES: Attribute[] = [
  attribute('person', 'email', 'text'),
  attribute('person', 'other_emails', 'multi'),
  attribute('person', 'first_name', 'text'),
  attribute('person', 'age', 'number'),
  attribute('person', 'interests', 'multi'),
  attribute('person', 'last_login_at', 'datetime'),
  attribute('person', 'email_opted_out', 'boolean', { empty: 'false', kind: 'consent' }),
  attribute('person', 'marketing_contact', 'boolean', { kind: 'consent' }),
  attribute('person', 'visits', 'number', { empty: 'zero' }),
  attribute('company', 'name', 'text'),
  attribute('company', 'domain', 'text'),
  attribute('company', 'employees', 'number'),
  attribute('deal', 'name', 'text'),
  attribute('deal', 'stage', 'enum'),
  attribute('deal', 'pipeline', 'enum'),
  attribute('deal', 'deal_type', 'enum'),
  attribute('deal', 'amount', 'money'),
  attribute('deal', 'amount_home', 'money'),
  attribute('deal', 'currency', 'text'),
  attribute('deal', 'won', 'boolean', { empty: 'false' }),
  attribute('deal', 'closed', 'boolean', { empty: 'false' }),
  attribute('deal', 'closed_at', 'date'),
  ...COMPUTED.map(([key, type]) => attribute('person', key, type, { source: 'computed' })),
  ...COMPUTED.slice(0, 8).map(([key, type]) => attribute('company', key, type, { source: 'computed' })),
  attribute('company', 'rollup_deal_count', 'number', { source: 'computed' }),
  attribute('company', 'rollup_revenue', 'money', { source: 'computed' }),
  attribute('company', 'contact_count', 'number', { source: 'computed' }),
];

const objectOf = { person: 'contact', company: 'company', deal: 'deal' } as const;

/** Empties the tenant; its columns stay. A database of its own for each test would take longer than the test. */
export async function emptyTenant(pool: Pool, tenant: Tenant): Promise<void> {
  const { rows } = await pool.query<{ names: string }>(
    `select string_agg(format('%I.%I', schemaname, tablename), ', ') as names from pg_tables
     where schemaname = $1 and tablename <> 'attribute' and tablename not like '%migration%'`,
    [`tenant_${tenant.id}`],
  );
  await pool.query(`truncate ${rows[0]?.names}, app.connection restart identity cascade`);
}

/** Stores the connections and the small set of attributes, mapped; segments may tell minors apart. */
export async function setUp(pool: Pool, tenant: Tenant, connections: TestConnection[]): Promise<void> {
  await addAttributes(pool, tenant, TEST_ATTRIBUTES);
  await saveBasis(pool, tenant, {
    owner: 'person',
    key: 'age',
    basis: 'parental_consent',
    article: 'GDPR 8(1)',
    by: 'test',
    note: null,
  });
  const systems = new Set(connections.map(({ id, system }) => system ?? id));
  for (const { id, system, mode, rank, config } of connections) {
    await pool.query(
      `insert into app.connection (id, tenant_id, system, name, mode, rank, config, account_id)
       values ($1, $2, $3, $1, $4, $5, $6, $1)`,
      [id, tenant.id, system ?? id, mode ?? 'production', rank ?? 0, JSON.stringify(config ?? {})],
    );
    const mapped: { object: ObjectType; attribute: string }[] = [
      ...TEST_ATTRIBUTES.filter(({ source }) => source === 'mapped').map(({ owner, key }) => ({
        object: objectOf[owner],
        attribute: key,
      })),
      ...[...systems].flatMap((other) =>
        (['contact', 'company', 'deal'] as const).map((object) => ({
          object,
          attribute: `cross_${other}_id`,
        })),
      ),
    ];
    await addMappings(
      pool,
      tenant,
      mapped.map((row) => ({ ...row, connectionId: id, property: row.attribute })),
    );
  }
}

/** Records by subject: the names of each person's (or company's, deal's) live records, sorted. */
export async function partition(pool: Pool, tenant: Tenant, object: ObjectType): Promise<string[]> {
  const subject = { contact: 'person_id', company: 'company_id', deal: 'deal_id' }[object];
  const { rows } = await pool.query<{ part: string }>(
    `select string_agg(connection_id || '/' || id, ' ' order by connection_id, id) as part
     from ${tenant.schema}.${object}_record where state = 'live' and ${subject} is not null
     group by ${subject} order by 1`,
  );
  return rows.map((row) => row.part);
}
