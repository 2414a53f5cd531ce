import { z } from 'zod';
import { InputError } from '../errors.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';
import { connectionSecret, type Keyring, seal, unseal } from './secrets.ts';
import type { Tenant } from './tenant.ts';

/** Why a connection waits for a person. */
export const Reason = z.object({
  code: z.string(),
  message: z.string(),
  action: z.string(),
  since: z.iso.datetime(),
});
export type Reason = z.infer<typeof Reason>;

export const ConnectionState = z.enum(['connected', 'needs_you', 'disconnected']);
export type ConnectionState = z.infer<typeof ConnectionState>;

/** One authorised CRM account, without its secret. */
export const ConnectionRow = z.object({
  id: z.string(),
  tenantId: z.string(),
  system: z.string(),
  name: z.string(),
  mode: z.enum(['production', 'test']),
  state: ConnectionState,
  reason: Reason.nullable(),
  /** The CRM's own id of the account: portal, organisation, folder. */
  accountId: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** Lower comes first where connections disagree. */
  rank: z.number().int(),
  createdAt: z.date(),
});
export type ConnectionRow = z.infer<typeof ConnectionRow>;

export type NewConnection = {
  /** Made from system and account where absent. */
  id?: string;
  system: string;
  name: string;
  mode?: 'production' | 'test';
  accountId: string;
  config?: Record<string, unknown>;
  rank?: number;
};

const COLUMNS = `id, tenant_id as "tenantId", system, name, mode, state, reason, account_id as "accountId",
  config, rank, created_at as "createdAt"`;

/** Best rank first. */
export async function listConnections(pool: Queryable, tenant: Tenant): Promise<ConnectionRow[]> {
  const { rows } = await pool.query(
    `select ${COLUMNS} from app.connection where tenant_id = $1 order by rank, created_at, id`,
    [tenant.id],
  );
  return rows.map((row) => ConnectionRow.parse(row));
}

/** Who has connected an account of a CRM; the only look across tenants, oldest first. */
export async function findAccount(
  db: Queryable,
  system: string,
  accountId: string,
): Promise<Pick<ConnectionRow, 'id' | 'tenantId' | 'name' | 'state'>[]> {
  const { rows } = await db.query<Pick<ConnectionRow, 'id' | 'tenantId' | 'name' | 'state'>>(
    `select id, tenant_id as "tenantId", name, state from app.connection
     where system = $1 and account_id = $2 order by created_at, id`,
    [system, accountId],
  );
  return rows;
}

/**
 * @param lock keeps it as it is until the transaction ends
 * @throws InputError where the tenant has no such connection
 */
export async function getConnection(
  pool: Queryable,
  tenant: Tenant,
  id: string,
  lock: '' | 'for update' = '',
): Promise<ConnectionRow> {
  const { rows } = await pool.query(
    `select ${COLUMNS} from app.connection where tenant_id = $1 and id = $2 ${lock}`,
    [tenant.id, id],
  );
  if (!rows[0]) throw unknownConnection(id);
  return ConnectionRow.parse(rows[0]);
}

/**
 * Adds a connection, or renews the one to the same account: its state becomes connected and its config and secret
 * are replaced; its id, rank, data and what counts as revenue there stay.
 * @param mayBe throws where it must not be saved; asked when nobody else can save that account, for any tenant
 */
export async function saveConnection(
  pool: Pool,
  tenant: Tenant,
  keys: Keyring,
  given: NewConnection,
  secret: unknown,
  mayBe?: (client: Queryable) => Promise<unknown>,
): Promise<ConnectionRow> {
  return transaction(pool, async (client) => {
    // Embedded, one transaction excludes all others anyway.
    const lock = `select pg_advisory_xact_lock(hashtext('segment-sync account'), hashtext($1))`;
    await client.query(lock, [`${given.system} ${given.accountId}`]);
    await mayBe?.(client);
    const { rows } = await client.query<{ id: string }>(
      `insert into app.connection (id, tenant_id, system, name, mode, account_id, config, rank)
       values ($1, $2, $3, $4, $5, $6, $7,
         coalesce($8, (select coalesce(max(rank), -1) + 1 from app.connection where tenant_id = $2)))
       on conflict (tenant_id, system, account_id) do update
         set name = excluded.name, state = 'connected', reason = null,
           config = excluded.config
             || jsonb_strip_nulls(jsonb_build_object('revenue', app.connection.config -> 'revenue',
               'dealNames', app.connection.config -> 'dealNames'))
       returning id`,
      [
        given.id ?? `${tenant.id}-${given.system}-${given.accountId}`,
        tenant.id,
        given.system,
        given.name,
        given.mode ?? 'production',
        given.accountId,
        given.config ?? {},
        given.rank ?? null,
      ],
    );
    const id = rows[0]?.id ?? '';
    await writeSecret(client, keys, { tenantId: tenant.id, id }, secret);
    return getConnection(client, tenant, id);
  });
}

