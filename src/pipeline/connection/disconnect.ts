import { AuthError, ConfigError, RateLimitError } from '../../errors.ts';
import { addAudit } from '../../store/audit.ts';
import { buryRecords, dropConnectionRows } from '../../store/connection-data.ts';
import {
  type ConnectionRow,
  deleteConnection,
  dropSecret,
  listConnections,
  setConnectionState,
} from '../../store/connections.ts';
import { toKnownError } from '../../store/fault.ts';
import { pushLease } from '../../store/lease.ts';
import { type Queryable, transaction } from '../../store/pool.ts';
import { ALL_SEGMENTATIONS, listTargets } from '../../store/targets.ts';
import { emptyTenant } from '../../store/tenant.ts';
import { nameValues } from '../../store/value-names.ts';
import { type ConnectionOpener, SLICE_MS, type SliceParts } from '../run.ts';
import type { StageContext } from '../stage.ts';
import { unifySlice } from '../unify/unify.ts';
import { fenced, withLeases } from '../with-leases.ts';
import { clearSlice } from './clear-values.ts';
import { type Leaving, leavingOf, saveProgress } from './leaving.ts';

const BUSY_MS = 250;
const RETRY_MS = 15_000;
/** Rows in one statement: well under 250 ms on an embedded store. */
const ROWS_AT_ONCE = 1_000;

/** `again`: the next slice is due after so many milliseconds. `gone`: it has ended, and others remain to work with. */
export type Disconnected = { state: 'again'; waitMs: number } | { state: 'gone'; othersRemain: boolean };

/**
 * One slice of a connection's leaving: clear or remove what is ours in the CRM, end our right to it, take its records
 * out of what was unified, delete its rows. Safe to kill and to repeat at any point.
 */
export async function disconnectSlice(parts: SliceParts, connectionId: string): Promise<Disconnected> {
  const { pool, tenant } = parts;
  const connections = await listConnections(pool, tenant);
  const connection = connections.find(({ id }) => id === connectionId);
  const leaving = connection && leavingOf(connection);
  if (!connection || !leaving) return { state: 'gone', othersRemain: connections.length > 0 };
  // No run reads or works out meanwhile, and none writes to what leaves; the other connections are written to.
  const leases = ['pull', pushLease(connectionId), 'subjects'];
  const slice = await withLeases(
    parts,
    leases,
    async (checkFence) => {
      const opener = parts.openConnections({ tenant, asOf: new Date(), signal: parts.signal });
      try {
        const deadline = performance.now() + (parts.sliceMs ?? SLICE_MS);
        return await advance(parts, { opener, checkFence, deadline }, connection, leaving);
      } finally {
        await opener.close();
      }
    },
    { asks: true },
  );
  return slice ?? { state: 'again', waitMs: BUSY_MS };
}

type Work = Pick<StageContext, 'checkFence' | 'deadline'> & { opener: ReturnType<ConnectionOpener> };

async function advance(
  parts: SliceParts,
  work: Work,
  connection: ConnectionRow,
  leaving: Leaving,
): Promise<Disconnected> {
  const { pool, tenant } = parts;
  try {
    const next = await step(parts, work, connection, leaving);
    if (next === 'gone') return { state: 'gone', othersRemain: await finish(parts, connection, leaving) };
    await saveProgress(pool, tenant, connection, next.leaving);
    return { state: 'again', waitMs: next.waitMs ?? 0 };
  } catch (error) {
    if (parts.signal.aborted) return { state: 'again', waitMs: 0 };
    const known = toKnownError(error);
    parts.log.warn({ connection: connection.id, err: error }, 'a disconnection waits');
    await setConnectionState(pool, tenant, connection.id, 'disconnected', {
      code: known.code,
      message: `${known.message} The disconnection waits and is tried again.`,
      action: 'Nothing to do, or disconnect again without asking the CRM.',
    });
    return { state: 'again', waitMs: known instanceof RateLimitError ? known.retryAfterMs : RETRY_MS };
  }
}

