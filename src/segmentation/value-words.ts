import type { AttributeType } from '../model/attribute.ts';
import { showMoney } from '../model/money-words.ts';
import { showShare } from '../model/share-words.ts';
import { type ValueNames, valueName } from '../model/value-name.ts';
import type { Calendar } from './window.ts';

/** `probability`: from 0 to 1, shown in percent. */
export type ShownType = AttributeType | 'probability';

/** How a value is shown. */
export type Shown = { type: ShownType; valueNames?: ValueNames | undefined };

/** What showing takes besides the value. */
export type Showing = { calendar: Calendar; currency: string };

/** A value as people read it; null reads `not known`. */
export function showValue(value: unknown, of: Shown, { calendar, currency }: Showing): string {
  const { type } = of;
  if (value === null || value === undefined) return 'not known';
  if (type === 'boolean') return value === true ? 'yes' : 'no';
  if (type === 'money') return showMoney(Number(value), currency);
  if (type === 'probability') return showShare(Number(value));
  if (type === 'number') return format(Number(value));
  if (Array.isArray(value))
    return value.length === 0 ? 'none' : value.map((one) => valueName(of, String(one))).join(', ');
  if (type === 'datetime') return instants(calendar.zone).format(new Date(String(value)));
  if (type === 'date') return showDay(String(value));
  return valueName(of, String(value));
}

/** YYYY-MM-DD in words that no country takes for another day: `15 Jun 2025`. */
export function showDay(day: string): string {
  const date = new Date(`${day.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? day : DAYS.format(date);
}

// Making one takes a fifth of the time of a whole card, so each is made once.

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const DAY = { day: 'numeric', month: 'short', year: 'numeric' } as const;
const DAYS = new Intl.DateTimeFormat('en-GB', { ...DAY, timeZone: 'UTC' });
const INSTANTS = new Map<string, Intl.DateTimeFormat>();

const format = (value: number): string => NUMBERS.format(value);

/** By zone: there are some hundred. */
function instants(zone: string): Intl.DateTimeFormat {
  const known = INSTANTS.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    ...DAY,
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
  });
  INSTANTS.set(zone, made);
  return made;
}

/** An instant on the clock of a zone: `15 Jun 2025, 14:30`. */
export const showInstant = (instant: Date, zone: string): string => instants(zone).format(instant);
