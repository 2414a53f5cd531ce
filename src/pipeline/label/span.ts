import type { Pool } from '../../store/pool.ts';
import type { LabelRun } from './label-statement.ts';

/** Subjects of one statement. */
const SPAN = {
  /** A new definition or model writes all rows, and once a day scores are stored. */
  written: 1_000,
  /**
   * Else mostly read, and to plan a statement takes as long as to read some thousand rows. On a server nobody waits
   * for it.
   */
  read: { embedded: 4_000, server: 16_000 },
  least: 500,
  most: 100_000,
};

/** How much of the longest time is aimed at: the next rows may take longer than the last. */
const AIM = 0.8;
/** The next rows may have more to be written than the last: a span changes step by step. */
const STEP = 4;

/** How many subjects the first statement of a run takes. */
export const firstSpan = (
  { changedBy, storeScores }: Pick<LabelRun, 'changedBy' | 'storeScores'>,
  kind: Pool['kind'],
): number => (changedBy.size > 0 || storeScores ? SPAN.written : SPAN.read[kind]);

/**
 * As many subjects as come near to the longest time, judged by the last ones: the fewer statements, the less planning.
 * @param span subjects that took `tookMs`
 */
export function nextSpan(span: number, tookMs: number, longestMs: number): number {
  const fits = (span * AIM * longestMs) / Math.max(1, tookMs);
  const near = Math.max(span / STEP, Math.min(span * STEP, fits));
  return Math.floor(Math.max(SPAN.least, Math.min(SPAN.most, near)));
}
