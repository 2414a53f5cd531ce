import { disconnectSlice } from '../src/pipeline/connection/disconnect.ts';
import { listConnections } from '../src/store/connections.ts';
import { requestRun } from '../src/store/runs.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import { queueSlice } from './advance.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';

/** One slice of a connection's leaving; put back until it is gone. Then what is left is worked out again. */
export async function disconnect(payload: { tenantId: string; connectionId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const log = context.log.child({ tenant: tenant.id });
  const isThere = (await listConnections(context.pool, tenant)).some(({ id }) => id === payload.connectionId);
  const slice = await disconnectSlice({ ...context, tenant, log }, payload.connectionId);
  if (slice.state === 'again') return { againInMs: slice.waitMs };
  if (slice.othersRemain && isThere) {
    const { run } = await requestRun(context.pool, tenant, { asOf: new Date(), requestedBy: 'disconnect' });
    await queueSlice(context.queue, tenant.id, run);
  }
  return undefined;
}

/** However often it is asked for, it is queued once. */
export async function queueDisconnect(
  queue: JobQueue,
  tenantId: string,
  connectionId: string,
): Promise<void> {
  // A colon means something to the queue.
  const jobId = `${tenantId}-disconnect-${connectionId.replaceAll(':', '_')}`;
  await queue.add('disconnect', { tenantId, connectionId }, { jobId });
}
