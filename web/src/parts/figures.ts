/** How numbers, amounts and times are shown: one place, so that they look the same on every screen. */

import { showShare } from '../../../src/model/share-words.ts';

export const count = (value: number): string => value.toLocaleString('en');

/** 8.5% */
export const share = showShare;

/** Rounded, for sums over many; `showMoney` of src/model/money-words.ts gives what one customer paid. */
export const money = (value: number, currency: string): string =>
  value.toLocaleString('en', { style: 'currency', currency, maximumFractionDigits: 0 });

/** For an axis: $1.2M. */
export const shortMoney = (value: number, currency: string): string =>
  value.toLocaleString('en', {
    style: 'currency',
    currency,
    notation: 'compact',
    maximumFractionDigits: 1,
  });

/** With its sign: +12, −3, 0. */
export const change = (value: number): string =>
  value === 0 ? '0' : `${value > 0 ? '+' : '−'}${Math.abs(value).toLocaleString('en')}`;

/** With its sign: +$1,200, −$300. */
export const moneyChange = (value: number, currency: string): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : ''}${money(Math.abs(value), currency)}`;

export const day = (value: string, zone?: string): string =>
  new Date(value).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: zone,
  });

export const instant = (value: string, zone?: string): string =>
  new Date(value).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
  });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** "3 hours ago", "in 5 minutes". */
export function ago(value: string, now = Date.now()): string {
  const ms = new Date(value).getTime() - now;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? (['second', 1_000] as const);
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.round(ms / size), unit);
}

/** "1 customer", "1,204 customers". */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
