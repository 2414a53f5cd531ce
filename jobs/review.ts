import { prepareDueReports, REVIEW_LEASE } from '../src/pipeline/review/report.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import type { JobContext } from './index.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** Once a day and tenant: the reports of the segmentations whose review date has come, each prepared once. */
export async function review(payload: { tenantId: string }, context: Pick<JobContext, 'pool' | 'log'>) {
  const { pool, log } = context;
  const tenant = await migrateTenant(pool, payload.tenantId);
  return oneAtATime(context, tenant, REVIEW_LEASE, async () => {
    const prepared = await prepareDueReports(pool, tenant, new Date());
    log.info({ tenant: tenant.id, prepared }, 'reviews prepared');
    return undefined;
  });
}
