import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectors } from '../connectors/registry.ts';
import { AppError } from '../src/errors.ts';
import { noticeEvents } from '../src/pipeline/notice.ts';
import { type ConnectionRow, listConnections } from '../src/store/connections.ts';
import { getCursor, saveCursor } from '../src/store/cursors.ts';
import { type Lease, listenLease, releaseLease, takeLease } from '../src/store/lease.ts';
import { listTenants, type Tenant } from '../src/store/tenant.ts';
import type { JobContext } from './index.ts';
import { askForChanges } from './webhook-poll.ts';
import { startRefresh } from './webhook-refresh.ts';

/** How often a worker looks for connections that nobody listens to. */
const LOOK_MS = 5_000;
/** A dead listener's place is free after this time. */
const LEASE_MS = 30_000;
/** After an error, and where the account tells nothing: an admin may allow it meanwhile. */
const REST_MS = 15_000;
const REFUSED_REST_MS = 5 * 60_000;
/** How soon to ask again where a refresh is under way. */
const ASK_AGAIN_MS = 1_000;

type ListenTimes = { lookMs?: number | undefined; leaseMs?: number | undefined };

/** Listens to every connection that tells by itself, one worker for each, until closed. */
export function startListening(context: JobContext, times: ListenTimes = {}): { close(): Promise<void> } {
  const { pool, log } = context;
  const leaseMs = times.leaseMs ?? LEASE_MS;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const holder = randomUUID();
  const listening = new Map<string, Promise<void>>();
  const restUntil = new Map<string, number>();

  const look = async () => {
    for (const tenant of await listTenants(pool)) {
      for (const row of await listConnections(pool, tenant)) {
        if (row.state !== 'connected' || connectors[row.system]?.listen === undefined) continue;
        if (signal.aborted || listening.has(row.id) || (restUntil.get(row.id) ?? 0) > Date.now()) continue;
        const lease = await takeLease(pool, tenant, { name: listenLease(row.id), holder, lengthMs: leaseMs });
        if (lease) listening.set(row.id, hold(tenant, row, lease));
      }
    }
  };
  const hold = async (tenant: Tenant, row: ConnectionRow, lease: Lease) => {
    const own = new AbortController();
    const renewing = setInterval(() => {
      takeLease(pool, tenant, { ...lease, lengthMs: leaseMs })
        .then((held) => held ?? own.abort())
        .catch((error: unknown) => log.warn({ err: error }, 'the right to listen was not renewed'));
    }, leaseMs / 3);
    let restMs = REST_MS;
    try {
      await listenTo({ ...context, signal: AbortSignal.any([signal, own.signal]) }, tenant, row);
    } catch (error) {
      if (!signal.aborted && !own.signal.aborted) {
        const isAllowed = !(error instanceof AppError && error.code === 'changes_not_allowed');
        if (!isAllowed) restMs = REFUSED_REST_MS;
        // Most accounts allow it nobody: no fault, and nothing that where it was thrown would tell.
        log.info(
          { connection: row.id, ...(isAllowed ? { err: error } : { reason: error.message }) },
          'does not listen for a while; changes are asked for',
        );
      }
    } finally {
      clearInterval(renewing);
      await releaseHeld(tenant, lease).catch((error: unknown) =>
        log.warn({ err: error, connection: row.id }, 'a place to listen stays taken for a while'),
      );
      restUntil.set(row.id, Date.now() + restMs);
      listening.delete(row.id);
    }
  };
  // Renewals count the fence up; the row is this holder's or nobody's to give back.
  const releaseHeld = async (tenant: Tenant, { name }: Lease) => {
    const held = await takeLease(pool, tenant, { name, holder, lengthMs: 0 });
    if (held) await releaseLease(pool, tenant, held);
  };

  const looking = (async () => {
    while (!signal.aborted) {
      await look().catch((error: unknown) =>
        log.error({ err: error }, 'could not look for whom to listen to'),
      );
      await sleep(times.lookMs ?? LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await looking;
      await Promise.all(listening.values());
    },
  };
}

/** Notes what a connection tells, as a webhook would, until the signal ends it or the connection fails. */
async function listenTo(context: JobContext, tenant: Tenant, row: ConnectionRow): Promise<void> {
  const { pool, queue, signal, log } = context;
  const connections = context.openConnections({ tenant, asOf: new Date(), signal });
  try {
    const { connector, context: crm } = await connections.open(row.id);
    if (!connector.listen) return;
    const key = { connectionId: row.id, object: 'contact', purpose: 'heard' } as const;
    const position = (await getCursor(pool, tenant, key))?.value ?? null;
    for await (const heard of connector.listen(crm, { position })) {
      const events = heard.events.map((event) => ({ ...event, accountId: row.accountId }));
      const noticed = await noticeEvents(pool, row.system, events);
      // A refresh under way may be past what was missed: it is left to end first.
      while (heard.missed && !(await askForChanges(context, tenant)))
        await sleep(ASK_AGAIN_MS, undefined, { signal });
      // After the notes: killed in between, the same events come again, which does no harm.
      await saveCursor(pool, tenant, key, { value: heard.position, done: false });
      for (const { tenant: who } of noticed) await startRefresh(pool, queue, who);
      log.debug({ connection: row.id, events: events.length, allowed: heard.allowed }, 'heard');
    }
  } finally {
    await connections.close();
  }
}
