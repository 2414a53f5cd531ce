import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import { listConnections } from '../store/connections.ts';
import { checkFence, releaseLease, renewLease, takeLease } from '../store/lease.ts';
import type { Pool } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { type ConnectionOpener, SLICE_MS } from './run.ts';
import { type UndoRequest, undoSlice } from './undo.ts';

export type Undone = { restored: number; kept: number };

const LEASE_MS = 30_000;
/** What is logged as the run where a person takes back all that a target wrote; runs count from 1. */
const NO_RUN = '0';

/**
 * Takes back what `beginUndo` announced, holding the right to push all along. Killed, it goes on when it is asked for
 * again: what was put back is marked.
 * @throws AppError where a run is writing at this moment
 */
export async function runUndo(
  parts: {
    pool: Pool;
    tenant: Tenant;
    openConnections: ConnectionOpener;
    signal: AbortSignal;
    log: Logger;
  },
  request: UndoRequest,
  onProgress: (sofar: Undone) => void = () => undefined,
): Promise<Undone> {
  const { pool, tenant, signal, log } = parts;
  const lease = await takeLease(pool, tenant, { name: 'push', holder: randomUUID(), lengthMs: LEASE_MS });
  if (!lease) {
    throw new AppError('push_under_way', 'A run is writing to the CRM now. Nothing was taken back yet.', {
      action: 'Ask for the same undo again when the run is done.',
      retryable: true,
    });
  }
  const renewing = setInterval(() => {
    renewLease(pool, tenant, lease, LEASE_MS).catch((error: unknown) =>
      log.warn({ err: error }, 'the lease could not be renewed; another worker may take over'),
    );
  }, LEASE_MS / 3);
  const asOf = new Date();
  const connections = parts.openConnections({ tenant, asOf, signal });
  const undone: Undone = { restored: 0, kept: 0 };
  try {
    const inUse = (await listConnections(pool, tenant)).filter(({ state }) => state === 'connected');
    for (;;) {
      signal.throwIfAborted();
      const { done, counts } = await undoSlice(
        {
          pool,
          tenant,
          run: { id: 'runId' in request ? request.runId : NO_RUN, asOf, options: {}, pins: {} },
          connections: inUse,
          openConnection: (id) => connections.open(id),
          checkFence: (client) => checkFence(client, tenant, lease),
          deadline: performance.now() + SLICE_MS,
          signal,
          log,
        },
        request,
      );
      undone.restored += counts.restored ?? 0;
      undone.kept += counts.kept ?? 0;
      onProgress(undone);
      if (done) return undone;
    }
  } finally {
    clearInterval(renewing);
    await connections.close();
    await releaseLease(pool, tenant, lease);
  }
}
