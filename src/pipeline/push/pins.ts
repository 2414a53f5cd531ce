import type { TargetValue } from '../../../connectors/contract.ts';
import type { ObjectType, Scalar } from '../../model/record.ts';
import { ensureRows, forgetRecords, forgetValues, type LedgerValues, settle } from '../../store/ledger.ts';
import { addPins } from '../../store/pins.ts';
import type { Queryable } from '../../store/pool.ts';
import {
  addUnknownSightings,
  countSightings,
  readSightings,
  type SightingRow,
} from '../../store/sightings.ts';
import { saveRemote } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { isManyValued, readDesired, type Scene, shownTargets } from './desired.ts';
import { holdTarget } from './hold-target.ts';
import { readSeen, type Seen, valuesOf } from './readback.ts';
import { isSameShown, readable, type ShownProperty, toShown } from './shown-values.ts';

const READ_AT_ONCE = 500;

/**
 * Called by pull with every page, in its transaction: what the CRM shows in our own properties. Echoes of our
 * writes are dropped; the rest is kept until push has read those records again.
 */
export async function noteShown(
  db: Queryable,
  tenant: Tenant,
  place: { connectionId: string; object: ObjectType },
  properties: readonly ShownProperty[],
  records: { id: string; properties: Record<string, Scalar> }[],
): Promise<number> {
  if (properties.length === 0) return 0;
  const rows = records.flatMap((record) =>
    [...valuesOf(record.properties, properties)].map(([targetId, value]) => ({
      key: record.id,
      targetId,
      value,
    })),
  );
  return addUnknownSightings(db, tenant, place, rows);
}

/**
 * Properties of ours that somebody deleted in the CRM, or hides from us: which of the two can't be told here. The next
 * push makes them anew and fills them, or has them again and reads back what they show.
 */
export async function noteLostTargets(
  db: Queryable,
  tenant: Tenant,
  place: { connectionId: string; object: ObjectType; existing: readonly string[] },
  properties: readonly ShownProperty[],
): Promise<void> {
  const existing = new Set(place.existing);
  for (const { targetId, property } of properties) {
    if (existing.has(property)) continue;
    await saveRemote(db, tenant, targetId, null);
  }
}

/** Many values that we never showed at once are not edits by hand: the target is held until somebody has looked. */
export async function holdEditedElsewhere(
  work: StageContext,
  scene: Scene,
  object: ObjectType,
): Promise<string[]> {
  const { editShare, editLeast } = work.tenant.policy.brakes;
  const place = { connectionId: scene.connectionId, object };
  const live = new Set(scene.targets.filter(({ state }) => state === 'live').map(({ id }) => id));
  const counts = await countSightings(work.pool, work.tenant, place);
  const flooded = counts.filter(
    ({ targetId, seen, shown }) => live.has(targetId) && seen >= editLeast && seen > editShare * shown,
  );
  for (const { targetId, seen, shown } of flooded) {
    await holdTarget(work, targetId, {
      code: 'edited_elsewhere',
      message: `${seen} records show a label that we never wrote (we wrote ${shown}): another tool writes to this property, or the CRM was restored. Nothing is written until somebody has looked.`,
      action:
        'Look at some of these records, then release the target to write our labels again, or pause it.',
    });
  }
  return flooded.map(({ targetId }) => targetId);
}

/**
 * Reads the records of noted values again, and decides each: an echo is dropped, an older value of ours is written
 * over, anything else is a pin or is written over, by the tenant's policy.
 */
