import type { ObjectType } from '../../model/record.ts';
import { hasUnconfirmed } from '../../store/ledger.ts';
import { analyzeGrown } from '../../store/plans.ts';
import { listTargets, markFilled } from '../../store/targets.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { brakeChanges } from './brakes.ts';
import { type Scene, type ShownTarget, shownTargets } from './desired.ts';
import { countAllDifferences, RECORDS_AT_ONCE, rangeEnd } from './difference.ts';
import { holdEditedElsewhere, settleEdits } from './pins.ts';
import { prepareTargets } from './prepare.ts';
import { count, type Pass, pageSize, passesOf, pushPage } from './push-pass.ts';
import { pilot } from './push-pilot.ts';
import { add, type Counts, type State, type Step, tally } from './push-state.ts';
import { confirmRows } from './readback.ts';
import { finishJob } from './send.ts';

const MOST_ROUNDS = 5;

/** Its targets as they are now: somebody may pause one at any time. One that is new waits for the next slice. */
async function withTargets(work: StageContext, scene: Scene): Promise<Scene> {
  const ids = scene.targets.map(({ id }) => id);
  return { ...scene, targets: await listTargets(work.pool, work.tenant, { ids }) };
}

/** One unit of work on one connection; changes `state`. */
export async function advance(
  work: StageContext,
  connection: OpenConnection,
  asOpened: Scene,
  state: State,
  counts: Counts,
): Promise<Step> {
  const scene = await withTargets(work, asOpened);
  if (state.phase === 'begin') return begin(work, connection, scene, state, counts);
  const targets = writable(scene);
  switch (state.phase) {
    case 'confirm': {
      let done = true;
      for (const object of objectsOf(scene)) {
        const confirmed = await confirmRows(work, connection, scene, object);
        add(counts, 'read_back', confirmed.read);
        done &&= confirmed.done;
      }
      if (done) state.phase = state.round === 0 ? 'edits' : 'write';
      return {};
    }
    case 'edits':
      for (const object of objectsOf(scene)) {
        const held = await holdEditedElsewhere(work, scene, object);
        add(counts, 'held', held.length);
        const rest = { ...scene, targets: scene.targets.filter(({ id }) => !held.includes(id)) };
        const { pinned, overwritten } = await settleEdits(work, connection, rest, object);
        add(counts, 'pinned', pinned);
        add(counts, 'overwritten', overwritten);
      }
      state.phase = 'brakes';
      return {};
    case 'brakes':
      for (const object of objectsOf(scene)) {
        const own = targets.filter((target) => target.object === object);
        const differences = await countAllDifferences(work.pool, scene, object, own);
        if (differences.rows === 0) state.unchanged.push(object);
        add(counts, 'held', (await brakeChanges(work, object, own, differences.targets)).length);
      }
      state.phase = 'write';
      return {};
    case 'write':
      return write(work, connection, scene, targets, state, counts);
    default:
      return {};
  }
}

async function begin(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  state: State,
  counts: Counts,
): Promise<Step> {
  const job = await finishJob(work, connection);
  if (job) count(counts, connection.system, job);
  if (job?.waitMs !== undefined) return { wait: job.waitMs };
  if (scene.targets.every((target) => target.state !== 'live')) {
    state.phase = 'end';
    return {};
  }
  const { waiting } = await prepareTargets(work, connection, scene);
  add(counts, 'needs_you', waiting);
  state.phase = 'confirm';
  return {};
}

/** Live, there in the CRM, and with a value of its own. */
export function writable(scene: Scene): ShownTarget[] {
  return shownTargets(scene.targets).filter(
    ({ state, reason, remote }) => state === 'live' && reason === null && remote !== null,
  );
}

export const objectsOf = (scene: Scene): ObjectType[] =>
  [...new Set(scene.targets.map(({ object }) => object))].sort();

async function write(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  targets: ShownTarget[],
  state: State,
  counts: Counts,
): Promise<Step> {
  const job = await finishJob(work, connection);
  if (job) count(counts, connection.system, job);
  if (job?.waitMs !== undefined) return { wait: job.waitMs };
  const pass = passesOf(targets).find(
    ({ key, object }) => !state.passed.includes(key) && !state.unchanged.includes(object),
  );
  if (pass === undefined) return endRound(work, connection, targets, state);
  const pilots = work.tenant.policy.pilot === 'off' ? [] : pass.targets.filter(({ pilotDone }) => !pilotDone);
  if (pilots.length > 0) return pilot(work, connection, scene, pass, pilots, state, counts);

  const left = (work.tenant.policy.writesPerRun ?? Number.POSITIVE_INFINITY) - state.sent;
  if (left <= 0) {
    work.log.info({ connection: connection.id, sent: state.sent }, 'as many records written as one run may');
    state.phase = 'end';
    return {};
  }
  const limit = Math.min(pageSize(connection, pass), left);
  const to = await rangeEnd(work.pool, scene, pass.object, state.after, state.span);
  const progress = await pushPage(work, connection, scene, pass, { after: state.after, to }, limit);
  tally(state, counts, progress);
  // A first push fills the ledger, and looks for its rows in it batch by batch.
  await analyzeGrown(work.pool, work.tenant, ['ledger']);
  // Where everything differs, a page is full long before the range is at its end.
  const isFull = !progress.done && progress.after !== to;
  state.span = isFull ? limit : Math.min(RECORDS_AT_ONCE, state.span * 2);
  state.after = progress.after;
  if (progress.done) endPass(state, pass);
  return progress.waitMs === undefined ? {} : { wait: progress.waitMs };
}

function endPass(state: State, pass: Pass): void {
  state.passed.push(pass.key);
  state.after = null;
  state.span = RECORDS_AT_ONCE;
}

/** Rows of unknown outcome are read back and written again in the same run, a few times; also what a kill left. */
async function endRound(
  work: StageContext,
  connection: OpenConnection,
  targets: ShownTarget[],
  state: State,
): Promise<Step> {
  const ids = targets.map(({ id }) => id);
  const isDoubtful = await hasUnconfirmed(work.pool, work.tenant, connection.id, ids);
  if (isDoubtful && state.round + 1 < MOST_ROUNDS) {
    state.round += 1;
    Object.assign(state, { phase: 'confirm', passed: [], unchanged: [], after: null });
    return {};
  }
  await fenced(work, (client) => markFilled(client, work.tenant, ids));
  state.phase = 'end';
  return {};
}
