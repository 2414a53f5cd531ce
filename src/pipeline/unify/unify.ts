import type { Json } from '../../../connectors/contract.ts';
import type { ObjectType } from '../../model/record.ts';
import { joinByHash } from '../../store/plans.ts';
import { type Queryable, transaction } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { SliceResult, StageContext } from '../stage.ts';
import { anyReferences, type RankedConnection } from './closure.ts';
import { unifyDeals } from './unify-deals.ts';
import { unifyRecords } from './unify-records.ts';

/** Touched records looked at in one transaction; on an embedded store it takes well under 250 ms. */
const UNIFY_BATCH = 1_000;

/**
 * Works out which records are one subject, for touched records only. Companies first, then contacts, then deals:
 * each marks records of the later ones as touched where they hang on it, so the stage has no position of its own.
 */
export async function unifySlice(work: StageContext, _position: Json): Promise<SliceResult> {
  const counts: Record<string, number> = {};
  const connections = await rankedConnections(work);
  for (const object of ['company', 'contact', 'deal'] as const) {
    let created = 0;
    const hasReferences = await anyReferences(work.pool, work.tenant, object);
    for (;;) {
      if (performance.now() >= work.deadline || work.signal.aborted)
        return { position: {}, done: false, counts };
      const { records, ...changes } = await unifyBatch(work, object, { connections, hasReferences });
      if (records === 0) break;
      created += changes.created;
      for (const [name, value] of Object.entries({ records, ...changes })) {
        if (value > 0) counts[`${object}.${name}`] = (counts[`${object}.${name}`] ?? 0) + value;
      }
    }
    if (created >= UNIFY_BATCH) await gatherStatistics(work, object);
  }
  return { position: {}, done: true, counts };
}

/** After many new subjects: the next statements join these tables, and nothing else tells how large they are. */
async function gatherStatistics(work: StageContext, object: ObjectType): Promise<void> {
  const tables = {
    company: ['company', 'company_record'],
    contact: ['person', 'contact_record'],
    deal: ['deal', 'deal_record', 'deal_person'],
  }[object];
  for (const table of tables) await work.pool.query(`analyze ${work.tenant.schema}.${table}`);
}

export type UnifyCounts = { records: number; created: number; absorbed: number; removed: number };

function unifyBatch(
  work: StageContext,
  object: ObjectType,
  known: { connections: RankedConnection[]; hasReferences: boolean },
): Promise<UnifyCounts> {
  return transaction(work.pool, async (client) => {
    await keepPagesOut(client, work.tenant);
    await work.checkFence(client);
    await joinByHash(client);
    const scene = { db: client, tenant: work.tenant, limit: UNIFY_BATCH, ...known };
    return object === 'deal' ? unifyDeals(scene) : unifyRecords({ ...scene, object });
  });
}

/**
 * A page of the pull locks records in the order of their ids, a batch in that of who belongs together: each would wait
 * for the other. Before the fence, as whoever stops all writers locks their leases in the order of their names.
 */
async function keepPagesOut(client: Queryable, { schema }: Tenant): Promise<void> {
  await client.query(`select from ${schema}.lease where name = 'pull' for update`);
}

/** All connections that records may come from, those waiting for a person too, best rank first. */
async function rankedConnections(work: StageContext): Promise<RankedConnection[]> {
  const { rows } = await work.pool.query<RankedConnection>(
    'select id, system, mode from app.connection where tenant_id = $1 order by rank, created_at, id',
    [work.tenant.id],
  );
  return rows;
}
