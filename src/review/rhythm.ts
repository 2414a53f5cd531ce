import { DateTime } from 'luxon';
import { DurationUnit } from '../segmentation/duration.ts';

/** When `every 3 months` comes round after an instant, counted in local days. */
export function nextAfter(rhythm: string, since: Date, zone: string): Date {
  const [, amount = '1', unit = 'month'] = /^every (\d+) (\w+?)s?$/.exec(rhythm) ?? [];
  return DateTime.fromJSDate(since, { zone })
    .plus({ [DurationUnit.parse(unit)]: Number(amount) })
    .toJSDate();
}

/** Whole days from one instant to another. */
export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / 86_400_000);
}
