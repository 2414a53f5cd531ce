import type { Logger } from 'pino';
import { AppError } from '../../errors.ts';
import { listConnections } from '../../store/connections.ts';
import { pushLease } from '../../store/lease.ts';
import type { Pool } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { type ConnectionOpener, SLICE_MS } from '../run.ts';
import { withLeases } from '../with-leases.ts';
import { type UndoRequest, undoSlice } from './undo.ts';

export type Undone = { restored: number; kept: number };

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
  const asOf = new Date();
  const undone: Undone = { restored: 0, kept: 0 };
  const inUse = (await listConnections(pool, tenant)).filter(({ state }) => state === 'connected');
  const ended = await withLeases(
    parts,
    inUse.map(({ id }) => pushLease(id)),
    async (checkFence) => {
      const connections = parts.openConnections({ tenant, asOf, signal });
      try {
        for (;;) {
          signal.throwIfAborted();
          const { done, counts } = await undoSlice(
            {
              pool,
              tenant,
              run: { id: 'runId' in request ? request.runId : NO_RUN, asOf, options: {}, pins: {} },
              connections: inUse,
              openConnection: (id) => connections.open(id),
              checkFence,
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
        await connections.close();
      }
    },
  );
  if (ended) return ended;
  throw new AppError('push_under_way', 'A run is writing to the CRM now. Nothing was taken back yet.', {
    action: 'Ask for the same undo again when the run is done.',
    retryable: true,
  });
}
