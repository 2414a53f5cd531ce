import type { UndoPlan } from '../pipeline/push/undo.ts';
import { listConnections } from '../store/connections.ts';
import type { Pool } from '../store/pool.ts';
import { listNewest } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';
import { targetName } from './writes.ts';

/** What an undo would touch, by the names that people know. */
export async function describeUndo(pool: Pool, tenant: Tenant, { records, values, targets }: UndoPlan) {
  const connections = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
  const definitions = new Map(
    (await listNewest(pool, tenant)).map(({ key, definition }) => [key, definition]),
  );
  return {
    records,
    values,
    targets: targets.map((target) => ({
      id: target.id,
      what: targetName(target, definitions.get(target.segmentation)),
      connection: connections.get(target.connectionId) ?? target.connectionId,
    })),
    lists: targets.filter(({ kind }) => kind === 'manual_list' || kind === 'campaign').length,
  };
}