export async function settleEdits(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  object: ObjectType,
): Promise<{ pinned: number; overwritten: number }> {
  const live = new Set(scene.targets.filter(({ state }) => state === 'live').map(({ id }) => id));
  const properties = readable(scene.targets, object).filter(({ targetId }) => live.has(targetId));
  const sum = { pinned: 0, overwritten: 0 };
  if (properties.length === 0 || !connection.connector.pull) return sum;
  const place = { connectionId: connection.id, object };
  const targets = properties.map(({ targetId }) => targetId);
  const shown = shownTargets(scene.targets).filter(({ id }) => targets.includes(id));
  for (let after: string | null = null; ; ) {
    const rows: SightingRow[] = await readSightings(work.pool, work.tenant, place, {
      targets,
      after,
      limit: READ_AT_ONCE,
    });
    if (rows.length === 0) return sum;
    const records = [...new Map(rows.map(({ key, kind }) => [key, { key, kind }])).values()];
    const seen = await readSeen(connection, object, records, properties);
    const keys = records.map(({ key }) => key);
    const want = await readDesired(work.pool, scene, object, shown, { keys });
    const decided = decide(work, scene, rows, seen, want);
    await fenced(work, async (client) => {
      await carryOut(client, work.tenant, place, decided);
    });
    sum.pinned += decided.pins.length;
    sum.overwritten += decided.overwritten;
    after = keys.at(-1) ?? null;
  }
}

type Decided = {
  pins: { key: string; targetId: string; value: TargetValue; until: string | null }[];
  unpinned: { key: string; targetId: string }[];
  /** By record: the ledger is to say what the CRM shows. */
  adopted: Map<string, Record<string, TargetValue>>;
  /** Sightings that were looked into. */
  answered: { key: string; targetId: string }[];
  gone: string[];
  overwritten: number;
};

function decide(
  work: StageContext,
  scene: Scene,
  rows: SightingRow[],
  seen: Map<string, Seen>,
  want: Map<string, Record<string, TargetValue>>,
): Decided {
  const { handEdits, pinDays } = work.tenant.policy;
  const until =
    pinDays === null ? null : new Date(work.run.asOf.getTime() + pinDays * 86_400_000).toISOString();
  const decided: Decided = {
    pins: [],
    unpinned: [],
    adopted: new Map(),
    answered: [],
    gone: [],
    overwritten: 0,
  };
  for (const { key, targetId, shown, previous } of rows) {
    const record = seen.get(key);
    if (record === undefined) continue;
    decided.answered.push({ key, targetId });
    if (record.state !== 'live') {
      decided.gone.push(key);
      continue;
    }
    const value = record.values.get(targetId);
    // Not told, as the CRM hides it from us now.
    if (value === undefined) continue;
    if (isSameShown(value, shown)) continue;
    const asShown = toShown(value, isManyValued(scene, targetId));
    decided.adopted.set(key, { ...decided.adopted.get(key), [targetId]: asShown });
    if (isSameShown(value, want.get(key)?.[targetId])) decided.unpinned.push({ key, targetId });
    else if (isSameShown(value, previous) || (handEdits === 'overwrite' && !handWins(scene, targetId)))
      decided.overwritten += 1;
    else decided.pins.push({ key, targetId, value: asShown, until });
  }
  return decided;
}

/** Where labels affect price, credit or access, what a person decided stands, whatever the policy. */
function handWins(scene: Scene, targetId: string): boolean {
  const target = scene.targets.find(({ id }) => id === targetId);
  return scene.definitions.get(target?.segmentation ?? '')?.use === 'eligibility';
}

async function carryOut(
  db: Queryable,
  tenant: Tenant,
  place: { connectionId: string; object: ObjectType },
  decided: Decided,
): Promise<void> {
  const adopted: LedgerValues[] = [...decided.adopted].map(([key, values]) => ({ key, values }));
  await ensureRows(db, tenant, place, [...decided.adopted.keys()]);
  await settle(db, tenant, place, adopted, { runId: null, cause: null });
  await forgetValues(db, tenant, 'pin', place, decided.unpinned);
  await addPins(db, tenant, place, decided.pins);
  await forgetValues(db, tenant, 'sighting', place, decided.answered);
  await forgetRecords(db, tenant, place, decided.gone);
}
