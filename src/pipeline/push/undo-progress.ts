import { type AppError, InputError, RateLimitError } from '../../errors.ts';
import { type ConnectionRow, listConnections } from '../../store/connections.ts';
import { toKnownError } from '../../store/fault.ts';
import { pushLease } from '../../store/lease.ts';
import type { Pool } from '../../store/pool.ts';
import { activeRun } from '../../store/runs.ts';
import type { TargetRow } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import { addUndo, advanceUndo, getUndo, type UndoRow } from '../../store/undos.ts';
import { SLICE_MS, type SliceParts } from '../run.ts';
import { type CheckFence, withLeases } from '../with-leases.ts';
import { beginUndo, planUndo, type UndoRequest } from './undo.ts';
import { undoSlice } from './undo-slice.ts';

/** How soon to look again for the right to push. */
const BUSY_MS = 250;
const RETRY_MS = 10_000;
/** Logged as the run where a person takes back all that a target wrote; runs count from 1. */
const NO_RUN = '0';

/**
 * Pauses the targets and notes the work; a job carries it out slice by slice.
 * @throws InputError where a run is under way, nothing is left or a CRM can't be written to, ConflictError where another undo is under way
 */
export async function requestUndo(
  pool: Pool,
  tenant: Tenant,
  request: UndoRequest,
  by: string,
): Promise<UndoRow> {
  const run = await activeRun(pool, tenant);
  if (run) {
    throw new InputError('run_under_way', `Run ${run.id} is under way. Nothing was taken back.`, {
      action: 'Wait for its end, or cancel it first.',
    });
  }
  let undo: UndoRow | undefined;
  await beginUndo(pool, tenant, request, by, async (client, { values, targets }) => {
    requireConnected(await listConnections(client, tenant), targets, 'Nothing was taken back.');
    undo = await addUndo(client, tenant, { request, requestedBy: by, total: values });
  });
  if (undo) return undo;
  throw new Error('an undo began and was not noted');
}

/** What could not be written to is not "taken back": it would stay in the CRM, and nobody would be told. */
function requireConnected(
  connections: readonly ConnectionRow[],
  targets: readonly TargetRow[],
  sofar: string,
): void {
  const wanted = new Set(targets.map(({ connectionId }) => connectionId));
  const [broken] = connections.filter(({ id, state }) => wanted.has(id) && state !== 'connected');
  if (!broken) return;
  throw new InputError(
    'connection_broken',
    `${broken.name} can't be written to: ${broken.reason?.message ?? broken.state} ${sofar}`,
    {
      action: `Connect ${broken.name} again first; or take back the targets of other connections, one by one.`,
    },
  );
}

/** One slice of an undo under way. `againInMs` says when the next is due; undefined: it has ended. */
export async function continueUndo(
  parts: SliceParts,
  undoId: string,
): Promise<{ againInMs: number } | undefined> {
  const { pool, tenant } = parts;
  const undo = await getUndo(pool, tenant, undoId);
  if (undo.endedAt) return undefined;
  const inUse = (await listConnections(pool, tenant)).filter(({ state }) => state === 'connected');
  const slice = await withLeases(
    parts,
    inUse.map(({ id }) => pushLease(id)),
    async (checkFence) => ({ next: await undoOnce(parts, undo, inUse, checkFence) }),
    { asks: true },
  );
  return slice ? slice.next : { againInMs: BUSY_MS };
}

async function undoOnce(
  { pool, tenant, signal, log, openConnections, sliceMs }: SliceParts,
  { id: undoId, request }: UndoRow,
  inUse: ConnectionRow[],
  checkFence: CheckFence,
): Promise<{ againInMs: number } | undefined> {
  const asOf = new Date();
  const connections = openConnections({ tenant, asOf, signal });
  const noteTrouble = (thrown: unknown) => {
    const { code, message, action } = toKnownError(thrown);
    log.warn({ err: thrown, undo: undoId }, 'a slice of an undo failed');
    return { code, message, action, since: asOf.toISOString() };
  };
  const advance = (slice: Partial<Parameters<typeof advanceUndo>[3]>) =>
    advanceUndo(pool, tenant, undoId, { restored: 0, kept: 0, ended: false, reason: null, ...slice });
  try {
    const { done, counts, failures, isCut } = await undoSlice(
      {
        pool,
        tenant,
        run: { id: 'runId' in request ? request.runId : NO_RUN, asOf, options: {}, pins: {} },
        connections: inUse,
        openConnection: (id) => connections.open(id),
        checkFence,
        deadline: performance.now() + (sliceMs ?? SLICE_MS),
        signal,
        log,
      },
      request,
    );
    if (signal.aborted) {
      await advance(counts);
      return { againInMs: 0 };
    }
    if (failures.length > 0) {
      const [first] = failures;
      const errors = failures.map(toKnownError);
      // The others go to their end first; then it is tried again wherever that may help.
      const ended = !isCut && !errors.some(({ retryable }) => retryable);
      await advance({ ...counts, ended, reason: noteTrouble(first) });
      return ended ? undefined : { againInMs: isCut ? 0 : Math.min(...errors.map(restMs)) };
    }
    await advance(counts);
    if (!done) return { againInMs: 0 };
    // A connection that lost its access meanwhile was passed over.
    const { values, targets } = await planUndo(pool, tenant, request);
    if (values > 0)
      requireConnected(await listConnections(pool, tenant), targets, `${values} values wait there.`);
    await advance({ ended: true });
    return undefined;
  } catch (thrown) {
    if (signal.aborted) return { againInMs: 0 };
    const error = toKnownError(thrown);
    await advance({ ended: !error.retryable, reason: noteTrouble(thrown) });
    return error.retryable ? { againInMs: restMs(error) } : undefined;
  } finally {
    await connections.close();
  }
}

const restMs = (error: AppError): number => (error instanceof RateLimitError ? error.retryAfterMs : RETRY_MS);

/** How far an undo has come; `left` is counted in the log itself, so that it is right after a kill too. */
export async function undoProgress(
  pool: Pool,
  tenant: Tenant,
  id: string,
): Promise<UndoRow & { left: number }> {
  const undo = await getUndo(pool, tenant, id);
  const left = undo.endedAt ? 0 : (await planUndo(pool, tenant, undo.request)).values;
  return { ...undo, left };
}
