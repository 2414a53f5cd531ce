import { prepareDueReports } from '../src/pipeline/review/report.ts';
import { withLeases } from '../src/pipeline/with-leases.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import type { JobContext } from './index.ts';

/** How soon to look again where another worker is at it; it may have died. */
const BUSY_MS = 5_000;

/** Once a day and tenant: the reports of the segmentations whose review date has come. */
export async function review(payload: { tenantId: string }, { pool, log }: Pick<JobContext, 'pool' | 'log'>) {
  const tenant = await migrateTenant(pool, payload.tenantId);
  // One at a time, or two would prepare the same.
  const prepared = await withLeases({ pool, tenant, log }, ['review'], () =>
    prepareDueReports(pool, tenant, new Date()),
  );
  if (prepared === null) return { againInMs: BUSY_MS };
  log.info({ tenant: tenant.id, prepared }, 'reviews prepared');
  return undefined;
}
