import { reapplyErasures } from '../src/privacy/reapply.ts';
import { dropOldMonths, ensureMonths } from '../src/store/partitions.ts';
import { dropOrphans } from '../src/store/retention.ts';
import { migrateTenant, type Tenant } from '../src/store/tenant.ts';
import { tidyTables } from '../src/store/tidy.ts';
import { addMissingIndexes } from '../src/store/value-index.ts';
import type { JobContext } from './index.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** Once a day and tenant: see upkeep. */
export async function maintain(
  payload: { tenantId: string },
  context: Pick<JobContext, 'pool' | 'log' | 'suppressionKey'>,
) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  return oneAtATime(context, tenant, 'maintain', async () => {
    context.log.info({ tenant: tenant.id, ...(await upkeep(tenant, context)) }, 'maintained');
    return undefined;
  });
}

/**
 * The coming month's partitions exist, what is older than the retention is gone, who was erased stays so, customers
 * are found by their value, and an embedded store has the room of dead rows back and statistics that fit.
 */
async function upkeep(tenant: Tenant, { pool, suppressionKey }: Pick<JobContext, 'pool' | 'suppressionKey'>) {
  const now = new Date();
  await ensureMonths(pool, tenant, now);
  const dropped = await dropOldMonths(pool, tenant, now);
  const orphans = await dropOrphans(pool, tenant);
  // After a backup was restored, or where a record took on the address of somebody erased.
  const erased = suppressionKey ? await reapplyErasures(pool, await suppressionKey(), tenant, 'maintain') : 0;
  const indexed = await addMissingIndexes(pool, tenant);
  const tidied = await tidyTables(pool, tenant);
  return { dropped, orphans, erased, indexed, tidied };
}
