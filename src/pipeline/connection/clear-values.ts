import { nextShown } from '../../store/connection-data.ts';
import { readScene } from '../push/desired.ts';
import { finishJob, type Piece, type Sent, sendBatch } from '../push/send.ts';
import { batchesOf } from '../push/undo.ts';
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
      cleared += rows.length;
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
): Promise<{ refused: number; waitMs?: number | undefined }> {
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
  let refused = 0;
  let waitMs: number | undefined;
  for (const batch of batchesOf(connection, scene, object, empty)) {
    const pieces = batch.map(
      (piece): Piece =>
        piece.write.kind === 'properties'
          ? { ...piece, write: { ...piece.write, values: { ...piece.write.values, ...without } } }
          : piece,
    );
    const sent = await sendBatch(work, connection, { object, cause: 'uninstall', pieces, remotes });
    refused += refusals(sent);
    // One job at a time: the rest of these rows waits with it.
    for (let wait = sent.waitMs; wait !== undefined; ) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait ?? 0, 2_000)));
      const finished = await finishJob(work, connection);
      refused += refusals(finished);
      wait = finished?.waitMs;
    }
  }
  return { refused, waitMs };
}

const refusals = (sent: Sent | null): number =>
  sent?.outcomes.filter(({ state }) => state === 'refused' || state === 'unknown').length ?? 0;
