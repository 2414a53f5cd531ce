import { dropOldMonths, ensureMonths } from '../src/store/partitions.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import type { JobContext } from './index.ts';

/** Once a day and tenant: the coming month's partitions exist, what is older than the retention is gone. */
export async function maintain(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const now = new Date();
  await ensureMonths(context.pool, tenant, now);
  const dropped = await dropOldMonths(context.pool, tenant, now);
  context.log.info({ tenant: tenant.id, dropped }, 'maintained');
  return undefined;
}
