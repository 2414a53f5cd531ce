import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

export type AccountConnection = { id: string; tenantId: string; accountId: string };

/** Live connections to these accounts, of whatever tenant; unknown accounts are simply not among them. */
export async function connectionsOfAccounts(
  db: Queryable,
  system: string,
  accountIds: readonly string[],
): Promise<AccountConnection[]> {
  const { rows } = await db.query<AccountConnection>(
    `select id, tenant_id as "tenantId", account_id as "accountId" from app.connection
     where system = $1 and account_id = any($2::text[]) and state <> 'disconnected' order by id`,
    [system, accountIds],
  );
  return rows;
}

/** What the ledger knows of a property of ours on one record; null where the property only rides along. */
export type KnownValues = { property: string; key: string; compared: boolean; values: unknown[] };

/** Our properties among `properties`, with what we show, showed before and are sending, by record. */
export async function knownValues(
  db: Queryable,
  { schema }: Tenant,
  of: { connectionId: string; object: ObjectType; properties: readonly string[]; keys: readonly string[] },
): Promise<KnownValues[]> {
  const { rows } = await db.query<KnownValues>(
    `select t.remote ->> 'property' as property, k.key, t.kind in ('property', 'primary') as compared,
       jsonb_build_array(l.shown -> t.id, l.previous -> t.id, l.sending -> t.id) as values
     from ${schema}.target t
     cross join unnest($4::text[]) k (key)
     left join ${schema}.ledger l
       on l.connection_id = t.connection_id and l.object = t.object and l.external_key = k.key
     where t.connection_id = $1 and t.object = $2 and t.remote ->> 'property' = any($3::text[])`,
    [of.connectionId, of.object, of.properties, of.keys],
  );
  return rows;
}

/** Notes contacts that a CRM deleted for privacy's sake; a job erases them. */
export async function noteErasures(
  db: Queryable,
  { schema }: Tenant,
  connectionId: string,
  ids: readonly string[],
): Promise<void> {
  await db.query(
    `insert into ${schema}.erasure_request (connection_id, record_id)
     select $1, id from unnest($2::text[]) t (id) group by id
     on conflict (connection_id, record_id) do update set noted_at = now()`,
    [connectionId, ids],
  );
}

export async function listErasureRequests(
  db: Queryable,
  { schema }: Tenant,
): Promise<{ connectionId: string; id: string }[]> {
  const { rows } = await db.query<{ connectionId: string; id: string }>(
    `select connection_id as "connectionId", record_id as id from ${schema}.erasure_request
     order by noted_at, record_id limit 1000`,
  );
  return rows;
}

export async function clearErasureRequest(
  db: Queryable,
  { schema }: Tenant,
  request: { connectionId: string; id: string },
): Promise<void> {
  await db.query(`delete from ${schema}.erasure_request where connection_id = $1 and record_id = $2`, [
    request.connectionId,
    request.id,
  ]);
}

/**
 * Is anything noted that nobody works on? Records of live connections noted before `graceMs`, where no refresh is
 * under way and none failed within `restMs`; and contacts to erase.
 */
export async function forgottenNotes(
  db: Queryable,
  tenant: Tenant,
  { graceMs, restMs }: { graceMs: number; restMs: number },
): Promise<{ refresh: boolean; erase: boolean }> {
  const { schema } = tenant;
  const { rows } = await db.query<{ refresh: boolean; erase: boolean }>(
    `select exists (
         select from ${schema}.dirty_record d join app.connection c on c.id = d.connection_id
         where c.state = 'connected' and d.noted_at < clock_timestamp() - $1 * interval '1 ms')
       and not exists (
         select from ${schema}.run where state in ('queued', 'running', 'waiting')
           or (kind = 'refresh' and state = 'failed' and ended_at > clock_timestamp() - $2 * interval '1 ms'))
       as refresh,
       exists (select from ${schema}.erasure_request
         where noted_at < clock_timestamp() - $1 * interval '1 ms') as erase`,
    [graceMs, restMs],
  );
  return rows[0] ?? { refresh: false, erase: false };
}

/** Are records of live connections noted to be read again? */
export async function hasNotes(db: Queryable, { schema }: Tenant): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `select exists (
       select from ${schema}.dirty_record d join app.connection c on c.id = d.connection_id
       where c.state = 'connected') as found`,
  );
  return rows[0]?.found ?? false;
}