/**
 * @param change of `config` only what is named, so that others who change something else there at the same moment are
 * not undone; null takes it out
 */
export async function updateConnection(
  pool: Queryable,
  tenant: Tenant,
  id: string,
  change: Partial<Pick<ConnectionRow, 'name' | 'config' | 'rank'>>,
): Promise<void> {
  const config = Object.entries(change.config ?? {});
  const without = config.flatMap(([name, value]) => (value === null ? [name] : []));
  const { rowCount } = await pool.query(
    `update app.connection
     set name = coalesce($3, name), config = (config || $4::jsonb) - $5::text[], rank = coalesce($6, rank)
     where tenant_id = $1 and id = $2`,
    [
      tenant.id,
      id,
      change.name ?? null,
      JSON.stringify(Object.fromEntries(config)),
      without,
      change.rank ?? null,
    ],
  );
  if (rowCount === 0) throw unknownConnection(id);
}

/** What people call the values of its deals; replaces what was known. */
export async function saveDealNames(
  db: Queryable,
  tenant: Tenant,
  id: string,
  names: Record<string, Record<string, string>>,
): Promise<void> {
  await db.query(
    `update app.connection set config = config || jsonb_build_object('dealNames', $3::jsonb)
     where tenant_id = $1 and id = $2`,
    [tenant.id, id, JSON.stringify(names)],
  );
}

/**
 * One that is on its way out stays so. `since` of a reason that stays the same stays too, so that one incident is one
 * alert.
 * @param withSecret only where this is still the sealed secret
 */
export async function setConnectionState(
  pool: Queryable,
  tenant: Pick<Tenant, 'id'>,
  id: string,
  state: ConnectionState,
  reason: Omit<Reason, 'since'> | null = null,
  withSecret: Buffer | null = null,
): Promise<void> {
  await pool.query(
    `update app.connection
     set state = $3, reason = case
       when $4::jsonb is null then null
       when state = $3 and reason ->> 'code' = $4::jsonb ->> 'code'
         then $4::jsonb || jsonb_build_object('since', reason -> 'since')
       else $4::jsonb || jsonb_build_object('since', $5::text) end
     where tenant_id = $1 and id = $2 and (state <> 'disconnected' or $3 = 'disconnected')
       and ($6::bytea is null or secret = $6::bytea)`,
    [tenant.id, id, state, reason, new Date().toISOString(), withSecret],
  );
}

/** Deletes the connection with its secret and budgets. Its records, cursors and ledger are the caller's to remove. */
export async function deleteConnection(pool: Queryable, tenant: Tenant, id: string): Promise<void> {
  await pool.query('delete from app.connection where tenant_id = $1 and id = $2', [tenant.id, id]);
}

type ConnectionRef = Pick<ConnectionRow, 'id' | 'tenantId'>;

/** The secret, read through its schema; null where there is none. */
export async function readSecret<T>(
  pool: Queryable,
  keys: Keyring,
  connection: ConnectionRef,
  schema: z.ZodType<T>,
): Promise<T | null> {
  return decrypt(keys, connection, schema, await sealedSecret(pool, connection, ''));
}

async function writeSecret(
  pool: Queryable,
  keys: Keyring,
  connection: ConnectionRef,
  secret: unknown,
): Promise<void> {
  const sealed =
    secret === null || secret === undefined
      ? null
      : seal(keys, connectionSecret(connection.tenantId, connection.id), JSON.stringify(secret));
  await pool.query('update app.connection set secret = $3 where tenant_id = $1 and id = $2', [
    connection.tenantId,
    connection.id,
    sealed,
  ]);
}

