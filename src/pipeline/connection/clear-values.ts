import { nextShown } from '../../store/connection-data.ts';
import { readScene } from '../push/desired.ts';
import { finishJob, type Piece, type Sent } from '../push/send.ts';
import { sendBatches } from '../push/send-batches.ts';
import { batchesOf } from '../push/undo-slice.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import type { Leaving } from './leaving.ts';

const RECORDS_AT_ONCE = 500;
const OBJECTS = ['contact', 'company'] as const;

type Cleared = Pick<Leaving, 'cleared' | 'refused' | 'object' | 'after'> & { done: boolean; waitMs?: number };

/**
 * Empties our fields and lists on every record where the CRM shows something of ours. One pass: what the CRM refuses
 * is counted and left.
 */
export async function clearSlice(work: StageContext, connectionId: string, from: Leaving): Promise<Cleared> {
  const connection = await work.openConnection(connectionId);
  let { cleared, refused, after } = from;
  const first = from.object === null ? 0 : OBJECTS.indexOf(from.object);
  for (const object of OBJECTS.slice(first)) {
    if (object !== from.object) after = null;
    for (;;) {
      if (performance.now() >= work.deadline || work.signal.aborted)
        return { cleared, refused, object, after, done: false };
      const open = await finishJob(work, connection);
      if (open?.waitMs !== undefined)
        return { cleared, refused, object, after, done: false, waitMs: open.waitMs };
      refused += refusals(open);
      const rows = await nextShown(work.pool, work.tenant, {
        connectionId,
        object,
        after,
        limit: RECORDS_AT_ONCE,
      });
      const last = rows.at(-1);
      if (!last) break;
      const sent = await clear(work, connection, object, rows);
      refused += sent.refused;
      cleared += sent.cleared;
      if (sent.isCut) return { cleared, refused, object, after, done: false };
      after = last.key;
      if (sent.waitMs !== undefined)
        return { cleared, refused, object, after, done: false, waitMs: sent.waitMs };
    }
  }
  return { cleared, refused, object: null, after: null, done: true };
}

async function clear(
  work: StageContext,
  connection: OpenConnection,
  object: (typeof OBJECTS)[number],
  rows: { key: string; kind: string | null; targets: string[] }[],
): Promise<{ cleared: number; refused: number; isCut: boolean; waitMs?: number }> {
  const scene = await readScene(work.pool, work.tenant, connection.id, work.run.asOf);
  const known = new Set(scene.targets.map(({ id }) => id));
  const empty = rows.flatMap(({ key, kind, targets }) =>
    targets
      .filter((target) => known.has(target))
      .map((target) => ({ object, key, kind, target, before: null, after: null })),
  );
  // What rides along with labels goes with them.
  const riders = scene.targets.filter(
    ({ kind, object: of, remote }) =>
      of === object && remote !== null && (kind === 'changed_at' || kind === 'why'),
  );
  const without = Object.fromEntries(riders.map(({ id }) => [id, null]));
  const remotes = Object.fromEntries(scene.targets.map(({ id, remote }) => [id, remote]));
  const batches = batchesOf(connection, scene, object, empty).map((batch) => ({
    object,
    cause: 'uninstall' as const,
    pieces: batch.map(
      (piece): Piece =>
        piece.write.kind === 'properties'
          ? { ...piece, write: { ...piece.write, values: { ...piece.write.values, ...without } } }
          : piece,
    ),
    remotes,
  }));
  let refused = 0;
  const emptied = new Set<string>();
  const { isCut, waitMs } = await sendBatches(work, connection, batches, {}, (sent) => {
    refused += refusals(sent);
    for (const { key, state } of sent.outcomes) if (state === 'done') emptied.add(key);
  });
  return { cleared: emptied.size, refused, isCut, ...(waitMs !== undefined && { waitMs }) };
}

const refusals = (sent: Sent | null): number =>
  sent?.outcomes.filter(({ state }) => state === 'refused' || state === 'unknown').length ?? 0;