async function step(
  parts: SliceParts,
  work: Work,
  connection: ConnectionRow,
  leaving: Leaving,
): Promise<'gone' | { leaving: Leaving; waitMs?: number | undefined }> {
  const on = { pool: parts.pool, checkFence: work.checkFence };
  switch (leaving.phase) {
    case 'clear': {
      const { done, waitMs, ...rest } = await clearSlice(
        stageContext(parts, work, [connection]),
        connection.id,
        leaving,
      );
      return { leaving: { ...leaving, ...rest, ...(done && { phase: 'uninstall' }) }, waitMs };
    }
    case 'uninstall':
      return { leaving: { ...(await leaveCrm(parts, work, connection, leaving)), phase: 'unify' } };
    case 'unify': {
      while (performance.now() < work.deadline) {
        const buried = await fenced(on, (client) =>
          buryRecords(client, parts.tenant, connection.id, ROWS_AT_ONCE),
        );
        if (buried > 0) continue;
        const { done } = await unifySlice(stageContext(parts, work, []), {});
        if (done) return { leaving: { ...leaving, phase: 'drop' } };
      }
      return { leaving };
    }
    case 'drop': {
      while (performance.now() < work.deadline) {
        const dropped = await fenced(on, (client) =>
          dropConnectionRows(client, parts.tenant, connection.id, ROWS_AT_ONCE),
        );
        if (dropped === 0) return 'gone';
      }
      return { leaving };
    }
  }
}

/** Removes what is ours in the CRM as far as was asked, then ends our right to it. */
async function leaveCrm(
  parts: SliceParts,
  work: Work,
  connection: ConnectionRow,
  leaving: Leaving,
): Promise<Leaving> {
  const { pool, tenant } = parts;
  const targets = await listTargets(pool, tenant, { connectionId: connection.id });
  const ours = targets.filter(({ remote }) => remote !== null);
  const named = ours.map(
    ({ kind, object, segmentation, segment }) =>
      `${kind.replaceAll('_', ' ')} of ${object} records${
        segmentation === ALL_SEGMENTATIONS ? '' : ` for ${segmentation}${segment ? `.${segment}` : ''}`
      }`,
  );
  const done = [
    ...leaving.done,
    ...(leaving.cleared > 0 ? [`values of ${leaving.cleared} records cleared`] : []),
  ];
  const stays = [
    ...leaving.stays,
    ...(leaving.refused > 0 ? [`${leaving.refused} values that the CRM did not let us clear`] : []),
  ];
  if (leaving.withoutCrm) {
    await dropSecret(pool, tenant, connection.id);
    return {
      ...leaving,
      done: [...done, 'our token deleted here'],
      stays: [...stays, ...named, 'the app itself, which an admin removes in the CRM'],
    };
  }
  try {
    const { connector, context, revoke } = await work.opener.open(connection.id);
    const left = await connector.uninstall?.(context, {
      keep: leaving.keep === 'nothing' ? 'nothing' : 'values',
      remotes: ours.map(({ kind, object, remote }) => ({ kind, object, remote })),
    });
    await revoke?.();
    await dropSecret(pool, tenant, connection.id);
    return {
      ...leaving,
      done: [...done, ...(left?.done ?? [])],
      stays: [...stays, ...(left ? left.stays : named)],
    };
  } catch (error) {
    if (!(error instanceof AuthError) && !(error instanceof ConfigError)) throw error;
    // Somebody removed the app in the CRM: nothing there is in our reach any more.
    await dropSecret(pool, tenant, connection.id);
    return {
      ...leaving,
      done: [...done, 'our token deleted here; the CRM had ended it before'],
      stays: [...stays, ...named],
    };
  }
}

/** Deletes the connection, with a receipt in the log; the last one takes everything with it. */
async function finish(
  { pool, tenant }: SliceParts,
  connection: ConnectionRow,
  { by, keep, done, stays }: Leaving,
): Promise<boolean> {
  // Asked again with everybody kept out: another account may be connected at this very moment.
  const isLast = async (db: Queryable) => (await listConnections(db, tenant)).length <= 1;
  const othersRemain = !(await isLast(pool)) || !(await emptyTenant(pool, tenant, isLast));
  await transaction(pool, async (client) => {
    await deleteConnection(client, tenant, connection.id);
    if (othersRemain) await nameValues(client, tenant);
    await addAudit(client, tenant, {
      actor: by,
      action: 'connection.disconnected',
      subject: connection.id,
      before: { name: connection.name, system: connection.system, account: connection.accountId },
      after: {
        keep,
        done: [
          ...done,
          'records, links, positions, values shown and what was written are deleted here',
          'names of the owners of its records, and what it calls values, are deleted here',
          ...(othersRemain ? [] : ['it was the last connection: all data and definitions are deleted here']),
        ],
        stays,
      },
    });
  });
  return othersRemain;
}

function stageContext(parts: SliceParts, work: Work, connections: ConnectionRow[]): StageContext {
  const { pool, tenant, signal, log } = parts;
  return {
    pool,
    tenant,
    // No run: what is cleared is logged as the work of none.
    run: { id: '0', asOf: new Date(), options: {}, pins: {} },
    connections,
    openConnection: (id) => work.opener.open(id),
    checkFence: work.checkFence,
    deadline: work.deadline,
    signal,
    log,
  };
}
