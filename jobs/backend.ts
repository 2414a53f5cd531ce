/**
 * The one place that chooses where BullMQ keeps its queue: Postgres (a server, or the embedded one), or Redis.
 * Nothing else knows.
 */
import {
  createPostgresBackend,
  DelayedError,
  type Job,
  type PgPool,
  Queue,
  runMigrations,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Pool } from '../src/store/pool.ts';

const QUEUE = 'segment-sync';
const SCHEMA = 'bullmq';

/** What a job carries: ids only, for job data is stored in clear text. */
export type JobData = { tenantId?: string; runId?: string; undoId?: string; connectionId?: string };

export type JobToDo = { id?: string | undefined; name: string; data: JobData };
/** A job ends when this resolves; with `againInMs` it is put back and done again after that time. */
export type Processor = (job: JobToDo) => Promise<{ againInMs: number } | undefined>;

/** The part of a BullMQ queue that we use, whatever keeps it. */
export type JobQueue = Pick<
  Queue<JobData>,
  'add' | 'upsertJobScheduler' | 'removeJobScheduler' | 'getJobSchedulers' | 'getJobCounts'
>;
export type JobWorker = Pick<Worker<JobData>, 'close' | 'waitUntilReady' | 'isRunning'>;

export type WorkerSettings = {
  concurrency: number;
  onError(error: Error): void;
  /** A job whose worker did not renew its lock for this long is handed to another. Milliseconds. */
  lockMs?: number | undefined;
};

export type QueueBackend = {
  kind: 'postgres' | 'redis';
  queue: JobQueue;
  /** All of the queue, for looking into it. */
  whole: Queue<JobData>;
  startWorker(process: Processor, options: WorkerSettings): JobWorker;
  /** Rejects where the queue does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

type Traced = Pick<WorkerOptions, 'telemetry'>;

/** How often a job is tried that fails for what may pass, 15 s in all: a day or a week may lie before its next time. */
export const TRIES = { attempts: 5, backoff: { type: 'exponential', delay: 1_000 } };

const LOCK_MS = 30_000;

/** How workers behave on both backends; a slice is short, so a lock that is not renewed is soon free. */
function workerOptions({ concurrency, lockMs = LOCK_MS }: WorkerSettings) {
  return {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: 5,
    // What happened is told by runs, in Postgres; a job that stayed would block the next of its name.
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  } satisfies Partial<WorkerOptions>;
}

function withDelays(process: Processor) {
  return async (job: Job<JobData>, token?: string): Promise<void> => {
    const later = await process({ id: job.id, name: job.name, data: job.data });
    if (!later) return;
    await job.moveToDelayed(Date.now() + later.againInMs, token);
    throw new DelayedError();
  };
}

/** `isVerified: false` takes any certificate behind a `rediss://` address. */
type RedisAddress = { url: string | undefined; isVerified?: boolean | undefined };

export async function openQueueBackend(options: {
  pool: Pool;
  databaseUrl?: string | undefined;
  /** Without an address the queue is kept in Postgres. */
  redis?: RedisAddress | undefined;
  /** Jobs carry on the trace of who queued them. */
  isTraced?: boolean | undefined;
  /** Called with errors of idle connections; what was under way is tried again by itself. */
  onError(error: Error): void;
}): Promise<QueueBackend> {
  const telemetry = options.isTraced ? new BullMQOtel({ tracerName: QUEUE }) : undefined;
  const traced: Traced = telemetry ? { telemetry } : {};
  const url = options.redis?.url;
  return url
    ? openRedis({ url, isVerified: options.redis?.isVerified }, options.onError, traced)
    : openPostgres(options.pool, options.databaseUrl, options.onError, traced);
}

function openRedis(
  { url, isVerified = true }: RedisAddress & { url: string },
  onError: (error: Error) => void,
  traced: Traced,
): QueueBackend {
  // BullMQ asks for null: a worker waits for Redis to come back rather than giving up.
  const connection = new Redis(url, {
    maxRetriesPerRequest: null,
    ...(!isVerified && url.startsWith('rediss:') ? { tls: { rejectUnauthorized: false } } : {}),
  });
  connection.on('error', onError);
  const queue = new Queue<JobData>(QUEUE, { connection, defaultJobOptions: TRIES, ...traced });
  queue.on('error', onError);
  return {
    kind: 'redis',
    queue,
    whole: queue,
    startWorker: (process, settings) => {
      const worker = new Worker<JobData>(QUEUE, withDelays(process), {
        ...workerOptions(settings),
        ...traced,
        connection,
      });
      worker.on('error', settings.onError);
      return worker;
    },
    ping: async () => {
      await connection.ping();
    },
    close: async () => {
      await queue.close();
      connection.disconnect();
    },
  };
}

async function openPostgres(
  pool: Pool,
  databaseUrl: string | undefined,
  onError: (error: Error) => void,
  traced: Traced,
): Promise<QueueBackend> {
  // BullMQ's SQL names no schema. On a server its own pool carries the search_path; the embedded
  // database has one session, whose search_path is set when it is opened.
  const own = databaseUrl
    ? new pg.Pool({
        connectionString: databaseUrl,
        options: `-c search_path=${SCHEMA}`,
        max: 8,
        keepAlive: true,
      })
    : undefined;
  const connection = (own ?? pool) as PgPool;
  connection.on('error', onError);
  try {
    const client = await connection.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      client.release();
    }
  } catch (error) {
    await own?.end();
    throw error;
  }
  const { Queue: PostgresQueue, Worker: PostgresWorker } = withBackend(createPostgresBackend);
  const queue = new PostgresQueue<JobData>(QUEUE, { connection, defaultJobOptions: TRIES, ...traced });
  queue.on('error', onError);
  return {
    kind: 'postgres',
    queue,
    // The same class; only the options of its connection are typed otherwise.
    whole: queue as unknown as Queue<JobData>,
    startWorker: (process, settings) => {
      const worker = new PostgresWorker<JobData>(QUEUE, withDelays(process), {
        ...workerOptions(settings),
        ...traced,
        connection,
      });
      worker.on('error', settings.onError);
      return worker;
    },
    ping: async () => {
      await connection.query('select 1');
    },
    close: async () => {
      await queue.close();
      await own?.end();
    },
  };
}
