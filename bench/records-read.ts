import type { Run } from '../src/store/runs.ts';

/** How many records a run has read so far, of all kinds and connections. */
export const recordsRead = ({ counts }: Pick<Run, 'counts'>): number =>
  Object.entries(counts.pull ?? {})
    .filter(([name]) => name.endsWith('.read'))
    .reduce((sum, [, count]) => sum + count, 0);
