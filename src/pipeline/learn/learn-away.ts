import { Worker } from 'node:worker_threads';
import { AppError, InputError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { Model } from '../../segmentation/model.ts';
import type { LearnAnswer, LearnMessage, LearnProgress, LearnTask } from './learn-thread.ts';

type Limits = {
  longestMs: number;
  memoryMb: number;
  /** Is shown the thread as it starts: for measurements. */
  watch(thread: Worker): void;
};

/** Longer than this no fit may take; a sample of 50,000 customers takes seconds. */
const LONGEST_MS = 120_000;

/**
 * What the thread of a method may hold, in MB of V8's old generation, however many customers there are: statements hand
 * out samples. Each takes less than half of it with the largest sample; docs/methods.md names the figures.
 */
export const MEMORY_MB: Partial<Record<Segmentation['method'], number>> = {
  lifetime_value: 512,
  churn: 512,
  clusters: 384,
  scorecard: 384,
  lookalike: 384,
};
const OTHER_MEMORY_MB = 256;
/** Times that much, where V8 itself ends the thread: rows are counted long before, and only a fit comes near it. */
const HARD_LIMIT = 1.5;
const ROWS_AT_ONCE = 500;

/**
 * Learns in a thread of its own: a fit takes seconds, and leases must be renewed meanwhile.
 * @throws AppError `learn_too_long`, `learn_too_large`; InputError where there is nothing to learn from
 */
export async function learnAway(task: LearnTask, limits: Partial<Limits> = {}): Promise<Model> {
  const { longestMs = LONGEST_MS, memoryMb = MEMORY_MB[task.definition.method] ?? OTHER_MEMORY_MB } = limits;
  const worker = new Worker(new URL('./learn-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memoryMb * HARD_LIMIT) },
  });
  limits.watch?.(worker);
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<LearnAnswer>((resolve, reject) => {
      timer = setTimeout(() => reject(tooLong(task, longestMs)), longestMs);
      const messages = messagesOf(task);
      const sendNext = () => {
        const { value } = messages.next();
        if (value) worker.postMessage(value);
      };
      worker.on('message', (message: LearnAnswer | LearnProgress) => {
        if (!('heldMb' in message)) resolve(message);
        else if (message.heldMb > memoryMb) reject(tooLarge(task, memoryMb));
        else sendNext();
      });
      worker.once('error', (error) => reject(isOutOfMemory(error) ? tooLarge(task, memoryMb) : error));
      worker.once('exit', () => reject(new Error('the thread that learns ended without an answer')));
      sendNext();
    });
    if ('model' in answer) return Model.parse(answer.model);
    const { kind, code, message, action } = answer.failed;
    throw new (kind === 'input' ? InputError : AppError)(code, message, { action });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function tooLong({ definition }: LearnTask, longestMs: number): AppError {
  const seconds = Math.round(longestMs / 1000);
  return new AppError(
    'learn_too_long',
    `${definition.name} did not finish learning within ${seconds} s. Its labels stay as they are.`,
    { action: 'Choose fewer attributes or clusters, or a simpler model.' },
  );
}

/**
 * The rows in small pieces, each sent once the thread has said how much it holds, then what to do with them. A thread
 * that is full ends by itself only in its own code; one that fills up while it unpacks a message takes the process
 * with it.
 */
function* messagesOf({ rows, ...work }: LearnTask): Generator<LearnMessage> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
    yield { rows: rows.slice(from, from + ROWS_AT_ONCE) };
  yield { work };
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

function tooLarge({ definition }: LearnTask, memoryMb: number): AppError {
  return new AppError(
    'learn_too_large',
    `${definition.name} did not fit into the ${memoryMb} MB that learning may take. Its labels stay as they are.`,
    { action: 'Choose fewer attributes, or attributes with fewer and shorter values.' },
  );
}
