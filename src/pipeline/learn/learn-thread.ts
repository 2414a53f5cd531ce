import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { toAppError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { type LearnContext, learn } from '../../segmentation/learn.ts';
import type { Model } from '../../segmentation/model.ts';

export type LearnTask = { definition: Segmentation; rows: unknown[]; asOf: Date; context: LearnContext };
export type LearnMessage = { rows: unknown[] } | { work: Omit<LearnTask, 'rows'> };
/** Rows were taken; so much the thread holds now. */
export type LearnProgress = { heldMb: number };
export type LearnAnswer =
  | { model: Model }
  | { failed: { kind: 'input' | 'other'; code: string; message: string; action: string } };

/** One task a thread: takes rows until it is told what to do with them, learns, answers, ends. */
const taken: unknown[] = [];
parentPort?.on('message', (message: LearnMessage) => {
  if ('rows' in message) {
    for (const row of message.rows) taken.push(row);
    const progress: LearnProgress = { heldMb: getHeapStatistics().used_heap_size / 1024 / 1024 };
    parentPort?.postMessage(progress);
    return;
  }
  const { definition, asOf, context } = message.work;
  parentPort?.postMessage(answer(() => learn(definition, taken, asOf, context)));
  parentPort?.close();
});

function answer(work: () => Model): LearnAnswer {
  try {
    return { model: work() };
  } catch (error) {
    const { name, code, message, action } = toAppError(error);
    return { failed: { kind: name === 'InputError' ? 'input' : 'other', code, message, action } };
  }
}
