import { InputError } from '../errors.ts';

/** ISO 8601, or a day, which means its first instant in UTC; now where nothing is given. */
export function parseInstant(text: string | undefined): Date {
  if (text === undefined) return new Date();
  const instant = new Date(text);
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
  // JavaScript reads 2026-02-30 as 2026-03-02.
  const isReal = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day;
  if (isReal && !Number.isNaN(instant.getTime())) return instant;
  throw new InputError('date_invalid', `"${text}" is not a date.`, {
    action: 'Write it as 2026-11-21 or 2026-11-21T08:00:00Z.',
  });
}
