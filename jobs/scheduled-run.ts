import { requestRun } from '../src/store/runs.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import { queueSlice } from './advance.ts';
import type { JobContext } from './index.ts';

/** A schedule fires. A run that is still under way is left to end: two would do the same work. */
export async function startScheduledRun(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const { run, isNew } = await requestRun(context.pool, tenant, {
    asOf: new Date(),
    requestedBy: 'schedule',
  });
  if (!isNew) {
    context.log.info({ tenant: tenant.id, run: run.id }, 'schedule fired while a run is under way');
    return undefined;
  }
  await queueSlice(context.queue, tenant.id, run);
  return undefined;
}
