import type { TargetValue } from '../../connectors/contract.ts';
import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import { recordTables } from './records.ts';
import type { Tenant } from './tenant.ts';

/** Where ledger rows belong. */
export type LedgerPlace = { connectionId: string; object: ObjectType };

/** Values by target id of one record; null for none. */
export type LedgerValues = { key: string; values: Record<string, TargetValue> };

/** `values` is a word of SQL's. */
const toJson = (rows: LedgerValues[]): string =>
  JSON.stringify(rows.map(({ key, values }) => ({ key, given: values })));

const GIVEN = `jsonb_to_recordset($3::jsonb) as g (key text, given jsonb)`;

/**
 * Statements name their keys twice: rows are found by an array, which is a look into the index for each. By a join
 * alone the planner, which knows nothing of the sizes, reads all rows of the connection for every batch.
 */
const keysOf = (rows: readonly { key: string }[]): string[] => [...new Set(rows.map(({ key }) => key))];

/**
 * Notes what is about to be sent, before it is: whoever finds these rows after a kill reads them back from the CRM
 * before anything else is written to them.
 */
export async function markSending(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  rows: LedgerValues[],
): Promise<void> {
  await db.query(
    `insert into ${tenant.schema}.ledger as l (connection_id, object, external_key, sending, unconfirmed)
     select $1, $2, g.key, g.given, array(select jsonb_object_keys(g.given)) from ${GIVEN} order by g.key
     on conflict (connection_id, object, external_key) do update set
       sending = l.sending || excluded.sending,
       unconfirmed = array(select unnest(l.unconfirmed || excluded.unconfirmed) group by 1 order by 1)`,
    [place.connectionId, place.object, toJson(rows)],
  );
}

/** What becomes of the marks of the targets that `given` names. */
const UNMARKED = `sending = l.sending - array(select jsonb_object_keys(g.given)),
  unconfirmed = array(select unnest(l.unconfirmed) except select jsonb_object_keys(g.given) order by 1)`;

/** Takes marks back: the CRM did not carry these writes out. */
export async function unmark(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  rows: LedgerValues[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `update ${tenant.schema}.ledger l set ${UNMARKED} from ${GIVEN}
     where l.connection_id = $1 and l.object = $2 and l.external_key = any($4) and l.external_key = g.key`,
    [place.connectionId, place.object, toJson(rows), keysOf(rows)],
  );
}

/**
 * Advances the ledger to what the CRM now shows, with a line in push_log for each value that changed, and forgets
 * earlier refusals of these targets. `cause` null: nothing of ours was written, so nothing is logged; nor is what is
 * cleared for somebody who was erased, whose rows go once nothing shows any more.
 */
export async function settle(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  rows: LedgerValues[],
  log: { runId: string | null; cause: 'write' | 'undo' | 'uninstall' | null },
): Promise<void> {
  if (rows.length === 0) return;
  const { schema } = tenant;
  const { rows: erased } = await db.query<{ key: string }>(
    `with g as materialized (select * from ${GIVEN}),
     value as materialized (
       select g.key, v.key as target, l.shown -> v.key as before, nullif(v.value, 'null'::jsonb) as after, l.kind
       from g join ${schema}.ledger l on l.external_key = g.key
       cross join lateral jsonb_each(g.given) v
       where l.connection_id = $1 and l.object = $2 and l.external_key = any($6)
     ), changed as materialized (select * from value where before is distinct from after
     ), was as materialized (
       select key, jsonb_object_agg(target, coalesce(before, 'null')) as before from changed group by key
     ), logged as (
       insert into ${schema}.push_log
         (at, run_id, connection_id, object, external_key, target_id, before, after, cause)
       select now(), $4::bigint, $1, $2, key, target, before, after, $5
       from changed where $5::text is not null and kind is null
     ), passed as (
       delete from ${schema}.refusal f using value v
       where f.connection_id = $1 and f.object = $2 and f.external_key = any($6)
         and f.external_key = v.key and f.target_id = v.target
     ), settled as (
       update ${schema}.ledger l set
         shown = jsonb_strip_nulls(l.shown || g.given),
         previous = l.previous || coalesce(was.before, '{}'),
         ${UNMARKED},
         updated_at = now()
       from g left join was on was.key = g.key
       where l.connection_id = $1 and l.object = $2 and l.external_key = any($6) and l.external_key = g.key
       returning l.external_key as key, l.kind, l.shown, l.unconfirmed
     )
     select key from settled where kind is not null and shown = '{}' and unconfirmed = '{}'`,
    [place.connectionId, place.object, toJson(rows), log.runId, log.cause, keysOf(rows)],
  );
  await forgetRecords(
    db,
    tenant,
    place,
    erased.map(({ key }) => key),
  );
}

