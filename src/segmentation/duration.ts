import { z } from 'zod';

export const DurationUnit = z.enum(['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']);
export type DurationUnit = z.infer<typeof DurationUnit>;

/** A length of time in words: `14 days`, `12 months`, `1 quarter`, `6 hours`. */
export const Duration = z
  .string()
  .regex(
    /^[1-9]\d{0,4} (minute|hour|day|week|month|quarter|year)s?$/,
    'write a number and a unit, as in "14 days" or "12 months"',
  )
  .describe('A number and a unit: minutes, hours, days, weeks, months, quarters or years.');
export type Duration = z.infer<typeof Duration>;

/** Splits `12 months` into its amount and unit. */
export function parseDuration(duration: Duration): { amount: number; unit: DurationUnit } {
  const [amount = '', unit = ''] = duration.split(' ');
  return { amount: Number(amount), unit: DurationUnit.parse(unit.replace(/s$/, '')) };
}

/** Days and longer count whole local days; minutes and hours count from the instant. */
export function isShorterThanDay(duration: Duration): boolean {
  const { unit } = parseDuration(duration);
  return unit === 'minute' || unit === 'hour';
}
