import { z } from 'zod';
import type { Json } from '../../../connectors/contract.ts';
import type { SliceResult, StageContext } from '../stage.ts';
import { readScene, shownTargets } from './desired.ts';
import { countAllDifferences } from './difference.ts';
import { pushDirty } from './push-dirty.ts';
import { runLanes } from './push-lanes.ts';
import { advance, objectsOf } from './push-phases.ts';
import { add, type Counts, State } from './push-state.ts';
import { quietUntil, waitForQuiet } from './quiet-hours.ts';

const Position = z.object({ connections: z.record(z.string(), State).default({}) });

/**
 * Writes to each connection what its records should show and do not. Safe to kill at any point: what is left is
 * worked out again, and what is in doubt is read back.
 */
export async function pushSlice(work: StageContext, position: Json): Promise<SliceResult> {
  if (work.run.options.dryRun) return countOnly(work);
  const quiet = work.run.options.writeInQuietHours ? null : quietUntil(work.tenant, new Date());
  if (quiet) return waitForQuiet(quiet, work.tenant, position);
  if (work.run.options.dirtyOnly) return pushDirty(work, position);
  const { connections } = Position.parse(position ?? {});
  for (const { id } of work.connections) connections[id] ??= State.parse({});
  const counts: Counts = {};
  const result = await runLanes(work, connections, async (id) => {
    const connection = await work.openConnection(id);
    const scene = await readScene(work.pool, work.tenant, id, work.run.asOf);
    return (laneWork, lane) => advance(laneWork, connection, scene, lane, counts);
  });
  return { position: { connections }, counts, ...result };
}

/** A dry run treats all targets as held: it only says how many records would be written. */
async function countOnly(work: StageContext): Promise<SliceResult> {
  const counts: Counts = {};
  for (const { id, system } of work.connections) {
    const scene = await readScene(work.pool, work.tenant, id, work.run.asOf);
    for (const object of objectsOf(scene)) {
      const targets = shownTargets(scene.targets).filter(
        (target) => target.object === object && target.state !== 'paused',
      );
      const differences = await countAllDifferences(work.pool, scene, object, targets);
      add(counts, 'would_write', differences.rows);
      add(counts, `${system}.would_write`, differences.rows);
    }
  }
  return { position: null, done: true, counts };
}
