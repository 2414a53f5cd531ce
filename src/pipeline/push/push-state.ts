import { z } from 'zod';
import { ObjectType } from '../../model/record.ts';
import { RECORDS_AT_ONCE } from './difference.ts';
import { Lane } from './push-lanes.ts';
import type { PassProgress } from './push-pass.ts';

const PHASES = ['begin', 'confirm', 'edits', 'brakes', 'write', 'end'] as const;

/** How far the push to one connection has come. Everything else is in the difference to the ledger. */
export const State = Lane.extend({
  phase: z.enum(PHASES).default('begin'),
  /** Passes that came to their end in this round. */
  passed: z.array(z.string()).default([]),
  /** Objects whose values all are as they should be. */
  unchanged: z.array(ObjectType).default([]),
  after: z.string().nullable().default(null),
  span: z.number().default(RECORDS_AT_ONCE),
  /** Times that doubtful rows were read back and written again in this run. */
  round: z.number().default(0),
  sent: z.number().default(0),
  /** Records of the first push, by target. */
  pilot: z.record(z.string(), z.object({ done: z.number(), refused: z.number() })).default({}),
});
export type State = z.infer<typeof State>;

export type Counts = Record<string, number>;
export type Step = { wait?: number };

export function tally(state: State, counts: Counts, progress: PassProgress): void {
  for (const [name, value] of Object.entries(progress.counts)) add(counts, name, value);
  state.sent += progress.outcomes.length;
}

export function add(counts: Counts, name: string, value: number): void {
  if (value > 0) counts[name] = (counts[name] ?? 0) + value;
}
