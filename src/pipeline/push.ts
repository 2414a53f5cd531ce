import { z } from 'zod';
import type { Json } from '../../connectors/contract.ts';
import { AppError, AuthError, FenceError, RateLimitError } from '../errors.ts';
import { ObjectType } from '../model/record.ts';
import { clearDirtySubjects, readDirtyKeys, takeDirtySubjects } from '../store/dirty-push.ts';
import { hasUnconfirmed } from '../store/ledger.ts';
import { listTargets, markFilled, markPiloted, setTargetState } from '../store/targets.ts';
import { brakeChanges } from './brakes.ts';
import { readScene, type Scene, type ShownTarget, shownTargets } from './desired.ts';
import { countAllDifferences, RECORDS_AT_ONCE, rangeEnd, readDifferences } from './difference.ts';
import { holdEditedElsewhere, settleEdits } from './pins.ts';
import { prepareTargets } from './prepare.ts';
import { count, type Pass, pageSize, passesOf, pushPage } from './push-pass.ts';
import { quietUntil, waitForQuiet } from './quiet-hours.ts';
import { confirmRows } from './readback.ts';
import { finishJob } from './send.ts';
import type { OpenConnection, SliceResult, StageContext } from './stage.ts';

const PHASES = ['begin', 'confirm', 'edits', 'brakes', 'write', 'end'] as const;

/** How far the push to one connection has come. Everything else is in the difference to the ledger. */
const State = z.object({
  phase: z.enum(PHASES).default('begin'),
  /** Passes that came to their end in this round. */
  passed: z.array(z.string()).default([]),
  /** Objects whose values all are as they should be. */
  unchanged: z.array(ObjectType).default([]),
  after: z.string().nullable().default(null),
  span: z.number().default(RECORDS_AT_ONCE),
  /** Times that doubtful rows were read back and written again in this run. */
  round: z.number().default(0),
  sent: z.number().default(0),
  /** Records of the first push, by target. */
  pilot: z.record(z.string(), z.object({ done: z.number(), refused: z.number() })).default({}),
});
type State = z.infer<typeof State>;

const Position = z.object({ connections: z.record(z.string(), State).default({}) });

const MOST_ROUNDS = 5;
type Counts = Record<string, number>;
type Step = { wait?: number };

/**
 * Writes to each connection what its records should show and do not. Safe to kill at any point: what is left is
 * worked out again, and what is in doubt is read back.
 */
export async function pushSlice(work: StageContext, position: Json): Promise<SliceResult> {
  if (work.run.options.dryRun) return countOnly(work);
  const quiet = work.run.options.writeInQuietHours ? null : quietUntil(work.tenant, new Date());
  if (quiet) return waitForQuiet(quiet, work.tenant, position);
  if (work.run.options.dirtyOnly) return pushDirty(work);
  const { connections } = Position.parse(position ?? {});
  const counts: Counts = {};
  const waits: number[] = [];
  let trouble: AppError | undefined;
  let because: RateLimitError | undefined;
  for (const { id } of work.connections) {
    const state = connections[id] ?? State.parse({});
    connections[id] = state;
    try {
      const connection = await work.openConnection(id);
      const scene = await readScene(work.pool, work.tenant, id, work.run.asOf);
      while (state.phase !== 'end') {
        if (performance.now() >= work.deadline || work.signal.aborted) break;
        const { wait } = await advance(work, connection, await withTargets(work, scene), state, counts);
        if (wait === undefined) continue;
        waits.push(wait);
        break;
      }
    } catch (error) {
      if (error instanceof FenceError || error instanceof AuthError || !(error instanceof AppError))
        throw error;
      // The others go on meanwhile.
      if (error instanceof RateLimitError) {
        waits.push(error.retryAfterMs);
        because = error;
      } else trouble ??= error;
    }
  }
  if (trouble) throw trouble;
  const done = work.connections.every(({ id }) => connections[id]?.phase === 'end');
  return {
    position: { connections },
    done,
    counts,
    ...(waits.length > 0 && { waitMs: Math.min(...waits) }),
    ...(because && { because }),
  };
}

