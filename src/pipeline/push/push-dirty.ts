import { z } from 'zod';
import type { Json } from '../../../connectors/contract.ts';
import {
  clearDirtySubjects,
  DirtySubject,
  readDirtyKeys,
  takeDirtySubjects,
} from '../../store/dirty-push.ts';
import type { OpenConnection, SliceResult, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { readScene } from './desired.ts';
import { Lane, runLanes } from './push-lanes.ts';
import { count, passesOf, pushPage } from './push-pass.ts';
import { objectsOf, writable } from './push-phases.ts';
import { confirmRows } from './readback.ts';
import { finishJob } from './send.ts';

/** Subjects of a refresh looked at in one go. */
const DIRTY_AT_ONCE = 500;

const DirtyLane = Lane.extend({
  phase: z.enum(['write', 'end']).default('write'),
  /** The last of the noted subjects whose records were written. */
  after: DirtySubject.nullable().default(null),
});
type DirtyLane = z.infer<typeof DirtyLane>;

const Position = z.object({ connections: z.record(z.string(), DirtyLane).default({}) });

/** Writes only the records of subjects that were noted: what webhooks brought. */
export async function pushDirty(work: StageContext, position: Json): Promise<SliceResult> {
  const { connections } = Position.parse(position ?? {});
  for (const { id } of work.connections) connections[id] ??= DirtyLane.parse({});
  const counts: Record<string, number> = {};
  const result = await runLanes(work, connections, async (id) => {
    const connection = await work.openConnection(id);
    return (laneWork, lane) => pushNoted(laneWork, connection, lane, counts);
  });
  if (result.done) await clearPushed(work);
  return { position: { connections }, counts, ...result };
}

/** One page of the noted subjects, on one connection. */
async function pushNoted(
  work: StageContext,
  connection: OpenConnection,
  lane: DirtyLane,
  counts: Record<string, number>,
): Promise<{ wait?: number }> {
  const job = await finishJob(work, connection);
  if (job) count(counts, connection.system, job);
  if (job?.waitMs !== undefined) return { wait: job.waitMs };
  const subjects = await takeDirtySubjects(work.pool, work.tenant, 'push', DIRTY_AT_ONCE, lane.after);
  const last = subjects.at(-1);
  if (!last) {
    lane.phase = 'end';
    return {};
  }
  const scene = await readScene(work.pool, work.tenant, connection.id, work.run.asOf);
  for (const object of objectsOf(scene)) await confirmRows(work, connection, scene, object);
  const tried = writable(scene).filter(({ pilotDone }) => pilotDone || work.tenant.policy.pilot === 'off');
  for (const pass of passesOf(tried)) {
    const keys = await readDirtyKeys(work.pool, work.tenant, {
      connectionId: connection.id,
      object: pass.object,
      subjects,
    });
    if (keys.length === 0) continue;
    const progress = await pushPage(work, connection, scene, pass, { keys }, keys.length + 1);
    for (const [name, value] of Object.entries(progress.counts)) counts[name] = (counts[name] ?? 0) + value;
    if (progress.waitMs !== undefined) return { wait: progress.waitMs };
    if (!progress.done) return {};
  }
  lane.after = last;
  return {};
}

/** All connections show them now. Only a refresh notes subjects for the push, and there is one at a time. */
async function clearPushed(work: StageContext): Promise<void> {
  for (;;) {
    const subjects = await takeDirtySubjects(work.pool, work.tenant, 'push', DIRTY_AT_ONCE);
    if (subjects.length === 0) return;
    await fenced(work, (client) => clearDirtySubjects(client, work.tenant, 'push', subjects));
  }
}
