import { Worker } from 'node:worker_threads';
import { AppError, InputError } from '../errors.ts';
import { Model } from '../segmentation/model.ts';
import type { LearnAnswer, LearnTask } from './learn-thread.ts';

/** Longer than this no fit may take; a sample of 50,000 customers takes seconds. */
const LONGEST_MS = 120_000;
/** What a thread may hold; rows of a sample take a tenth of it. */
const MEMORY_MB = 768;

/** Learns in a thread of its own: a fit takes seconds, and leases must be renewed meanwhile. */
export async function learnAway(task: LearnTask, longestMs = LONGEST_MS): Promise<Model> {
  const worker = new Worker(new URL('./learn-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<LearnAnswer>((resolve, reject) => {
      timer = setTimeout(() => reject(tooLong(task, longestMs)), longestMs);
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that learns ended without an answer')));
      worker.postMessage(task);
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
