import { type ConnectionRow, getConnection, updateConnection } from '../../store/connections.ts';
import { noteAllDirty } from '../../store/dirty.ts';
import { type Pool, transaction } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { nameValues } from '../../store/value-names.ts';
import { reviseRevenue } from '../publish/setup.ts';

/** Changes what people say of a connection. Another rank decides anew which copy of a deal, or which value, counts. */
export function changeConnection(
  pool: Pool,
  tenant: Tenant,
  before: ConnectionRow,
  change: { name?: string | undefined; rank?: number | undefined; mayCreate?: boolean | undefined },
): Promise<ConnectionRow> {
  const { name, rank, mayCreate } = change;
  return transaction(pool, async (client) => {
    await updateConnection(client, tenant, before.id, {
      ...(name !== undefined && { name }),
      ...(rank !== undefined && { rank }),
      ...(mayCreate !== undefined && { config: { mayCreate } }),
    });
    if (rank !== undefined && rank !== before.rank) {
      await reviseRevenue(client, tenant);
      await nameValues(client, tenant);
      if (tenant.policy.precedence === 'rank')
        for (const subject of ['person', 'company'] as const)
          await noteAllDirty(client, tenant, 'profile', subject);
    }
    return getConnection(client, tenant, before.id);
  });
}
