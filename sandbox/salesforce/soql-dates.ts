/** Date literals of SOQL as half-open ranges of days (UTC), written 'YYYY-MM-DD'. */

import { badRequest } from './errors.ts';

const DAY_MS = 86_400_000;
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

export type Days = { from: string; until: string };

export function dateLiteral(literal: string, count: number, nowMs: number): Days {
  const name = literal.split(':')[0]?.toUpperCase() ?? '';
  const now = new Date(nowMs);
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const days = (from: number, until: number): Days => ({
    from: day(today + from * DAY_MS),
    until: day(today + until * DAY_MS),
  });
  const months = (
    from: number,
    until: number,
    year = now.getUTCFullYear(),
    month = now.getUTCMonth(),
  ): Days => ({
    from: day(Date.UTC(year, month + from, 1)),
    until: day(Date.UTC(year, month + until, 1)),
  });
  switch (name) {
    case 'TODAY':
      return days(0, 1);
    case 'YESTERDAY':
      return days(-1, 0);
    case 'TOMORROW':
      return days(1, 2);
    case 'LAST_90_DAYS':
      return days(-90, 1);
    case 'LAST_N_DAYS':
      return days(-count, 1);
    case 'NEXT_N_DAYS':
      return days(1, count + 1);
    case 'N_DAYS_AGO':
      return days(-count, 1 - count);
    case 'THIS_MONTH':
      return months(0, 1);
    case 'LAST_MONTH':
      return months(-1, 0);
    case 'LAST_N_MONTHS':
      return months(-count, 0);
    case 'THIS_YEAR':
      return months(0, 12, now.getUTCFullYear(), 0);
    case 'LAST_YEAR':
      return months(-12, 0, now.getUTCFullYear(), 0);
    case 'LAST_N_YEARS':
      return months(-12 * count, 0, now.getUTCFullYear(), 0);
    default:
      throw badRequest('MALFORMED_QUERY', `date literal ${literal} is not offered by this org`);
  }
}
