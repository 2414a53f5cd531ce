import { z } from 'zod';
import { type Run, type RunState, STAGES } from '../store/runs.ts';
import { Instant } from './route.ts';

/** Why something waits or failed, as it was noted. */
export const ReasonAnswer = z.object({
  code: z.string(),
  message: z.string(),
  action: z.string(),
  since: z.string(),
});

/** A run as screens and programs see it. */
export const RunAnswer = z.object({
  id: z.string(),
  kind: z.enum(['full', 'refresh']),
  state: z.enum(['queued', 'running', 'waiting', 'done', 'failed', 'cancelled']),
  stage: z.enum(STAGES),
  dryRun: z.boolean(),
  asOf: Instant,
  requestedBy: z.string(),
  requestedAt: Instant,
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  /** It goes on then. */
  notBefore: Instant.nullable(),
  slices: z.number(),
  cancelRequested: z.boolean(),
  reason: ReasonAnswer.nullable(),
  /** Records written, refused and pulled, of the stages' counts. */
  written: z.number(),
  refused: z.number(),
  /** Targets that a brake held in it. */
  held: z.number(),
});
export type RunAnswer = z.input<typeof RunAnswer>;

export function runAnswer(run: Run): RunAnswer {
  const push = run.counts.push ?? {};
  return {
    id: run.id,
    kind: run.kind,
    state: run.state satisfies RunState,
    stage: run.stage,
    dryRun: run.options.dryRun ?? false,
    asOf: run.asOf,
    requestedBy: run.requestedBy,
    requestedAt: run.requestedAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    notBefore: run.notBefore,
    slices: run.slices,
    cancelRequested: run.cancelRequested,
    reason: run.reason,
    written: push.written ?? 0,
    refused: push.refused ?? 0,
    held: push.held ?? 0,
  };
}
