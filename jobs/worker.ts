import { UnrecoverableError } from 'bullmq';
import type { Logger } from 'pino';
import { describeError } from '../src/logged-error.ts';
import type { ConnectionOpener } from '../src/pipeline/run.ts';
import { toKnownError } from '../src/store/fault.ts';
import type { Pool } from '../src/store/pool.ts';
import type { SuppressionKey } from '../src/store/suppressions.ts';
import type { JobToDo, QueueBackend } from './backend.ts';
import { type JobContext, jobs } from './index.ts';
import { startListening } from './listen.ts';
import { rebuildQueue } from './schedules.ts';

/** How often a worker makes the queue agree with Postgres. */
const TICK_MS = 15_000;

export type RunningWorker = {
  /** Lets the slices under way end (they stop at their next safe point), then stops. */
  close(): Promise<void>;
};

/** How long things may take before others act; milliseconds, the usual ones where left out. */
export type WorkerTimes = {
  /** The longest a slice works before others have a turn. */
  sliceMs?: number;
  /** How long a dead worker's right to write lasts. */
  leaseMs?: number;
  /** How long a dead worker's job lasts. */
  lockMs?: number;
  /** How often a worker looks for connections that nobody listens to. */
  lookMs?: number;
};

/** Starts a worker: takes jobs from the queue, and keeps the queue complete. */
export async function startWorker(options: {
  pool: Pool;
  backend: QueueBackend;
  openConnections: ConnectionOpener;
  suppressionKey?: (() => Promise<SuppressionKey>) | undefined;
  notify?: JobContext['notify'];
  concurrency: number;
  log: Logger;
  times?: WorkerTimes;
}): Promise<RunningWorker> {
  const { pool, backend, log, times = {} } = options;
  const stop = new AbortController();
  const context: JobContext = {
    pool,
    queue: backend.queue,
    openConnections: options.openConnections,
    suppressionKey: options.suppressionKey,
    notify: options.notify,
    signal: stop.signal,
    log,
    sliceMs: times.sliceMs,
    leaseMs: times.leaseMs,
  };
  const onError = (error: Error) => log.error({ err: error }, 'queue error; the worker goes on');
  // What can't be queued now is tried again on the next tick: no reason to serve nobody.
  const complete = () => rebuildQueue({ pool, queue: backend.queue, log }).catch(onError);
  await complete();
  const worker = backend.startWorker((job) => doJob(job, context), {
    concurrency: options.concurrency,
    lockMs: times.lockMs,
    onError,
  });
  await worker.waitUntilReady();
  const listening = startListening(context, times);

  let ticking: Promise<void> | undefined;
  const tick = setInterval(() => {
    ticking ??= complete().finally(() => {
      ticking = undefined;
    });
  }, TICK_MS);

  return {
    close: async () => {
      clearInterval(tick);
      stop.abort();
      await listening.close();
      await ticking;
      await worker.close();
    },
  };
}

async function doJob(job: JobToDo, context: JobContext): Promise<{ againInMs: number } | undefined> {
  const log = context.log.child({ job: job.name, jobId: job.id });
  const known = Object.hasOwn(jobs, job.name) ? jobs[job.name] : undefined;
  if (known === undefined)
    throw new UnrecoverableError(`There is no job "${job.name}"; an older or newer program queued it.`);
  try {
    return await known.run(job.data, { ...context, log });
  } catch (error) {
    const failure = toKnownError(error);
    log.error({ err: failure, code: failure.code }, 'job failed');
    // The queue keeps the words of a failure in clear text, and traces carry them.
    const { message } = describeError(failure);
    // The one translation: what we know to be final is not tried again.
    if (failure.retryable || failure.code === 'unexpected') throw new Error(message);
    throw new UnrecoverableError(message);
  }
}
