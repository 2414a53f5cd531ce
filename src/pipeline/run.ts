import type { Logger } from 'pino';
import { type AppError, AuthError, FenceError, RateLimitError } from '../errors.ts';
import { type ConnectionRow, listConnections } from '../store/connections.ts';
import { toKnownError } from '../store/fault.ts';
import type { Pool } from '../store/pool.ts';
import { transaction } from '../store/pool.ts';
import {
  getRun,
  type Run,
  type RunChange,
  type RunCounts,
  STAGES,
  type StageName,
  saveSlice,
} from '../store/runs.ts';
import type { SuppressionKey } from '../store/suppressions.ts';
import type { Tenant } from '../store/tenant.ts';
import { labelSlice } from './label/label.ts';
import { learnSlice } from './learn/learn.ts';
import { profileSlice } from './profile/profile.ts';
import { pullSlice } from './pull/pull.ts';
import { backoffMs } from './push/backoff.ts';
import { pushSlice } from './push/push.ts';
import type { OpenConnection, SliceResult, Stage, StageContext } from './stage.ts';
import { unifySlice } from './unify/unify.ts';
import { type CheckFence, withLeases } from './with-leases.ts';

/** The longest a slice works before it lets others have a turn. */
export const SLICE_MS = 5_000;
/** How soon to look again for a lease that another worker holds. */
const LEASE_RETRY_MS = 250;
/** Failures in a row of one slice before the run asks for a person. */
const MOST_FAILURES = 6;

/** `lease` null: the stage takes leases itself, so that runs of both kinds may be in it at once. */
export type Stages = Record<StageName, { run: Stage; lease: string | null }>;

const allStages: Stages = {
  pull: { run: pullSlice, lease: 'pull' },
  unify: { run: unifySlice, lease: 'subjects' },
  profile: { run: profileSlice, lease: 'subjects' },
  learn: { run: learnSlice, lease: 'subjects' },
  label: { run: labelSlice, lease: 'subjects' },
  push: { run: pushSlice, lease: null },
};

export type Calls = Record<string, number>;

/** Opens connections for the length of a slice, and tells what calls they made. */
export type ConnectionOpener = (options: { tenant: Tenant; asOf: Date; signal: AbortSignal }) => {
  open(id: string): Promise<OpenConnection>;
  calls(): Calls;
  close(): Promise<void>;
};

/** What every slice of work is given, of a run, an undo or a connection's leaving. */
export type SliceParts = {
  pool: Pool;
  tenant: Tenant;
  openConnections: ConnectionOpener;
  signal: AbortSignal;
  log: Logger;
  /** The longest that it works before others have a turn. */
  sliceMs?: number | undefined;
};

export type AdvanceOptions = SliceParts & {
  runId: string;
  /** The key that tells who was erased. */
  suppressionKey?: (() => Promise<SuppressionKey>) | undefined;
  leaseMs?: number | undefined;
  /** What each stage does; tests put their own in. */
  stages?: Stages | undefined;
};

/**
 * ended: nothing more to do. again: the next slice may start after waitMs; `moved` says whether this one was
 * recorded, or left no trace (somebody else holds the lease, or a shutdown).
 */
export type Advanced =
  | { state: 'ended'; run: Run }
  | { state: 'again'; run: Run; waitMs: number; moved: boolean };

/**
 * Does one slice of a run and records it. Safe to call twice at once, and to kill anywhere: what a stage has
 * committed stays, what it has not is worked out again.
 */
export async function advanceRun(options: AdvanceOptions): Promise<Advanced> {
  const { pool, tenant, log } = options;
  const run = await getRun(pool, tenant, options.runId);
  if (run.endedAt) return { state: 'ended', run };
  if (run.cancelRequested)
    return record(options, run, null, { ...unchanged(run), state: 'cancelled', notBefore: null });
  const waitMs = run.notBefore ? run.notBefore.getTime() - Date.now() : 0;
  if (waitMs > 0) return { state: 'again', run, waitMs, moved: false };

  const stage = (options.stages ?? allStages)[run.stage];
  // One slice of a run at a time, whatever its stage holds besides.
  const name = stage.lease ?? `run ${run.kind}`;
  const advanced = await withLeases(
    options,
    [name],
    async (checkFence) => {
      // A worker may have slept between reading the run and getting the lease: others went on from there.
      const now = await getRun(pool, tenant, run.id);
      if (now.slices !== run.slices || now.endedAt) return null;
      const connections = options.openConnections({ tenant, asOf: run.asOf, signal: options.signal });
      try {
        return await slice(options, run, checkFence, stage.run, connections);
      } catch (error) {
        if (!(error instanceof FenceError)) throw error;
        log.warn({ run: run.id, stage: run.stage }, 'another worker took over; this slice ends');
        return null;
      } finally {
        await connections.close();
      }
    },
    { lengthMs: options.leaseMs },
  );
  return advanced ?? { state: 'again', run, waitMs: LEASE_RETRY_MS, moved: false };
}

