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

export type Job<Payload> = {
  name: string;
  payload: z.ZodType<Payload>;
  run(payload: Payload, context: JobContext): Promise<{ againInMs: number } | undefined>;
};

const TenantId = z.string().regex(/^[a-z0-9]{1,24}$/);

export const jobs = {
  /** One slice of one run; queues itself again until the run has ended. */
  advance: {
    name: 'advance',
    payload: z.strictObject({ tenantId: TenantId, runId: z.string() }),
    run: advance,
  },
  /** A schedule fires: begin a run, unless one is under way. */
  run: { name: 'run', payload: z.strictObject({ tenantId: TenantId }), run: startScheduledRun },
  /** Once a day and tenant: month partitions, what is too old, rows of erased people. */
  maintain: { name: 'maintain', payload: z.strictObject({ tenantId: TenantId }), run: maintain },
  /** Once a day and tenant: reports of the segmentations whose review date has come. */
  review: { name: 'review', payload: z.strictObject({ tenantId: TenantId }), run: review },
  /** A CRM told us of contacts that were deleted for privacy's sake. */
  erase: { name: 'erase', payload: z.strictObject({ tenantId: TenantId }), run: eraseRequested },
  /** Somebody takes back what was written: one slice. */
  undo: { name: 'undo', payload: z.strictObject({ tenantId: TenantId, undoId: z.string() }), run: undo },
  /** Somebody disconnects a CRM: one slice of its leaving. */
  disconnect: {
    name: 'disconnect',
    payload: z.strictObject({ tenantId: TenantId, connectionId: z.string() }),
    run: disconnect,
  },
  /** Every few minutes and after a run: what is wrong is written down, and told once. */
  alerts: { name: 'alerts', payload: z.strictObject({ tenantId: TenantId }), run: alerts },
  /** Once a day and tenant: the owners of records, from the CRMs. */
  owners: { name: 'owners', payload: z.strictObject({ tenantId: TenantId }), run: readOwners },
  /** Once a week and tenant: each owner's own customers by mail. */
  digest: { name: 'digest', payload: z.strictObject({ tenantId: TenantId }), run: digest },
  /** After a full run: tasks of plays for the owners of those who entered a segment. */
  playTasks: { name: 'playTasks', payload: z.strictObject({ tenantId: TenantId }), run: playTasks },
  /** Every few minutes: what changed in CRMs that do not tell by themselves. */
  poll: { name: 'poll', payload: z.strictObject({ tenantId: TenantId }), run: poll },
};
export type JobName = keyof typeof jobs;