/** False where it is no longer the one that was read: nothing is written then. */
async function replaceSecret(
  db: Queryable,
  keys: Keyring,
  { tenantId, id }: ConnectionRef,
  before: Buffer,
  secret: unknown,
): Promise<boolean> {
  const sealed = seal(keys, connectionSecret(tenantId, id), JSON.stringify(secret));
  const { rowCount } = await db.query(
    'update app.connection set secret = $3 where tenant_id = $1 and id = $2 and secret = $4',
    [tenantId, id, sealed, before],
  );
  return rowCount === 1;
}

/** Forgets the secret: nobody calls the CRM by it any more. */
export async function dropSecret(db: Queryable, tenant: Pick<Tenant, 'id'>, id: string): Promise<void> {
  await db.query('update app.connection set secret = null where tenant_id = $1 and id = $2', [tenant.id, id]);
}

/** One at a time per connection in this process. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Changes a secret with nobody else changing it, after reading what it is now: a refresh token may be used once.
 * `work` gets the present secret and gives the new one, or the same object for no change; the new one is committed
 * before this resolves.
 *
 * On a server the row stays locked while `work` asks the CRM: the one network call inside a transaction, since other
 * processes must wait for its answer. An embedded database has one process and one session, which a transaction
 * would close to everybody; there a queue in memory does the same, and where somebody authorised the account anew
 * meanwhile, theirs is kept and given.
 * @param refusal why the connection waits for a person from now on, where `work` threw what is final; null: it goes on.
 * Noted before anybody can store another secret: a new authorisation must not be taken for the one that was refused
 */
export async function withSecret<T>(
  pool: Pool,
  keys: Keyring,
  connection: ConnectionRef,
  schema: z.ZodType<T>,
  work: (secret: T) => Promise<T>,
  refusal: (error: unknown) => Omit<Reason, 'since'> | null = () => null,
): Promise<T> {
  const present = async (db: Queryable, lock: '' | 'for update') => {
    const sealed = await sealedSecret(db, connection, lock);
    const secret = decrypt(keys, connection, schema, sealed);
    if (sealed === null || secret === null) throw noSecret(connection.id);
    return { sealed, secret };
  };
  const exchange = async (db: Queryable, lock: '' | 'for update'): Promise<() => T> => {
    const { sealed, secret } = await present(db, lock);
    try {
      const next = await work(secret);
      if (next === secret || (await replaceSecret(db, keys, connection, sealed, next))) return () => next;
    } catch (error) {
      const reason = refusal(error);
      if (reason === null) throw error;
      await setConnectionState(db, { id: connection.tenantId }, connection.id, 'needs_you', reason, sealed);
      return () => {
        throw error;
      };
    }
    const theirs = await present(db, lock);
    return () => theirs.secret;
  };
  const before = queues.get(connection.id) ?? Promise.resolve();
  const turn = before.then(() =>
    pool.kind === 'embedded'
      ? exchange(pool, '')
      : transaction(pool, (client) => exchange(client, 'for update')),
  );
  const settled = turn.then(
    () => undefined,
    () => undefined,
  );
  queues.set(connection.id, settled);
  try {
    return (await turn)();
  } finally {
    if (queues.get(connection.id) === settled) queues.delete(connection.id);
  }
}

async function sealedSecret(
  db: Queryable,
  connection: ConnectionRef,
  lock: '' | 'for update',
): Promise<Buffer | null> {
  const { rows } = await db.query<{ secret: Buffer | null }>(
    `select secret from app.connection where tenant_id = $1 and id = $2 ${lock}`,
    [connection.tenantId, connection.id],
  );
  if (!rows[0]) throw unknownConnection(connection.id);
  return rows[0].secret;
}

function decrypt<T>(
  keys: Keyring,
  connection: ConnectionRef,
  schema: z.ZodType<T>,
  sealed: Buffer | null,
): T | null {
  if (sealed === null) return null;
  return schema.parse(JSON.parse(unseal(keys, connectionSecret(connection.tenantId, connection.id), sealed)));
}

function unknownConnection(id: string): InputError {
  return new InputError('connection_unknown', `There is no connection ${id}.`, {
    action: 'See the connections there are.',
  });
}

function noSecret(id: string): InputError {
  return new InputError('connection_without_secret', `Connection ${id} has no stored token.`, {
    action: 'Connect the CRM again.',
  });
}