/** @throws FenceError where another worker took over meanwhile */
async function slice(
  options: AdvanceOptions,
  run: Run,
  checkFence: CheckFence,
  stage: Stage,
  connections: ReturnType<ConnectionOpener>,
): Promise<Advanced> {
  const { pool, tenant, log } = options;
  try {
    const inUse = (await listConnections(pool, tenant)).filter(({ state }) => state === 'connected');
    const work: StageContext = {
      pool,
      tenant,
      run: { id: run.id, asOf: run.asOf, options: run.options, pins: run.pins },
      connections: inUse.map(({ id, system, mode, rank }: ConnectionRow) => ({ id, system, mode, rank })),
      openConnection: (id) => connections.open(id),
      suppressionKey: options.suppressionKey,
      checkFence,
      leaseMs: options.leaseMs,
      deadline: performance.now() + (options.sliceMs ?? SLICE_MS),
      signal: options.signal,
      log: log.child({ run: run.id, stage: run.stage }),
    };
    const result = await stage(work, run.position);
    const counts = addCounts(addCounts(run.counts, run.stage, result.counts), 'calls', connections.calls());
    const next = result.done ? STAGES[STAGES.indexOf(run.stage) + 1] : run.stage;
    const waitMs = result.waitMs ?? 0;
    return await record(options, run, checkFence, {
      state: next ? (waitMs > 0 ? 'waiting' : 'running') : 'done',
      stage: next ?? run.stage,
      position: result.done ? {} : result.position,
      counts,
      reason: result.because ? noted(result.because) : next ? null : await leftOut(options),
      notBefore: waitMs > 0 ? new Date(Date.now() + waitMs) : null,
      failures: 0,
    });
  } catch (error) {
    if (error instanceof FenceError) throw error;
    return await failedSlice(options, run, checkFence, toKnownError(error), connections.calls());
  }
}

/** Decides what a failure means: wait, go on without a connection, try again, or ask for a person. */
async function failedSlice(
  options: AdvanceOptions,
  run: Run,
  checkFence: CheckFence,
  error: AppError,
  calls: Calls,
): Promise<Advanced> {
  const { log } = options;
  const counts = addCounts(run.counts, 'calls', calls);
  const reason = {
    code: error.code,
    message: error.message,
    action: error.action,
    since: new Date().toISOString(),
  };
  if (options.signal.aborted) {
    // A shutdown is no failure: the next worker begins this slice again.
    return { state: 'again', run, waitMs: 0, moved: false };
  }
  log.warn({ run: run.id, stage: run.stage, code: error.code, err: error }, 'slice failed');
  if (error instanceof RateLimitError) {
    const notBefore = new Date(Date.now() + error.retryAfterMs);
    return record(options, run, checkFence, {
      ...unchanged(run),
      state: 'waiting',
      counts,
      reason,
      notBefore,
    });
  }
  if (error instanceof AuthError) {
    // The connection is marked by whoever saw it; the next slice goes on without it.
    const failures = run.failures + 1;
    if (failures < MOST_FAILURES)
      return record(options, run, checkFence, { ...unchanged(run), counts, reason, failures });
  }
  const failures = run.failures + 1;
  if (!error.retryable || failures >= MOST_FAILURES) {
    return record(options, run, checkFence, { ...unchanged(run), state: 'failed', counts, reason, failures });
  }
  const notBefore = new Date(Date.now() + backoffMs(failures));
  return record(options, run, checkFence, {
    ...unchanged(run),
    state: 'waiting',
    counts,
    reason,
    notBefore,
    failures,
  });
}

/** A run that ends well says so where it could do nothing for a connection. */
async function leftOut({ pool, tenant }: AdvanceOptions): Promise<Run['reason']> {
  const shut = (await listConnections(pool, tenant)).filter(({ state }) => state === 'needs_you');
  const [first] = shut;
  if (!first) return null;
  return noted({
    code: 'connection_left_out',
    message: `Left out, as ${shut.length === 1 ? 'it needs' : 'they need'} somebody: ${shut.map(({ name }) => name).join(', ')}. What is shown there stays as it was.`,
    action: first.reason?.action ?? 'Reconnect under Connections.',
  });
}

/** Errors are taken apart: what else they hold is not for the row. */
const noted = ({ code, message, action }: NonNullable<SliceResult['because']>) => ({
  code,
  message,
  action,
  since: new Date().toISOString(),
});

function unchanged(run: Run): RunChange {
  return {
    state: 'running',
    stage: run.stage,
    position: run.position,
    counts: run.counts,
    reason: run.reason,
    notBefore: null,
    failures: run.failures,
  };
}

/** Records what became of a slice, unless another worker took over. No lease is needed to cancel. */
async function record(
  options: AdvanceOptions,
  run: Run,
  checkFence: CheckFence | null,
  change: RunChange,
): Promise<Advanced> {
  const { pool, tenant } = options;
  await transaction(pool, async (client) => {
    if (checkFence) await checkFence(client);
    await saveSlice(client, tenant, run, change);
  });
  const now = await getRun(pool, tenant, run.id);
  if (now.endedAt) return { state: 'ended', run: now };
  const waitMs = change.notBefore ? Math.max(0, change.notBefore.getTime() - Date.now()) : 0;
  return { state: 'again', run: now, waitMs, moved: now.slices > run.slices };
}

function addCounts(counts: RunCounts, part: keyof RunCounts, more: Record<string, number>): RunCounts {
  const sum = { ...counts[part] };
  for (const [name, value] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + value;
  return { ...counts, [part]: sum };
}
