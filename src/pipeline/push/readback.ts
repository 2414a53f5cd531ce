import type { TargetValue } from '../../../connectors/contract.ts';
import type { ObjectType, Scalar } from '../../model/record.ts';
import { noteDirtyRecords } from '../../store/dirty.ts';
import {
  doubtSurvivors,
  forgetRecords,
  type LedgerPlace,
  type LedgerValues,
  listMerged,
  readUnconfirmed,
  settle,
  type UnconfirmedRow,
  unmark,
} from '../../store/ledger.ts';
import type { Queryable } from '../../store/pool.ts';
import { addSightings, type Sighting } from '../../store/sightings.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { isManyValued, type Scene } from './desired.ts';
import { ridersOf } from './reasons.ts';
import { decodeShown, isSameShown, readable, type ShownProperty, toShown } from './shown-values.ts';

/** Records read back in one go. */
const READ_AT_ONCE = 500;

/** What the CRM says of a record now: the values of our properties by target id, or that it is gone. */
export type Seen = { state: 'live' | 'deleted' | 'merged'; values: Map<string, string[]> };

/** Reads records by id, as they are now. */
export async function readSeen(
  connection: OpenConnection,
  object: ObjectType,
  records: { key: string; kind: string | null }[],
  properties: readonly ShownProperty[],
): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  const { connector, context } = connection;
  if (!connector.pull || records.length === 0) return seen;
  const pages = connector.pull(context, {
    object,
    mode: 'ids',
    properties: [...new Set(properties.map(({ property }) => property))],
    cursor: null,
    ids: records.map(({ key, kind }) => ({ id: key, kind: kind ?? object })),
  });
  for await (const page of pages) {
    for (const record of page.records) {
      if (record.object !== object) continue;
      seen.set(record.id, { state: record.state, values: valuesOf(record.properties, properties) });
    }
  }
  return seen;
}

/** A property that the CRM hides from us, or has no more, is not in its answer: that is not the same as empty. */
export function valuesOf(
  raw: Record<string, Scalar>,
  properties: readonly ShownProperty[],
): Map<string, string[]> {
  const told = properties.filter(({ property }) => property in raw);
  return new Map(told.map(({ targetId, property }) => [targetId, decodeShown(raw[property])]));
}

/**
 * Reads back the rows whose last write has an unknown outcome, and makes the ledger say what the CRM shows. Whatever
 * shows there that is neither what was sent nor what was there before is looked at as an edit by hand.
 * Nothing is read of systems that can't be read: their rows are simply written again.
 */
export async function confirmRows(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  object: ObjectType,
): Promise<{ done: boolean; read: number }> {
  const properties = connection.connector.pull ? readable(scene.targets, object) : [];
  if (properties.length === 0) return { done: true, read: 0 };
  const place = { connectionId: connection.id, object };
  const targets = properties.map(({ targetId }) => targetId);
  await followMerges(work, place, targets);
  let read = 0;
  for (let after: string | null = null; ; ) {
    const rows: UnconfirmedRow[] = await readUnconfirmed(work.pool, work.tenant, place, {
      targets,
      after,
      limit: READ_AT_ONCE,
    });
    if (rows.length === 0) return { done: true, read };
    const seen = await readSeen(connection, object, rows, properties);
    await fenced(work, async (client) => {
      await takeIn(client, work, scene, object, rows, seen, new Set(targets));
    });
    read += rows.length;
    after = rows.at(-1)?.key ?? null;
    if (rows.length < READ_AT_ONCE) return { done: true, read };
    if (performance.now() >= work.deadline) return { done: false, read };
  }
}

/** What a merge left on a survivor is no edit by hand: it is read back before edits are looked for. */
async function followMerges(work: StageContext, place: LedgerPlace, targets: string[]): Promise<void> {
  const merged = await listMerged(work.pool, work.tenant, place);
  if (merged.length === 0) return;
  await fenced(work, async (client) => {
    await doubtSurvivors(client, work.tenant, place, merged, targets);
    await forgetRecords(client, work.tenant, place, merged);
  });
}

async function takeIn(
  db: Queryable,
  work: StageContext,
  scene: Scene,
  object: ObjectType,
  rows: UnconfirmedRow[],
  seen: Map<string, Seen>,
  targets: Set<string>,
): Promise<void> {
  const { tenant } = work;
  const place = { connectionId: scene.connectionId, object };
  const arrived: LedgerValues[] = [];
  const adopted: LedgerValues[] = [];
  const cleared: LedgerValues[] = [];
  const sightings: Sighting[] = [];
  const gone: string[] = [];
  const merged: string[] = [];
  const riders = new Map(ridersOf(scene.targets).map(({ why, label }) => [label.id, why.id]));
  for (const row of rows) {
    const record = seen.get(row.key);
    // No answer for this id: it stays unconfirmed, and is asked for again.
    if (record === undefined) continue;
    if (record.state !== 'live') {
      gone.push(row.key);
      if (record.state === 'merged') merged.push(row.key);
      continue;
    }
    const parts: Record<'arrived' | 'adopted' | 'cleared', Record<string, TargetValue>> = {
      arrived: {},
      adopted: {},
      cleared: {},
    };
    for (const target of row.unconfirmed) {
      const value = targets.has(target) ? record.values.get(target) : undefined;
      // Not told: what it shows stays an open question.
      if (value === undefined) continue;
      const isSent = target in row.sending && isSameShown(value, row.sending[target]);
      const isAsBefore = isSameShown(value, row.shown[target]);
      const asShown = toShown(value, isManyValued(scene, target));
      // A reason went in the same call, so it came as far as its label.
      const why = riders.get(target);
      if (why !== undefined && row.unconfirmed.includes(why)) {
        if (isSent) parts.arrived[why] = row.sending[why] ?? null;
        else parts.cleared[why] = null;
      }
      if (isSent) parts.arrived[target] = row.sending[target] ?? null;
      else if (isAsBefore) parts.cleared[target] = null;
      else if (target in row.sending) {
        parts.cleared[target] = null;
        sightings.push({ key: row.key, targetId: target, value: asShown });
      } else parts.adopted[target] = asShown;
    }
    arrived.push({ key: row.key, values: parts.arrived });
    adopted.push({ key: row.key, values: parts.adopted });
    cleared.push({ key: row.key, values: parts.cleared });
  }
  const some = (list: LedgerValues[]) => list.filter(({ values }) => Object.keys(values).length > 0);
  await settle(db, tenant, place, some(arrived), { runId: work.run.id, cause: 'write' });
  await settle(db, tenant, place, some(adopted), { runId: null, cause: null });
  await unmark(db, tenant, place, some(cleared));
  await addSightings(db, tenant, place, sightings);
  await doubtSurvivors(db, tenant, place, merged, [...targets]);
  await forgetRecords(db, tenant, place, gone);
  if (gone.length > 0) await noteDirtyRecords(db, tenant, { ...place, ids: gone });
}
