import { noteAllDirty } from '../store/dirty.ts';
import { type Pool, transaction } from '../store/pool.ts';
import { type Tenant, type TenantChange, updateTenant } from '../store/tenant.ts';
import { dropOwnRates } from './profile/own-rates.ts';
import { reviseRevenue } from './publish/setup.ts';

/** Changes a company's settings, and notes what has to be worked out again for them with the next run. */
export function changeTenant(pool: Pool, tenant: Tenant, change: TenantChange): Promise<Tenant> {
  return transaction(pool, async (client) => {
    const changed = await updateTenant(client, tenant.id, change);
    if (changed.currency !== tenant.currency) {
      await dropOwnRates(client, tenant);
      await reviseRevenue(client, tenant);
    }
    if (changed.policy.precedence !== tenant.policy.precedence) {
      await noteAllDirty(client, tenant, 'profile', 'person');
      await noteAllDirty(client, tenant, 'profile', 'company');
    }
    return changed;
  });
}
