import { setTimeout as sleep } from 'node:timers/promises';

export const DAY_MS = 86_400_000;

/**
 * Waits for the next period of time (UTC) where it begins within `nearMs`: what may be done once a day or a week, or
 * is done by a clock each minute, is tested within one period then.
 */
export async function clearOf(periodMs: number, nearMs: number): Promise<void> {
  const leftMs = periodMs - (Date.now() % periodMs);
  if (leftMs < nearMs) await sleep(leftMs);
}
