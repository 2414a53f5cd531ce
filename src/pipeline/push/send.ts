import { z } from 'zod';
import type { Json, Outcome, PushAnswer, TargetValue, Write } from '../../../connectors/contract.ts';
import { AppError, AuthError, FenceError, RemoteError } from '../../errors.ts';
import type { ObjectType } from '../../model/record.ts';
import { noteDirtyRecords } from '../../store/dirty.ts';
import {
  forgetRecords,
  type LedgerValues,
  markSending,
  type Refused,
  saveRefusals,
  settle,
  unmark,
} from '../../store/ledger.ts';
import { joinByHash } from '../../store/plans.ts';
import type { PoolClient } from '../../store/pool.ts';
import { deletePushJob, readPushJob, savePushJob } from '../../store/push-jobs.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';

/** One record's write, with the values that the ledger keeps of it: without what only rides along. */
export type Piece = {
  write: Write;
  values: Record<string, TargetValue>;
  /** Targets whose values are never written without another's: why -> label. */
  riders?: Record<string, string>;
};

export type Cause = 'write' | 'undo' | 'uninstall';

/** A batch as it is handed to the connector; all of it, so that a CRM's job can be picked up after a kill. */
export type Batch = {
  object: ObjectType;
  cause: Cause;
  pieces: Piece[];
  remotes: Record<string, Json>;
};

export type Sent = {
  /** Records and target ids by what became of them. */
  outcomes: { key: string; targets: string[]; state: Outcome['state'] }[];
  /** Parts of rows that were refused for another target's sake: to be sent again without it. */
  again: Piece[];
  /** The CRM works on it: come back after so many milliseconds. */
  waitMs?: number;
};

/**
 * Sends one batch. The rows are marked before the call and settled after it; nothing is open in the database while
 * the CRM works. Whatever has no clear outcome stays marked, and is read back before anything else is written to it.
 * @throws FenceError where another worker took over: before sending, or before the ledger advances
 */
export async function sendBatch(work: StageContext, connection: OpenConnection, batch: Batch): Promise<Sent> {
  const place = { connectionId: connection.id, object: batch.object };
  await fenced(work, async (client) => {
    await markSending(client, work.tenant, place, batch.pieces.map(toLedger));
  });
  return receive(work, connection, batch, null, await call(work, connection, batch, null));
}

/** Goes on with the job that the CRM works on for us; null where there is none. */
export async function finishJob(work: StageContext, connection: OpenConnection): Promise<Sent | null> {
  const stored = await readPushJob(work.pool, work.tenant, connection.id);
  if (stored === null) return null;
  const batch = BatchSchema.parse(stored.batch);
  try {
    return await receive(
      work,
      connection,
      batch,
      stored.job,
      await call(work, connection, batch, stored.job),
    );
  } catch (error) {
    const isLost = error instanceof AppError && !error.retryable && !(error instanceof AuthError);
    if (!isLost || error instanceof FenceError) throw error;
    work.log.warn({ connection: connection.id, err: error }, 'the CRM lost its job; its rows are read back');
    await fenced(work, async (client) => {
      await deletePushJob(client, work.tenant, connection.id);
    });
    return { outcomes: [], again: [] };
  }
}

/** Stored JSON of our own making; only its outline is checked. */
const BatchSchema = z.custom<Batch>(
  (value) => z.object({ object: z.string(), pieces: z.array(z.unknown()) }).safeParse(value).success,
);

const toLedger = ({ write, values }: Piece): LedgerValues => ({ key: write.id, values });

async function call(
  work: StageContext,
  connection: OpenConnection,
  batch: Batch,
  job: Json,
): Promise<PushAnswer> {
  work.signal.throwIfAborted();
  try {
    const writes = batch.pieces.map(({ write }) => write);
    return await connection.connector.push(connection.context, { writes, remotes: batch.remotes, job });
  } catch (error) {
    if (!(error instanceof RemoteError) || !error.outcomeUnknown || job !== null) throw error;
    work.log.warn(
      { connection: connection.id, code: error.code },
      'a write has an unknown outcome; it is read back',
    );
    const { code, message } = error;
    return {
      state: 'done',
      outcomes: batch.pieces.map(({ write }) => ({ id: write.id, state: 'unknown', code, message })),
    };
  }
}

async function receive(
  work: StageContext,
  connection: OpenConnection,
  batch: Batch,
  job: Json,
  answer: PushAnswer,
): Promise<Sent> {
  if (answer.state === 'waiting') {
    await fenced(work, async (client) => {
      await savePushJob(client, work.tenant, connection.id, { runId: work.run.id, job: answer.job, batch });
    });
    return { outcomes: [], again: [], waitMs: answer.retryAfterMs };
  }
  return fenced(work, async (client) => {
    await joinByHash(client);
    const sent = await record(client, work, connection.id, batch, answer.outcomes);
    if (job !== null) await deletePushJob(client, work.tenant, connection.id);
    return sent;
  });
}

/** Advances the ledger by what the CRM said of each row, by id. A row without an answer has an unknown outcome. */
async function record(
  client: PoolClient,
  work: StageContext,
  connectionId: string,
  batch: Batch,
  outcomes: Outcome[],
): Promise<Sent> {
  const { tenant, run } = work;
  const place = { connectionId, object: batch.object };
  const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  const stateOf = (piece: Piece) => byId.get(piece.write.id)?.state ?? 'unknown';
  const inState = (state: Outcome['state']) => batch.pieces.filter((piece) => stateOf(piece) === state);

  await settle(client, tenant, place, inState('done').map(toLedger), { runId: run.id, cause: batch.cause });

  const refused: Refused[] = [];
  const again: Piece[] = [];
  for (const piece of inState('refused')) {
    const outcome = byId.get(piece.write.id);
    const isOneTarget = outcome?.targetId !== undefined && outcome.targetId in piece.values;
    for (const [targetId, value] of Object.entries(piece.values)) {
      if (isOneTarget && targetId !== outcome.targetId) continue;
      // A reason is tried again with its label.
      if (!isOneTarget && piece.riders?.[targetId] !== undefined) continue;
      refused.push({
        key: piece.write.id,
        targetId,
        value,
        code: outcome?.code ?? 'refused',
        message: outcome?.message ?? 'The CRM refused this value without a reason.',
      });
    }
    if (isOneTarget) again.push(...withoutTarget(piece, outcome.targetId ?? ''));
  }
  await unmark(client, tenant, place, inState('refused').map(toLedger));
  await saveRefusals(client, tenant, place, run.id, refused);

  const gone = inState('gone').map(({ write }) => write.id);
  await forgetRecords(client, tenant, place, gone);
  if (gone.length > 0) await noteDirtyRecords(client, tenant, { ...place, ids: gone });

  return {
    outcomes: batch.pieces.map((piece) => ({
      key: piece.write.id,
      targets: Object.keys(piece.values),
      state: stateOf(piece),
    })),
    again,
  };
}

/** What is left of a row when one target is taken out, with what rides on it; nothing where that was all. */
function withoutTarget({ write, values, riders = {} }: Piece, targetId: string): Piece[] {
  if (write.kind !== 'properties') return [];
  const without = <T>(all: Record<string, T>) =>
    Object.fromEntries(Object.entries(all).filter(([id]) => id !== targetId && riders[id] !== targetId));
  const left = without(values);
  if (Object.keys(left).length === 0) return [];
  return [{ write: { ...write, values: without(write.values) }, values: left, riders: without(riders) }];
}
