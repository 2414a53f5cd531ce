import { DateTime } from 'luxon';
import { isShorterThanDay, parseDuration } from './duration.ts';
import type { Period, Test } from './operators.ts';

/** The instant and calendar that a run uses for every relative date. */
export type Calendar = {
  asOf: Date;
  /** IANA zone in which days begin. */
  zone: string;
  /** Month, 1 to 12, in which the fiscal year begins. */
  fiscalYearStart: number;
};

/** A span of time: from inclusive; to exclusive, or inclusive where it ends at `asOf` itself. */
export type Span = { from: DateTime | null; to: DateTime | null; toInclusive: boolean };

/**
 * The span that a time operator compares with. Days and longer begin at local midnight; `inLast: 1 day` holds
 * yesterday and today so far. Minutes and hours count from the instant.
 */
export function spanOf(test: Test, calendar: Calendar): Span | null {
  const now = DateTime.fromJSDate(calendar.asOf, { zone: calendar.zone });
  switch (test.operator) {
    case 'inLast':
    case 'notInLast':
      return { from: shift(now, test.operand, -1), to: now, toInclusive: true };
    case 'inNext':
    case 'notInNext': {
      const end = shift(now, test.operand, 1);
      if (isShorterThanDay(test.operand)) return { from: now, to: end, toInclusive: true };
      return { from: now, to: end.plus({ days: 1 }), toInclusive: false };
    }
    case 'before':
      return { from: null, to: dayOf(test.operand, now), toInclusive: false };
    case 'after':
      return { from: dayOf(test.operand, now).plus({ days: 1 }), to: null, toInclusive: false };
    case 'on': {
      const day = dayOf(test.operand, now);
      return { from: day, to: day.plus({ days: 1 }), toInclusive: false };
    }
    case 'between': {
      const [first, last] = test.operand;
      if (typeof first === 'number' || typeof last === 'number') return null;
      return { from: dayOf(first, now), to: dayOf(last, now).plus({ days: 1 }), toInclusive: false };
    }
    case 'during':
      return { ...periodOf(test.operand, now, calendar.fiscalYearStart), toInclusive: false };
    default:
      return null;
  }
}

/** Local midnight of a day named in a definition. */
function dayOf(day: string, now: DateTime): DateTime {
  const today = now.startOf('day');
  if (day === 'today') return today;
  if (day === 'yesterday') return today.minus({ days: 1 });
  if (day === 'tomorrow') return today.plus({ days: 1 });
  return DateTime.fromISO(day, { zone: now.zone }).startOf('day');
}

function shift(now: DateTime, duration: string, sign: 1 | -1): DateTime {
  const { amount, unit } = parseDuration(duration);
  if (isShorterThanDay(duration)) return now.plus({ [unit]: sign * amount });
  return now
    .startOf('day')
    .plus({ [unit]: sign * amount })
    .startOf('day');
}

function periodOf(period: Period, now: DateTime, fiscalYearStart: number): { from: DateTime; to: DateTime } {
  const today = now.startOf('day');
  if (period === 'today' || period === 'yesterday' || period === 'tomorrow') {
    const from = dayOf(period, now);
    return { from, to: from.plus({ days: 1 }) };
  }
  const [which = '', ...words] = period.split(' ');
  const steps = which === 'last' ? -1 : which === 'next' ? 1 : 0;
  const { start, length } = calendarSpan(words.join(' '), today, fiscalYearStart);
  const from = start.plus({ [length.unit]: steps * length.amount }).startOf('day');
  return { from, to: from.plus({ [length.unit]: length.amount }).startOf('day') };
}

function calendarSpan(
  name: string,
  today: DateTime,
  fiscalYearStart: number,
): { start: DateTime; length: { amount: number; unit: 'week' | 'month' | 'year' } } {
  const monthsIntoFiscalYear = (today.month - fiscalYearStart + 12) % 12;
  const month = today.startOf('month');
  switch (name) {
    case 'week':
      return { start: today.startOf('week'), length: { amount: 1, unit: 'week' } };
    case 'month':
      return { start: month, length: { amount: 1, unit: 'month' } };
    case 'quarter':
      return { start: today.startOf('quarter'), length: { amount: 3, unit: 'month' } };
    case 'year':
      return { start: today.startOf('year'), length: { amount: 1, unit: 'year' } };
    case 'fiscal quarter':
      return {
        start: month.minus({ months: monthsIntoFiscalYear % 3 }),
        length: { amount: 3, unit: 'month' },
      };
    default:
      return { start: month.minus({ months: monthsIntoFiscalYear }), length: { amount: 1, unit: 'year' } };
  }
}

/** A month and day as one number that sorts like the calendar: 31 March is 331. */
export type MonthDay = number;

/**
 * The anniversaries in a window as spans of month-days, both ends included; two spans where it crosses New Year,
 * null where it holds the whole year. 29 February is kept as 28 (the compiler does the same with values).
 */
export function anniversaries(
  operator: 'anniversaryInNext' | 'anniversaryInLast',
  duration: string,
  calendar: Calendar,
): [MonthDay, MonthDay][] | null {
  const now = DateTime.fromJSDate(calendar.asOf, { zone: calendar.zone });
  const edge = shift(now, duration, operator === 'anniversaryInNext' ? 1 : -1);
  const [first, last] =
    operator === 'anniversaryInNext' ? [now.startOf('day'), edge] : [edge, now.startOf('day')];
  if (first.plus({ years: 1 }) <= last) return null;
  const [from, to] = [monthDay(first), monthDay(last)];
  return from <= to && first.year === last.year
    ? [[from, to]]
    : [
        [from, 1231],
        [101, to],
      ];
}

function monthDay(date: DateTime): MonthDay {
  const value = date.month * 100 + date.day;
  return value === 229 ? 228 : value;
}

/** The day of `asOf` in its zone, as `YYYY-MM-DD`. */
export function localDay(calendar: Pick<Calendar, 'asOf' | 'zone'>): string {
  return DateTime.fromJSDate(calendar.asOf, { zone: calendar.zone }).toISODate() ?? '';
}

/** Local midnight so many days before the day of `asOf`. */
export function daysBefore(days: number, calendar: Calendar): DateTime {
  return DateTime.fromJSDate(calendar.asOf, { zone: calendar.zone }).startOf('day').minus({ days });
}
