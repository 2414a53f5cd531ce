import { reapplyErasures } from '../src/privacy/reapply.ts';
import { dropOldMonths, ensureMonths } from '../src/store/partitions.ts';
import { dropOrphans } from '../src/store/retention.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import { tidyTables } from '../src/store/tidy.ts';
import type { JobContext } from './index.ts';

/**
 * Once a day and tenant: the coming month's partitions exist, what is older than the retention is gone, and an
 * embedded store has the room of dead rows back and statistics that fit.
 */
export async function maintain(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const now = new Date();
  await ensureMonths(context.pool, tenant, now);
  const dropped = await dropOldMonths(context.pool, tenant, now);
  const orphans = await dropOrphans(context.pool, tenant);
  // After a backup was restored, or where a record took on the address of somebody erased.
  const erased = context.suppressionKey
    ? await reapplyErasures(context.pool, await context.suppressionKey(), tenant, 'maintain')
    : 0;
  const tidied = await tidyTables(context.pool, tenant);
  context.log.info({ tenant: tenant.id, dropped, orphans, erased, tidied }, 'maintained');
  return undefined;
}
