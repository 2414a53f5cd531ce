import { checkConnection, throughConnector } from '../../src/pipeline/push/check.ts';
import type { TestDatabase } from '../database.ts';
import { MemoryCrm } from './memory-crm.ts';
import { emptyTenant, setUp, workOn } from './stages.ts';
import type { Scope } from './whole-run.ts';

/** The database's tenant, emptied, on one CRM in memory, whose connection is `crm`. */
export async function oneCrm(
  db: TestDatabase,
  shape: Partial<Pick<MemoryCrm, 'pageSize' | 'batch' | 'defaultTargets'>> = {},
): Promise<{ crm: MemoryCrm; scope: Scope }> {
  await emptyTenant(db.pool, db.tenant);
  const crm = Object.assign(new MemoryCrm(), shape);
  const scope = { pool: db.pool, tenant: structuredClone(db.tenant), connections: [{ id: 'crm', crm }] };
  await setUp(db.pool, db.tenant, scope.connections);
  return { crm, scope };
}

/** Records of that CRM that show something else than the store says they should. */
export async function mismatches({ pool, tenant, connections }: Scope): Promise<number> {
  const open = await workOn(pool, tenant, connections).openConnection('crm');
  return (await checkConnection(pool, tenant, 'crm', throughConnector(open), new Date())).mismatches;
}