export type Refused = { key: string; targetId: string; value: TargetValue; code: string; message: string };

/** Keeps refused values with their reasons; the marks are taken back with `unmark`. */
export async function saveRefusals(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  runId: string | null,
  rows: Refused[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `insert into ${tenant.schema}.refusal as f
       (connection_id, object, external_key, target_id, code, message, value, run_id)
     select $1, $2, r.key, r."targetId", r.code, r.message, r.value, $4::bigint
     from jsonb_to_recordset($3::jsonb) as r (key text, "targetId" text, value jsonb, code text, message text)
     on conflict (connection_id, object, external_key, target_id) do update set
       code = excluded.code, message = excluded.message, value = excluded.value, run_id = excluded.run_id,
       tries = f.tries + 1, last_at = now()`,
    [place.connectionId, place.object, JSON.stringify(rows), runId],
  );
}

/** Forgets of these values that they were refused, seen, or set by hand. */
export async function forgetValues(
  db: Queryable,
  tenant: Tenant,
  table: 'refusal' | 'sighting' | 'pin',
  place: LedgerPlace,
  rows: { key: string; targetId: string }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `delete from ${tenant.schema}.${table} k
     using jsonb_to_recordset($3::jsonb) as r (key text, "targetId" text)
     where k.connection_id = $1 and k.object = $2 and k.external_key = any($4)
       and k.external_key = r.key and k.target_id = r."targetId"`,
    [place.connectionId, place.object, JSON.stringify(rows), keysOf(rows)],
  );
}

/** The records are gone from the CRM: nothing of them is shown, refused or pinned any more. */
export async function forgetRecords(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  keys: string[],
): Promise<void> {
  if (keys.length === 0) return;
  for (const table of ['refusal', 'pin', 'sighting', 'ledger']) {
    await db.query(
      `delete from ${tenant.schema}.${table} where connection_id = $1 and object = $2 and external_key = any($3)`,
      [place.connectionId, place.object, keys],
    );
  }
}

/** Records that were merged into others since something of ours was shown on them. */
export async function listMerged(db: Queryable, tenant: Tenant, place: LedgerPlace): Promise<string[]> {
  const { table } = recordTables[place.object];
  const { rows } = await db.query<{ id: string }>(
    `select r.id from ${tenant.schema}.${table} r
     where r.connection_id = $1 and r.merged_into is not null and r.state = 'merged' and exists (
       select from ${tenant.schema}.ledger l
       where l.connection_id = r.connection_id and l.object = $2 and l.external_key = r.id)`,
    [place.connectionId, place.object],
  );
  return rows.map(({ id }) => id);
}

/**
 * The CRM may have given the survivors of merges other values: they are to be read back, whatever was sent. They
 * also join the lists that the merged records were in, which are written again. Call it before those are forgotten.
 */
export async function doubtSurvivors(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  merged: string[],
  targets: string[],
): Promise<void> {
  if (merged.length === 0) return;
  const { table } = recordTables[place.object];
  await db.query(
    `insert into ${tenant.schema}.ledger as l (connection_id, object, external_key, unconfirmed)
     select $1, $2, s.id, $4::text[] || array_remove(array_agg(distinct list.key), null)
     from ${tenant.schema}.${table} r
     join ${tenant.schema}.${table} s
       on s.connection_id = r.connection_id and s.id = r.merged_into and s.state = 'live'
     left join ${tenant.schema}.ledger was
       on was.connection_id = r.connection_id and was.object = $2 and was.external_key = r.id
     left join lateral jsonb_each(was.shown) list on list.value = 'true'
     where r.connection_id = $1 and r.id = any($3) group by s.id
     on conflict (connection_id, object, external_key) do update set
       unconfirmed = array(select unnest(l.unconfirmed || excluded.unconfirmed) group by 1 order by 1)`,
    [place.connectionId, place.object, merged, targets],
  );
}

