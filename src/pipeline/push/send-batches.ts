import { RemoteError } from '../../errors.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { type Batch, type Sent, sendBatch } from './send.ts';

/** Whole batches of unknown outcome in a row, after which the CRM is taken for down. */
const MOST_UNKNOWN = 3;

/**
 * Sends batches of different records, so many at once; `onSent` is called as each is acknowledged and in the ledger.
 * `isCut`: the slice's time was up before all were sent. `waitMs`: the CRM works on one, and the rest was not sent.
 * @throws what the first of them failed of; those under way then are settled before, and none is begun any more
 */
export async function sendBatches(
  work: StageContext,
  connection: OpenConnection,
  batches: readonly Batch[],
  { inFlight = 1 }: { inFlight?: number | undefined },
  onSent: (sent: Sent) => void,
): Promise<{ isCut: boolean; waitMs?: number }> {
  const queue = [...batches];
  let stopped = false;
  let waitMs: number | undefined;
  let unknownInRow = 0;
  const send = async (batch: Batch) => {
    const sent = await sendBatch(work, connection, batch);
    onSent(sent);
    waitMs ??= sent.waitMs;
    const isUnknown = sent.outcomes.length > 0 && sent.outcomes.every(({ state }) => state === 'unknown');
    unknownInRow = isUnknown ? unknownInRow + 1 : 0;
    if (unknownInRow >= MOST_UNKNOWN) throw notAnswering(connection);
    const isLate = performance.now() >= work.deadline || work.signal.aborted;
    stopped ||= isLate || waitMs !== undefined;
  };
  const sender = async () => {
    for (let batch = queue.shift(); batch !== undefined; batch = stopped ? undefined : queue.shift()) {
      await send(batch).catch((error: unknown) => {
        stopped = true;
        throw error;
      });
    }
  };
  const senders = Array.from({ length: Math.min(inFlight, queue.length) }, sender);
  const failed = (await Promise.allSettled(senders)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return { isCut: queue.length > 0, ...(waitMs !== undefined && { waitMs }) };
}

/** What was sent has no clear outcome: it is looked for before anything else is written there. */
export function notAnswering(connection: OpenConnection): RemoteError {
  return new RemoteError(
    'not_answering',
    `${connection.name} did not say what became of the last writes. They are read back before anything else is written.`,
    { status: 0, retryable: true, outcomeUnknown: true, action: 'Nothing to do: it is tried again.' },
  );
}
