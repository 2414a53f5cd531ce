import { parentPort } from 'node:worker_threads';
import { toAppError } from '../errors.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { type LearnContext, learn } from '../segmentation/learn.ts';
import type { Model } from '../segmentation/model.ts';

export type LearnTask = { definition: Segmentation; rows: unknown[]; asOf: Date; context: LearnContext };
export type LearnAnswer =
  | { model: Model }
  | { failed: { kind: 'input' | 'other'; code: string; message: string; action: string } };

/** One task a thread: learns, answers, ends. Rows come in one message, so that they are let go with the thread. */
parentPort?.once('message', ({ definition, rows, asOf, context }: LearnTask) => {
  parentPort?.postMessage(answer(() => learn(definition, rows, asOf, context)));
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
