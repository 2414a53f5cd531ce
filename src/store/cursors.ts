import type { Json } from '../../connectors/contract.ts';
import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/**
 * full: all records, for a first load or a new mapping. changes, deleted: what happened since. links: every id and
 * its associations. properties: when the mapped properties were last looked up. currencies: when rates were. heard:
 * how far we listened to a CRM that tells by itself, looked: what a look at its changes saw last; both for all objects
 * in one, kept at contact.
 */
export type CursorPurpose =
  | 'full'
  | 'changes'
  | 'deleted'
  | 'links'
  | 'properties'
  | 'currencies'
  | 'heard'
  | 'looked';

export type CursorKey = { connectionId: string; object: ObjectType; purpose: CursorPurpose };

/** Where a pull stands; `value` is the connector's cursor with what the pull itself needs beside it. */
export type Cursor = { value: Json; done: boolean; updatedAt: Date };

export async function getCursor(db: Queryable, tenant: Tenant, key: CursorKey): Promise<Cursor | null> {
  const { rows } = await db.query<{ value: Json; done: boolean; updated_at: Date }>(
    `select value, done, updated_at from ${tenant.schema}.cursor
     where connection_id = $1 and object = $2 and purpose = $3`,
    [key.connectionId, key.object, key.purpose],
  );
  const row = rows[0];
  return row ? { value: row.value, done: row.done, updatedAt: row.updated_at } : null;
}

export async function saveCursor(
  db: Queryable,
  tenant: Tenant,
  key: CursorKey,
  cursor: { value: Json; done: boolean },
): Promise<void> {
  await db.query(
    `insert into ${tenant.schema}.cursor (connection_id, object, purpose, value, done)
     values ($1, $2, $3, $4, $5)
     on conflict (connection_id, object, purpose) do update
       set value = excluded.value, done = excluded.done, updated_at = now()`,
    [key.connectionId, key.object, key.purpose, JSON.stringify(cursor.value), cursor.done],
  );
}
