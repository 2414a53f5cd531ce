/** The table of jobs. A job's data holds ids only; what it does is decided by what Postgres says. */
import type { Logger } from 'pino';
import { z } from 'zod';
import type { ConnectionOpener } from '../src/pipeline/run.ts';
import type { Pool } from '../src/store/pool.ts';
import type { Keyring } from '../src/store/secrets.ts';
import type { SuppressionKey } from '../src/store/suppressions.ts';
import { advance } from './advance.ts';
import type { Sender } from './alert-channels.ts';
import { alerts } from './alerts.ts';
import type { JobQueue } from './backend.ts';
import { digest, readOwners } from './digest.ts';
import { disconnect } from './disconnect.ts';
import { maintain } from './maintain.ts';
import { playTasks } from './play-tasks.ts';
import { review } from './review.ts';
import { startScheduledRun } from './scheduled-run.ts';
import { undo } from './undo.ts';
import { poll } from './webhook-poll.ts';
import { eraseRequested } from './webhook-refresh.ts';

/** What every job gets beside its data. */
export type JobContext = {
  pool: Pool;
  queue: JobQueue;
  openConnections: ConnectionOpener;
  /** The key that tells who was erased. */
  suppressionKey?: (() => Promise<SuppressionKey>) | undefined;
  /** How people are told; without it nobody is. */
  notify?: (Sender & { keys: Keyring }) | undefined;
  signal: AbortSignal;
  log: Logger;
  /** The usual times where they are left out; milliseconds. */
  sliceMs?: number | undefined;
  leaseMs?: number | undefined;
};

/** Done, or put back and done again after that time. */
type Outcome = Promise<{ againInMs: number } | undefined>;

export type Job = { payload: z.ZodType; run(data: unknown, context: JobContext): Outcome };

/** A job whose data is checked before it is done. */
const job = <Payload>(
  payload: z.ZodType<Payload>,
  run: (payload: Payload, context: JobContext) => Outcome,
): Job => ({ payload, run: (data, context) => run(payload.parse(data), context) });

const tenantId = z.string().regex(/^[a-z0-9]{1,24}$/);
const OfTenant = z.strictObject({ tenantId });

/** By the name under which each is queued. */
export const jobs: Readonly<Record<string, Job>> = {
  /** One slice of one run; queues itself again until the run has ended. */
  advance: job(OfTenant.extend({ runId: z.string() }), advance),
  /** A schedule fires: begin a run, unless one is under way. */
  run: job(OfTenant, startScheduledRun),
  /** Once a day and tenant: month partitions, what is too old, rows of erased people. */
  maintain: job(OfTenant, maintain),
  /** Once a day and tenant: reports of the segmentations whose review date has come. */
  review: job(OfTenant, review),
  /** A CRM told us of contacts that were deleted for privacy's sake. */
  erase: job(OfTenant, eraseRequested),
  /** Somebody takes back what was written: one slice. */
  undo: job(OfTenant.extend({ undoId: z.string() }), undo),
  /** Somebody disconnects a CRM: one slice of its leaving. */
  disconnect: job(OfTenant.extend({ connectionId: z.string() }), disconnect),
  /** Every few minutes and after a run: what is wrong is written down, and told once. */
  alerts: job(OfTenant, alerts),
  /** Once a day and tenant: the owners of records, from the CRMs. */
  owners: job(OfTenant, readOwners),
  /** Once a week and tenant: each owner's own customers by mail. */
  digest: job(OfTenant, digest),
  /** After a full run: tasks of plays for the owners of those who entered a segment. */
  playTasks: job(OfTenant, playTasks),
  /** Every few minutes: what changed in CRMs that do not tell by themselves. */
  poll: job(OfTenant, poll),
};