export type UnconfirmedRow = {
  key: string;
  kind: string | null;
  shown: Record<string, TargetValue>;
  previous: Record<string, TargetValue>;
  sending: Record<string, TargetValue>;
  unconfirmed: string[];
};

/** Rows with a write of these targets whose outcome is unknown, after `after` by id. */
export async function readUnconfirmed(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  options: { targets: string[]; after: string | null; limit: number },
): Promise<UnconfirmedRow[]> {
  const { table } = recordTables[place.object];
  const { rows } = await db.query<UnconfirmedRow>(
    `select l.external_key as key, coalesce(r.kind, l.kind) as kind, l.shown, l.previous, l.sending, l.unconfirmed
     from ${tenant.schema}.ledger l
     left join ${tenant.schema}.${table} r on r.connection_id = l.connection_id and r.id = l.external_key
     where l.connection_id = $1 and l.object = $2 and l.unconfirmed <> '{}' and l.unconfirmed && $3
       and ($4::text is null or l.external_key > $4)
     order by l.external_key limit $5`,
    [place.connectionId, place.object, options.targets, options.after, options.limit],
  );
  return rows;
}

/** Nothing of a target is shown any more: what it wrote to is gone. */
export async function forgetTarget(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  targetId: string,
): Promise<void> {
  await db.query(
    `update ${tenant.schema}.ledger set shown = shown - $3, sending = sending - $3,
       unconfirmed = array_remove(unconfirmed, $3)
     where connection_id = $1 and object = $2 and (shown ? $3 or $3 = any(unconfirmed))`,
    [place.connectionId, place.object, targetId],
  );
}

/**
 * What live records, and those with a row, show of a target is to be read back before anything is written to them.
 * After `after` by id, up to `to`; null for no end.
 */
export async function doubtTarget(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  targetId: string,
  range: { after: string | null; to: string | null },
): Promise<void> {
  const { table } = recordTables[place.object];
  const within = (key: string) => `($4::text is null or ${key} > $4) and ($5::text is null or ${key} <= $5)`;
  await db.query(
    `insert into ${tenant.schema}.ledger as l (connection_id, object, external_key, unconfirmed)
     select $1, $2, id, array[$3] from ${tenant.schema}.${table}
     where connection_id = $1 and state = 'live' and ${within('id')}
     union
     select $1, $2, external_key, array[$3] from ${tenant.schema}.ledger
     where connection_id = $1 and object = $2 and shown ? $3 and ${within('external_key')}
     on conflict (connection_id, object, external_key) do update set
       unconfirmed = array(select unnest(l.unconfirmed || excluded.unconfirmed) group by 1 order by 1)`,
    [place.connectionId, place.object, targetId, range.after, range.to],
  );
}

/** Live records that the CRM shows in a list of ours already; nothing of it was written by us as far as we know. */
export async function adoptMembers(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  targetId: string,
  keys: string[],
): Promise<void> {
  const { table } = recordTables[place.object];
  await db.query(
    `insert into ${tenant.schema}.ledger as l (connection_id, object, external_key, shown)
     select $1, $2, id, jsonb_build_object($3::text, true) from ${tenant.schema}.${table}
     where connection_id = $1 and state = 'live' and id = any($4)
     on conflict (connection_id, object, external_key) do update set shown = l.shown || excluded.shown`,
    [place.connectionId, place.object, targetId, keys],
  );
}

/** Is there a write to any of these targets whose outcome is unknown? */
export async function hasUnconfirmed(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
  targets: string[],
): Promise<boolean> {
  const { rows } = await db.query(
    `select from ${tenant.schema}.ledger
     where connection_id = $1 and unconfirmed <> '{}' and unconfirmed && $2 limit 1`,
    [connectionId, targets],
  );
  return rows.length > 0;
}

/** Makes sure that each record has a row, where nothing of ours was shown so far. */
export async function ensureRows(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  keys: string[],
): Promise<void> {
  await db.query(
    `insert into ${tenant.schema}.ledger (connection_id, object, external_key)
     select $1, $2, key from unnest($3::text[]) as k (key) group by key on conflict do nothing`,
    [place.connectionId, place.object, keys],
  );
}
