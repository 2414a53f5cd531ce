import { requestRun } from '../src/store/runs.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import { queueSlice } from './advance.ts';
import type { JobContext } from './index.ts';

/**
 * Every few minutes, where a CRM does not tell what happens: asks it for what changed and takes that through to the
 * labels. A refresh that is under way is left to end; the next look finds the same changes.
 */
export async function poll(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const { run, isNew } = await requestRun(context.pool, tenant, {
    kind: 'refresh',
    asOf: new Date(),
    options: { poll: true },
    requestedBy: 'poll',
  });
  if (isNew) await queueSlice(context.queue, tenant.id, run);
  return undefined;
}
