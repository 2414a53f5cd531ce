import { connectors } from '../connectors/registry.ts';
import type { ConnectionRow } from '../src/store/connections.ts';
import type { Pool } from '../src/store/pool.ts';
import { readBudgets } from './budgets.ts';

const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;
/** Of the calls that are ours; the rest is for reading what changed, for runs, and for writing. */
const SHARE_FOR_LOOKS = 0.4;
const MOST_MINUTES = 10;

/**
 * How many minutes lie between two looks, so that looks of a day stay within their share of what an account allows
 * us. The smallest Salesforce org allows us 3,000 calls a day: every 6 minutes; 18,000 and more: every minute.
 */
export function minutesBetweenLooks(callsOfLook: number, ourCallsADay: number): number {
  const looksADay = (ourCallsADay * SHARE_FOR_LOOKS) / callsOfLook;
  return Math.min(MOST_MINUTES, Math.max(1, Math.ceil(DAY_MINUTES / looksADay)));
}

/** For all accounts of a tenant together: the one that allows least decides. */
export async function lookEveryMinutes(pool: Pool, polled: readonly ConnectionRow[]): Promise<number> {
  const each = await Promise.all(
    polled.map(async (row) => {
      const look = connectors[row.system]?.look;
      if (look === undefined) return MOST_MINUTES;
      const budgets = await readBudgets(pool, row);
      const aDay = Math.min(...budgets.map(({ limit, windowMs }) => (limit * DAY_MS) / windowMs));
      return minutesBetweenLooks(look.calls, aDay);
    }),
  );
  return Math.max(1, ...each);
}
