import { type ConnectionRow, updateConnection } from '../../store/connections.ts';
import { type Pool, transaction } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { RevenueSetting } from '../profile/revenue.ts';
import { reviseRevenue } from '../publish/setup.ts';

/** Says what counts as revenue on a connection; null: every won deal. The next run works out everybody's again. */
export async function changeRevenue(
  pool: Pool,
  tenant: Tenant,
  connection: Pick<ConnectionRow, 'id'>,
  setting: RevenueSetting | null,
): Promise<void> {
  await transaction(pool, async (client) => {
    await updateConnection(client, tenant, connection.id, { config: { revenue: setting } });
    await reviseRevenue(client, tenant);
  });
}
