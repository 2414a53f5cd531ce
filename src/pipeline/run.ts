import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { AuthError, type AppError, FenceError, RateLimitError, toAppError } from '../errors.ts';
import { type ConnectionRow, listConnections } from '../store/connections.ts';
import { checkFence, releaseLease, takeLease } from '../store/lease.ts';
import type { Pool } from '../store/pool.ts';
import { transaction } from '../store/pool.ts';
import { getRun, type Run, type RunChange, type RunCounts, STAGES, type StageName, saveSlice } from '../store/runs.ts';
import type { Tenant } from '../store/tenant.ts';
import { labelSlice } from './label.ts';
import { learnSlice } from './learn.ts';
import { profileSlice } from './profile.ts';
import { pullSlice } from './pull.ts';
import { pushSlice } from './push.ts';
import type { OpenConnection, Stage, StageContext } from './stage.ts';
import { unifySlice } from './unify.ts';

/** The longest a slice works before it lets others have a turn. */
export const SLICE_MS = 5_000;
/** A slice that has not ended by then is taken for dead, and its lease may be taken over. */
const LEASE_MS = 60_000;
/** How soon to look again for a lease that another worker holds. */
const LEASE_RETRY_MS = 250;
/** Failures in a row of one slice before the run asks for a person. */
const MOST_FAILURES = 6;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

const stages: Record<StageName, { run: Stage; lease: string }> = {
  pull: { run: pullSlice, lease: 'pull' },
  unify: { run: unifySlice, lease: 'subjects' },
  profile: { run: profileSlice, lease: 'subjects' },
  learn: { run: learnSlice, lease: 'subjects' },
  label: { run: labelSlice, lease: 'subjects' },
  push: { run: pushSlice, lease: 'push' },
};

export type Calls = Record<string, number>;

/** Opens connections for the length of a slice, and tells what calls they made. */
export type ConnectionOpener = (options: { tenant: Tenant; asOf: Date; signal: AbortSignal }) => {
  open(id: string): Promise<OpenConnection>;
  calls(): Calls;
  close(): Promise<void>;
};

export type AdvanceOptions = {
  pool: Pool;
  tenant: Tenant;
  runId: string;
  openConnections: ConnectionOpener;
  signal: AbortSignal;
  log: Logger;
  sliceMs?: number;
};

/**
 * ended: nothing more to do. again: the next slice may start after waitMs; `moved` says whether this one was
 * recorded, or left no trace (somebody else holds the lease, or a shutdown).
 */
export type Advanced = { state: 'ended'; run: Run } | { state: 'again'; run: Run; waitMs: number; moved: boolean };

let attempts = 0;

/** One process's one attempt at one slice; nobody else ever has this name. */
function attemptName(): string {
  attempts += 1;
  return `${hostname()}/${process.pid}/${performance.timeOrigin}/${attempts}`;
}

/**
 * Does one slice of a run and records it. Safe to call twice at once, and to kill anywhere: what a stage has
 * committed stays, what it has not is worked out again.
 */
