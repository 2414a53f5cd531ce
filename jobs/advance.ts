import { advanceRun } from '../src/pipeline/run.ts';
import type { Run } from '../src/store/runs.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import { queueAlerts } from './alerts.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';
import { queuePlayTasks } from './play-tasks.ts';
import { refreshAgain } from './webhook-refresh.ts';

/**
 * Does one slice and queues the next, behind the slices of all other tenants: that is what makes it fair.
 * Where nothing moved (another worker writes, or a shutdown), this same job is put back for a moment.
 */
export async function advance(payload: { tenantId: string; runId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const log = context.log.child({ tenant: tenant.id });
  const before = Date.now();
  const advanced = await advanceRun({ ...context, tenant, runId: payload.runId, log });
  const { run } = advanced;
  log.debug({ run: run.id, stage: run.stage, slices: run.slices, ms: Date.now() - before }, 'slice');
  if (advanced.state === 'ended') {
    log.info({ run: run.id, state: run.state, counts: run.counts, code: run.reason?.code }, 'run ended');
    await refreshAgain(context.pool, context.queue, tenant, run);
    await queuePlayTasks(context.pool, context.queue, tenant);
    if (context.notify) await queueAlerts(context.queue, tenant.id);
    return undefined;
  }
  if (advanced.moved) {
    await queueSlice(context.queue, tenant.id, run, advanced.waitMs);
    return undefined;
  }
  return { againInMs: advanced.waitMs };
}

/**
 * Queues a run's next slice. The job's name carries the count of slices done: however often it is asked for, it
 * is queued once.
 */
export async function queueSlice(queue: JobQueue, tenantId: string, run: Run, delayMs = 0): Promise<void> {
  await queue.add(
    'advance',
    { tenantId, runId: run.id },
    { jobId: `${tenantId}-${run.id}-${run.slices}`, delay: Math.ceil(delayMs) },
  );
}
