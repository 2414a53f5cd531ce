import { InputError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { addAudit } from '../../store/audit.ts';
import { listConnections } from '../../store/connections.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import { listPublished } from '../../store/segmentations.ts';
import {
  ALL_SEGMENTATIONS,
  listTargets,
  lockTargets,
  markPiloted,
  setTargetState,
  type TargetRow,
} from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import { refuseSensitive } from '../label/sensitive-gate.ts';
import { readScene, shownTargets } from '../push/desired.ts';
import { countAllDifferences, type TargetCounts } from '../push/difference.ts';

/** A target that waits for somebody, with what writing it would do. */
export type Pending = TargetCounts & {
  target: TargetRow;
  connection: { id: string; system: string; name: string };
  /** What people call the segmentation. */
  name: string;
};

/** Targets that are held, and live ones that wait for something in the CRM. */
export async function pendingTargets(pool: Pool, tenant: Tenant, asOf: Date): Promise<Pending[]> {
  const pending: Pending[] = [];
  for (const { id, system, name } of await listConnections(pool, tenant)) {
    const scene = await readScene(pool, tenant, id, asOf);
    const waiting = scene.targets.filter(
      ({ state, reason }) => state === 'held' || (state === 'live' && reason !== null),
    );
    const counts = new Map<string, TargetCounts>();
    for (const object of new Set(waiting.map((target) => target.object))) {
      const targets = shownTargets(waiting).filter((target) => target.object === object);
      if (targets.length === 0) continue;
      for (const [target, count] of (await countAllDifferences(pool, scene, object, targets)).targets) {
        counts.set(target, count);
      }
    }
    for (const target of waiting) {
      pending.push({
        ...(counts.get(target.id) ?? { shown: 0, writes: 0, changes: 0 }),
        target,
        connection: { id, system, name },
        name: scene.definitions.get(target.segmentation)?.name ?? target.segmentation,
      });
    }
  }
  return pending;
}

/**
 * Lets targets be written from the next push on; the date of the last change goes along with its object's labels.
 * @returns the targets that are live now and were not before
 */
export async function releaseTargets(
  pool: Pool,
  tenant: Tenant,
  which: 'all' | string[],
  by: string,
): Promise<TargetRow[]> {
  return transaction(pool, async (client) => {
    // Somebody may pause them at this moment, or take back what they wrote.
    await lockTargets(client, tenant);
    const targets = await find(client, tenant, which);
    // All that are held; paused ones only where they are named.
    const chosen = targets.filter(({ state }) => state === 'held' || (which !== 'all' && state === 'paused'));
    await refuseSensitive(client, tenant, await definitionsOf(client, tenant, chosen));
    const places = new Set(chosen.map(({ connectionId, object }) => `${connectionId} ${object}`));
    const along = (await listTargets(client, tenant, { segmentation: ALL_SEGMENTATIONS })).filter(
      ({ connectionId, object, state }) => state === 'held' && places.has(`${connectionId} ${object}`),
    );
    const released = [...new Map([...chosen, ...along].map((target) => [target.id, target])).values()];
    const ids = released.map(({ id }) => id);
    const looked = released.filter(({ reason }) => reason?.code === 'pilot').map(({ id }) => id);
    await markPiloted(client, tenant, looked);
    const elsewhere = released.filter(({ reason }) => reason?.code === 'edited_elsewhere');
    for (const target of elsewhere) await writeOverSightings(client, tenant, target);
    await setTargetState(client, tenant, ids, { state: 'live', reason: null });
    if (ids.length > 0)
      await addAudit(client, tenant, { actor: by, action: 'target.release', subject: ids.join(' ') });
    return released;
  });
}

async function definitionsOf(
  db: Queryable,
  tenant: Tenant,
  targets: readonly TargetRow[],
): Promise<Segmentation[]> {
  const keys = new Set(targets.map(({ segmentation }) => segmentation));
  return (await listPublished(db, tenant)).flatMap(({ key, definition }) =>
    keys.has(key) ? [definition] : [],
  );
}

/**
 * Somebody decided that our labels are right: the rows are read back, the ledger says what is there, and the next
 * push writes over it.
 */
async function writeOverSightings(db: Queryable, tenant: Tenant, target: TargetRow): Promise<void> {
  const { schema } = tenant;
  await db.query(
    `with seen as (
       delete from ${schema}.sighting where connection_id = $1 and object = $2 and target_id = $3
       returning external_key
     )
     insert into ${schema}.ledger as l (connection_id, object, external_key, unconfirmed)
     select $1, $2, external_key, array[$3] from seen
     on conflict (connection_id, object, external_key) do update set
       sending = l.sending - $3,
       unconfirmed = array(select unnest(l.unconfirmed || excluded.unconfirmed) group by 1 order by 1)`,
    [target.connectionId, target.object, target.id],
  );
}

/** Stops writing to targets: `held` waits for a release, `paused` for a release by name. */
export async function stopTargets(
  pool: Pool,
  tenant: Tenant,
  which: 'all' | string[],
  state: 'held' | 'paused',
  by: string,
): Promise<number> {
  return transaction(pool, async (client) => {
    await lockTargets(client, tenant);
    const ids = (await find(client, tenant, which))
      .filter((target) => target.state !== state)
      .map(({ id }) => id);
    await setTargetState(client, tenant, ids, {
      state,
      reason: {
        code: 'by_hand',
        message: `Somebody ${state === 'held' ? 'held' : 'paused'} it. What the CRM shows stays as it is.`,
        action: 'Release it to go on.',
        since: new Date().toISOString(),
        by,
      },
    });
    if (ids.length > 0)
      await addAudit(client, tenant, { actor: by, action: `target.${state}`, subject: ids.join(' ') });
    return ids.length;
  });
}

async function find(db: Queryable, tenant: Tenant, which: 'all' | string[]): Promise<TargetRow[]> {
  if (which === 'all') return listTargets(db, tenant);
  const targets = await listTargets(db, tenant, { ids: which });
  const unknown = which.filter((id) => !targets.some((target) => target.id === id));
  if (unknown.length === 0) return targets;
  throw new InputError('target_unknown', `There is no target ${unknown.join(', ')}. Nothing was changed.`, {
    action: 'See the targets that wait.',
  });
}