export async function advanceRun(options: AdvanceOptions): Promise<Advanced> {
  const { pool, tenant, log } = options;
  const run = await getRun(pool, tenant, options.runId);
  if (run.endedAt) return { state: 'ended', run };
  if (run.cancelRequested) return finish(options, run, { ...unchanged(run), state: 'cancelled', notBefore: null });
  const waitMs = run.notBefore ? run.notBefore.getTime() - Date.now() : 0;
  if (waitMs > 0) return { state: 'again', run, waitMs, moved: false };

  const stage = stages[run.stage];
  const lease = await takeLease(pool, tenant, { name: stage.lease, holder: attemptName(), lengthMs: LEASE_MS });
  if (!lease) return { state: 'again', run, waitMs: LEASE_RETRY_MS, moved: false };

  const connections = options.openConnections({ tenant, asOf: run.asOf, signal: options.signal });
  try {
    const inUse = (await listConnections(pool, tenant)).filter((connection) => connection.state === 'connected');
    const work: StageContext = {
      pool,
      tenant,
      run: { id: run.id, asOf: run.asOf, options: run.options, pins: run.pins },
      connections: inUse.map(({ id, system, mode, rank }: ConnectionRow) => ({ id, system, mode, rank })),
      openConnection: (id) => connections.open(id),
      checkFence: (client) => checkFence(client, tenant, lease),
      deadline: performance.now() + (options.sliceMs ?? SLICE_MS),
      signal: options.signal,
      log: log.child({ run: run.id, stage: run.stage }),
    };
    const result = await stage.run(work, run.position);
    const counts = addCounts(addCounts(run.counts, run.stage, result.counts), 'calls', connections.calls());
    const next = result.done ? STAGES[STAGES.indexOf(run.stage) + 1] : run.stage;
    const change: RunChange = {
      state: next ? (result.waitMs ? 'waiting' : 'running') : 'done',
      stage: next ?? run.stage,
      position: result.done ? {} : result.position,
      counts,
      reason: null,
      notBefore: result.waitMs ? new Date(Date.now() + result.waitMs) : null,
      failures: 0,
    };
    await transaction(pool, async (client) => {
      await checkFence(client, tenant, lease);
      await saveSlice(client, tenant, run, change);
    });
    return await afterSlice(options, run, result.waitMs ?? 0);
  } catch (error) {
    if (error instanceof FenceError) {
      log.warn({ run: run.id, stage: run.stage }, 'another worker took over; this slice ends');
      return { state: 'again', run, waitMs: LEASE_RETRY_MS, moved: false };
    }
    return await failedSlice(options, run, toAppError(error), connections.calls());
  } finally {
    await connections.close();
    await releaseLease(pool, tenant, lease);
  }
}

async function afterSlice(options: AdvanceOptions, run: Run, waitMs: number): Promise<Advanced> {
  const now = await getRun(options.pool, options.tenant, run.id);
  if (now.endedAt) return { state: 'ended', run: now };
  return { state: 'again', run: now, waitMs, moved: now.slices > run.slices };
}

/** Decides what a failure means: wait, go on without a connection, try again, or ask for a person. */
async function failedSlice(options: AdvanceOptions, run: Run, error: AppError, calls: Calls): Promise<Advanced> {
  const { log } = options;
  const counts = addCounts(run.counts, 'calls', calls);
  const reason = { code: error.code, message: error.message, action: error.action, since: new Date().toISOString() };
  if (options.signal.aborted) {
    // A shutdown is no failure: the next worker begins this slice again.
    return { state: 'again', run, waitMs: 0, moved: false };
  }
  log.warn({ run: run.id, stage: run.stage, code: error.code, err: error }, 'slice failed');
  if (error instanceof RateLimitError) {
    const notBefore = new Date(Date.now() + error.retryAfterMs);
    return finish(options, run, { ...unchanged(run), state: 'waiting', counts, reason, notBefore });
  }
  if (error instanceof AuthError) {
    // The connection is marked by whoever saw it; the next slice goes on without it.
    const failures = run.failures + 1;
    if (failures < MOST_FAILURES) return finish(options, run, { ...unchanged(run), counts, reason, failures });
  }
  const failures = run.failures + 1;
  if (!error.retryable || failures >= MOST_FAILURES) {
    return finish(options, run, { ...unchanged(run), state: 'failed', counts, reason, failures });
  }
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
  const notBefore = new Date(Date.now() + waitMs);
  return finish(options, run, { ...unchanged(run), state: 'waiting', counts, reason, notBefore, failures });
}

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

async function finish(options: AdvanceOptions, run: Run, change: RunChange): Promise<Advanced> {
  await saveSlice(options.pool, options.tenant, run, change);
  const waitMs = change.notBefore ? Math.max(0, change.notBefore.getTime() - Date.now()) : 0;
  return afterSlice(options, run, waitMs);
}

function addCounts(counts: RunCounts, part: keyof RunCounts, more: Record<string, number>): RunCounts {
  const sum = { ...counts[part] };
  for (const [name, value] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + value;
  return { ...counts, [part]: sum };
}
