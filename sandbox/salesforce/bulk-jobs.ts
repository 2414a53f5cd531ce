/** Bulk API 2.0 jobs: their states over time, and the CSV they speak. */

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';

export type JobTiming = { startedAt: number | null; delayMs: number; fails: boolean };

/** Half the delay is spent waiting, half working. */
export function stateAt({ startedAt, delayMs, fails }: JobTiming, now: number): JobState {
  if (startedAt === null) return 'Open';
  const elapsed = now - startedAt;
  if (elapsed < delayMs / 2) return 'UploadComplete';
  if (elapsed < delayMs) return 'InProgress';
  return fails ? 'Failed' : 'JobComplete';
}

const cell = (value: unknown) => `"${String(value ?? '').replaceAll('"', '""')}"`;

/** Every cell in quotes, a line feed after every line, as Salesforce writes it. */
export function csvLine(values: unknown[]): string {
  return `${values.map(cell).join(',')}\n`;
}
