import { setTimeout as sleep } from 'node:timers/promises';
import { queueSlice } from '../../jobs/advance.ts';
import { AppError } from '../errors.ts';
import { countWords } from '../model/count-words.ts';
import type { RunOptions } from '../model/run-options.ts';
import { getRun, type Run, requestRun, STAGES } from '../store/runs.ts';
import pc from './colours.ts';
import { bar, type Output } from './output.ts';
import { createPatience } from './patience.ts';
import type { Session } from './session.ts';

const LOOK_MS = 100;

/**
 * Requests a run, works on it in this process (other workers may help), and follows it to its end, or until `signal`:
 * then its slice ends at the next safe point. Likewise where it has not moved for `waitMs`.
 * @throws AppError `still_waiting` then
 */
export async function runAndWatch(
  { app, tenant, output }: Session,
  request: { asOf: Date; options?: RunOptions; requestedBy: string },
  { signal, waitMs = Number.POSITIVE_INFINITY }: { signal?: AbortSignal; waitMs?: number } = {},
): Promise<Run> {
  const { pool } = app.store;
  const worker = await app.startWorker();
  try {
    const { run, isNew } = await requestRun(pool, tenant, request);
    if (!isNew) output.line(`Run ${run.id} is under way already; following it.`);
    await queueSlice(app.backend.queue, tenant.id, run);
    return await followRun({ app, tenant, output }, run.id, waitMs, signal);
  } finally {
    await worker.close();
  }
}

/** Shows a run's progress until it ends. */
async function followRun(
  { app, tenant, output }: Session,
  runId: string,
  waitMs: number,
  signal?: AbortSignal,
): Promise<Run> {
  const began = new Date().toISOString();
  const losePatience = createPatience(waitMs);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const run = await getRun(app.store.pool, tenant, runId);
      output.progress(describeProgress(run, output));
      if (run.endedAt) return run;
      refuseToWait(run, began);
      losePatience(
        `Run ${run.id}`,
        howFar(run),
        run.reason,
        `\`run\` and \`npm start\` go on with it. \`cancel ${run.id}\` ends it.`,
      );
      await sleep(LOOK_MS);
    }
  } finally {
    output.progressDone();
  }
}

/** Changes with each step forward; a call that failed is none. */
function howFar({ stage, position, counts: { calls: _, ...counts } }: Run): string {
  return JSON.stringify([stage, position, counts]);
}

/** What passes only when somebody does something: a command that waited for it would look as if it worked. */
const NEEDS_SOMEBODY = new Set(['disk_full']);

/** A reason from before `began` may have passed: the next slice tells. */
function refuseToWait({ id, state, reason }: Run, began: string): void {
  if (state !== 'waiting' || !reason || reason.since < began || !NEEDS_SOMEBODY.has(reason.code)) return;
  throw new AppError(reason.code, `Run ${id} waits: ${reason.message}`, { action: reason.action });
}

/** One line: the stage, how far, what was counted, what it waits for. */
function describeProgress(run: Run, output: Pick<Output, 'isTerminal'>): string {
  const at = run.endedAt ? STAGES.length : STAGES.indexOf(run.stage);
  const counts = Object.entries(run.counts[run.stage] ?? {})
    .filter(([, value]) => value > 0)
    .slice(0, 5)
    .map(([name, value]) => countWords(name, value));
  const waits = run.state === 'waiting' && run.reason ? ` (waits: ${run.reason.message})` : '';
  const what = run.endedAt ? run.state : run.stage;
  const text = `${what.padEnd(8)} ${counts.join(', ')}${waits}`.trimEnd();
  return output.isTerminal ? `${pc.cyan(bar(at / STAGES.length, 12))} ${text}` : `run ${run.id}: ${text}`;
}
