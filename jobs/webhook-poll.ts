import { connectors } from '../connectors/registry.ts';
import { RateLimitError } from '../src/errors.ts';
import { noticeEvents } from '../src/pipeline/notice.ts';
import { isPolled } from '../src/pipeline/pull/pull.ts';
import { type ConnectionRow, listConnections } from '../src/store/connections.ts';
import { getCursor, saveCursor } from '../src/store/cursors.ts';
import { isLeaseHeld, listenLease } from '../src/store/lease.ts';
import { requestRun } from '../src/store/runs.ts';
import { migrateTenant, type Tenant } from '../src/store/tenant.ts';
import { queueSlice } from './advance.ts';
import type { JobContext } from './index.ts';
import { startRefresh } from './webhook-refresh.ts';

/** An account that tells by itself is looked at all the same, more slowly: it does not tell of everything. */
const LISTENED_TO_MS = 9 * 60_000;

/**
 * Every few minutes, where a CRM does not tell what happens: a look at what changed, and only where something did,
 * a refresh that takes it through to the labels.
 */
export async function poll(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  const polled = (await listConnections(context.pool, tenant)).filter(({ state, system }) => {
    const connector = connectors[system];
    return state === 'connected' && connector !== undefined && isPolled(connector);
  });
  const looks = await Promise.allSettled(polled.map((row) => lookAt(context, tenant, row)));
  const failed = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason] : []));
  if (failed.length > 1) throw new AggregateError(failed, `${failed.length} accounts were not looked at.`);
  if (failed.length === 1) throw failed[0];
  return undefined;
}

/** Asks all that are polled for changes, in their order. False where a refresh is under way: it is left to end. */
export async function askForChanges(context: JobContext, tenant: Tenant): Promise<boolean> {
  const { run, isNew } = await requestRun(context.pool, tenant, {
    kind: 'refresh',
    asOf: new Date(),
    options: { poll: true },
    requestedBy: 'poll',
  });
  if (isNew) await queueSlice(context.queue, tenant.id, run);
  return isNew;
}

async function lookAt(context: JobContext, tenant: Tenant, row: ConnectionRow): Promise<void> {
  const { pool, queue, signal, log } = context;
  const key = { connectionId: row.id, object: 'contact', purpose: 'looked' } as const;
  const last = await getCursor(pool, tenant, key);
  const isRecent = last !== null && Date.now() - last.updatedAt.getTime() < LISTENED_TO_MS;
  if (isRecent && (await isLeaseHeld(pool, tenant, listenLease(row.id)))) return;
  const connections = context.openConnections({ tenant, asOf: new Date(), signal });
  try {
    const { connector, context: crm } = await connections.open(row.id);
    if (connector.look === undefined) {
      await askForChanges(context, tenant);
      return;
    }
    const heard = await connector.look.ask(crm, { position: last?.value ?? null });
    const events = heard.events.map((event) => ({ ...event, accountId: row.accountId }));
    if (heard.missed) {
      // Where that can't be now, the next look finds the same again.
      if (!(await askForChanges(context, tenant))) return;
    } else {
      const noticed = await noticeEvents(pool, row.system, events);
      for (const { tenant: who } of noticed) await startRefresh(pool, queue, who, 'poll');
    }
    await saveCursor(pool, tenant, key, { value: heard.position, done: false });
    log.debug({ connection: row.id, events: events.length, missed: heard.missed }, 'looked');
  } catch (error) {
    // The worker stops; the next look finds the same again.
    if (signal.aborted) return;
    // The calls of the day are used up: a look must not wait for them.
    if (!(error instanceof RateLimitError)) throw error;
    log.info({ connection: row.id, err: error }, 'not looked at for want of calls');
  } finally {
    await connections.close();
  }
}
