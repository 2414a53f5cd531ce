import { erase } from '../src/privacy/erase.ts';
import type { Pool } from '../src/store/pool.ts';
import { type Run, requestRun } from '../src/store/runs.ts';
import { migrateTenant, type Tenant } from '../src/store/tenant.ts';
import {
  clearErasureRequest,
  forgottenNotes,
  hasNotes,
  listErasureRequests,
} from '../src/store/webhook-notes.ts';
import { queueSlice } from './advance.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';

/** Notes older than this that nobody works on were forgotten: whoever took them down was killed. */
const GRACE_MS = 10_000;
/** The longest that erasing goes on before others have a turn. */
const ERASE_MS = 5_000;
/** A refresh that failed is not tried again before. */
const REST_MS = 5 * 60_000;

/**
 * Begins to read again what was noted. A refresh that is under way takes these notes along, or begins another when
 * it ends: however many events come, one runs at a time.
 */
export async function startRefresh(
  pool: Pool,
  queue: JobQueue,
  tenant: Tenant,
  requestedBy = 'webhook',
): Promise<void> {
  const { run, isNew } = await requestRun(pool, tenant, {
    kind: 'refresh',
    asOf: new Date(),
    requestedBy,
  });
  if (isNew) await queueSlice(queue, tenant.id, run);
}

/** A refresh has ended: what was noted after it had read begins the next. */
export async function refreshAgain(pool: Pool, queue: JobQueue, tenant: Tenant, ended: Run): Promise<void> {
  if (ended.kind !== 'refresh' || ended.state !== 'done') return;
  if (await hasNotes(pool, tenant)) await startRefresh(pool, queue, tenant);
}

/** However often it is asked for, it is queued once; what is noted while it works, the next tick finds. */
export async function queueErasures(queue: JobQueue, tenant: Tenant): Promise<void> {
  await queue.add('erase', { tenantId: tenant.id }, { jobId: `${tenant.id}-erase` });
}

/** Postgres is the truth: what was noted and never begun is begun now. */
export async function recallNotes(pool: Pool, queue: JobQueue, tenant: Tenant): Promise<void> {
  const forgotten = await forgottenNotes(pool, tenant, { graceMs: GRACE_MS, restMs: REST_MS });
  if (forgotten.refresh) await startRefresh(pool, queue, tenant);
  if (forgotten.erase) await queueErasures(queue, tenant);
}

/** Erases the contacts that a CRM deleted for privacy's sake, with all that is held of those people: one slice of it. */
export async function eraseRequested(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  if (!context.suppressionKey) return undefined;
  const key = await context.suppressionKey();
  const requests = await listErasureRequests(context.pool, tenant);
  const deadline = performance.now() + (context.sliceMs ?? ERASE_MS);
  let erased = 0;
  for (const request of requests) {
    await erase(
      context.pool,
      key,
      tenant,
      { record: request },
      { by: 'the CRM', reason: 'deleted for privacy in the CRM', all: true },
    );
    await clearErasureRequest(context.pool, tenant, request);
    erased += 1;
    if (context.signal.aborted || performance.now() >= deadline) break;
  }
  context.log.info({ tenant: tenant.id, erased }, 'erased what the CRM deleted for privacy');
  return erased < requests.length ? { againInMs: 0 } : undefined;
}