/** Its targets as they are now: somebody may pause one at any time. One that is new waits for the next slice. */
async function withTargets(work: StageContext, scene: Scene): Promise<Scene> {
  const ids = scene.targets.map(({ id }) => id);
  return { ...scene, targets: await listTargets(work.pool, work.tenant, { ids }) };
}

/** One unit of work on one connection; changes `state`. */
async function advance(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  state: State,
  counts: Counts,
): Promise<Step> {
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

const objectsOf = (scene: Scene): ObjectType[] =>
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
  await markFilled(work.pool, work.tenant, ids);
  state.phase = 'end';
  return {};
}

/**
 * The first records of newly released targets: what becomes of them decides whether the rest follows. Which records
 * is up to the targets that are tried; they show all values of the pass at once, so that nothing is written twice.
 */
async function pilot(
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
      await holdPilot(work, target.id, {
        code: 'pilot_refused',
        message: `${connection.name} refused ${refused} of the first ${done + refused} records. The rest was not written.`,
        action: 'Look at the reasons under refusals, mend what they name, then release the target again.',
      });
    } else if (policy.pilot === 'wait' && done >= policy.pilotSize && !progress.done) {
      await holdPilot(work, target.id, {
        code: 'pilot',
        message: `The first ${done} records were written and accepted. The rest waits for a look.`,
        action: 'Look at some of them in the CRM, then release the target again for the rest.',
      });
    } else if (progress.done || done >= policy.pilotSize) {
      await markPiloted(work.pool, work.tenant, [target.id]);
    }
  }
  const isOver = progress.done || pilots.every(({ id }) => (state.pilot[id]?.done ?? 0) >= policy.pilotSize);
  if (isOver) state.after = null;
  return progress.waitMs === undefined ? {} : { wait: progress.waitMs };
}

async function holdPilot(
  work: StageContext,
  id: string,
  reason: { code: string; message: string; action: string },
): Promise<void> {
  const since = work.run.asOf.toISOString();
  await setTargetState(work.pool, work.tenant, [id], { state: 'held', reason: { ...reason, since } });
}

function tally(state: State, counts: Counts, progress: Awaited<ReturnType<typeof pushPage>>): void {
  for (const [name, value] of Object.entries(progress.counts)) add(counts, name, value);
  state.sent += progress.outcomes.length;
}

function add(counts: Counts, name: string, value: number): void {
  if (value > 0) counts[name] = (counts[name] ?? 0) + value;
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

/** Subjects of a refresh looked at in one go. */
const DIRTY_AT_ONCE = 500;

/** Writes only the records of subjects that were noted: what webhooks brought. */
async function pushDirty(work: StageContext): Promise<SliceResult> {
  const counts: Counts = {};
  for (;;) {
    const subjects = await takeDirtySubjects(work.pool, work.tenant, 'push', DIRTY_AT_ONCE);
    if (subjects.length === 0) return { position: null, done: true, counts };
    for (const { id } of work.connections) {
      const connection = await work.openConnection(id);
      const job = await finishJob(work, connection);
      if (job) count(counts, connection.system, job);
      if (job?.waitMs !== undefined) return { position: null, done: false, counts, waitMs: job.waitMs };
      const scene = await readScene(work.pool, work.tenant, id, work.run.asOf);
      for (const object of objectsOf(scene)) await confirmRows(work, connection, scene, object);
      const tried = writable(scene).filter(
        ({ pilotDone }) => pilotDone || work.tenant.policy.pilot === 'off',
      );
      for (const pass of passesOf(tried)) {
        const keys = await readDirtyKeys(work.pool, work.tenant, {
          connectionId: id,
          object: pass.object,
          subjects,
        });
        if (keys.length === 0) continue;
        const progress = await pushPage(work, connection, scene, pass, { keys }, keys.length + 1);
        for (const [name, value] of Object.entries(progress.counts)) add(counts, name, value);
        if (progress.waitMs !== undefined)
          return { position: null, done: false, counts, waitMs: progress.waitMs };
        if (!progress.done) return { position: null, done: false, counts };
      }
    }
    await clearDirtySubjects(work.pool, work.tenant, 'push', subjects);
    if (performance.now() >= work.deadline || work.signal.aborted)
      return { position: null, done: false, counts };
  }
}
