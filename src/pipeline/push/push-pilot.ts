import { markPiloted } from '../../store/targets.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import type { Scene, ShownTarget } from './desired.ts';
import { rangeEnd, readDifferences } from './difference.ts';
import { holdTarget } from './hold-target.ts';
import { type Pass, pushPage } from './push-pass.ts';
import { type Counts, type State, type Step, tally } from './push-state.ts';

/**
 * The first records of newly released targets: what becomes of them decides whether the rest follows. Which records
 * is up to the targets that are tried; they show all values of the pass at once, so that nothing is written twice.
 */
export async function pilot(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  pass: Pass,
  pilots: readonly ShownTarget[],
  state: State,
  counts: Counts,
): Promise<Step> {
  const { policy } = work.tenant;
  // Few records are wanted, and in a first push all differ: a short range holds enough of them.
  const to = await rangeEnd(work.pool, scene, pass.object, state.after, state.span);
  const range = { after: state.after, to };
  const rows = await readDifferences(work.pool, scene, pass.object, pilots, range, {
    limit: policy.pilotSize,
    runId: work.run.id,
  });
  const keys = rows.map(({ key }) => key);
  const sent = await pushPage(work, connection, scene, pass, { keys }, keys.length + 1);
  const reached = rows.length === policy.pilotSize ? (keys.at(-1) ?? to) : to;
  const progress = sent.done
    ? { ...sent, after: reached, done: reached === null }
    : { ...sent, after: state.after };
  tally(state, counts, progress);
  state.after = progress.after;
  for (const { targets, state: outcome } of progress.outcomes) {
    for (const id of targets) {
      const count = state.pilot[id] ?? { done: 0, refused: 0 };
      state.pilot[id] = count;
      if (outcome === 'done') count.done += 1;
      if (outcome === 'refused') count.refused += 1;
    }
  }
  for (const target of pilots) {
    const { done, refused } = state.pilot[target.id] ?? { done: 0, refused: 0 };
    if (refused > policy.pilotRefusals * policy.pilotSize) {
      await holdTarget(work, target.id, {
        code: 'pilot_refused',
        message: `${connection.name} refused ${refused} of the first ${done + refused} records. The rest was not written.`,
        action: 'Look at the reasons under refusals, mend what they name, then release the target again.',
      });
    } else if (policy.pilot === 'wait' && done >= policy.pilotSize && !progress.done) {
      await holdTarget(work, target.id, {
        code: 'pilot',
        message: `The first ${done} records were written and accepted. The rest waits for a look.`,
        action: 'Look at some of them in the CRM, then release the target again for the rest.',
      });
    } else if (progress.done || done >= policy.pilotSize) {
      await fenced(work, (client) => markPiloted(client, work.tenant, [target.id]));
    }
  }
  const isOver = progress.done || pilots.every(({ id }) => (state.pilot[id]?.done ?? 0) >= policy.pilotSize);
  if (isOver) state.after = null;
  return progress.waitMs === undefined ? {} : { wait: progress.waitMs };
}
