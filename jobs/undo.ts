import { continueUndo } from '../src/pipeline/push/undo-progress.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';

/** One slice of taking back what was written; put back until it has ended. */
export async function undo(payload: { tenantId: string; undoId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const log = context.log.child({ tenant: tenant.id });
  return await continueUndo({ ...context, tenant, log }, payload.undoId);
}

/** However often it is asked for, it is queued once. */
export async function queueUndo(queue: JobQueue, tenantId: string, undoId: string): Promise<void> {
  await queue.add('undo', { tenantId, undoId }, { jobId: `${tenantId}-undo-${undoId}` });
}
