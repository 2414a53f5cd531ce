import { prepareDueReports } from '../src/pipeline/review/report.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import type { JobContext } from './index.ts';

/** Once a day and tenant: the reports of the segmentations whose review date has come. */
export async function review(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const prepared = await prepareDueReports(context.pool, tenant, new Date());
  context.log.info({ tenant: tenant.id, prepared }, 'reviews prepared');
  return undefined;
}
