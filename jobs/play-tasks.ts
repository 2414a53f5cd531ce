import { makePlayTasks } from '../src/pipeline/plays/play-tasks.ts';
import { planPlayTasks } from '../src/pipeline/plays/play-tasks-plan.ts';
import { quietUntil } from '../src/pipeline/push/quiet-hours.ts';
import { hasPlayTasks } from '../src/store/play-tasks.ts';
import type { Pool } from '../src/store/pool.ts';
import { migrateTenant, type Tenant } from '../src/store/tenant.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';
import { oneAtATime } from './one-at-a-time.ts';

const SLICE_MS = 5_000;
/** How soon a CRM that does not take tasks now is asked again. */
const WAIT_MS = 60_000;

/** One slice of making the tasks of plays; put back until all are made. Without effect where the policy has none. */
export async function playTasks(
  payload: { tenantId: string },
  context: Pick<JobContext, 'pool' | 'openConnections' | 'signal' | 'log' | 'sliceMs'>,
) {
  const { pool, signal, openConnections } = context;
  const tenant = await migrateTenant(pool, payload.tenantId);
  if (tenant.policy.tasksPerOwnerAndWeek === 0) return undefined;
  const now = new Date();
  const quiet = quietUntil(tenant, now);
  if (quiet) return { againInMs: Math.min(quiet.getTime() - now.getTime(), 5 * WAIT_MS) };
  const log = context.log.child({ tenant: tenant.id });
  // Two would make the same.
  return oneAtATime(context, tenant, 'play_tasks', async (checkFence) => {
    await planPlayTasks(pool, tenant, now);
    const deadline = performance.now() + (context.sliceMs ?? SLICE_MS);
    const work = { pool, tenant, openConnections, now, deadline, signal, checkFence, log };
    const { left, waits } = await makePlayTasks(work);
    if (waits) return { againInMs: WAIT_MS };
    return left ? { againInMs: 0 } : undefined;
  });
}

/** Where there is something to do; however often it is asked for, it is queued once. */
export async function queuePlayTasks(pool: Pool, queue: JobQueue, tenant: Tenant): Promise<void> {
  if (tenant.policy.tasksPerOwnerAndWeek === 0 || !(await hasPlayTasks(pool, tenant))) return;
  await queue.add('playTasks', { tenantId: tenant.id }, { jobId: `${tenant.id}-play-tasks` });
}
