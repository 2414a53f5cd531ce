import { describe, expect, it } from 'vitest';
import { daysBetween, nextAfter } from '../../src/review/rhythm.ts';

describe('a rhythm', () => {
  it.each([
    ['every 1 day', '2026-07-01T10:00:00Z', 'Europe/Berlin', '2026-07-02T10:00:00Z'],
    // The clocks go forward in the night between: the same time of day is an hour earlier by UTC.
    ['every 1 day', '2026-03-28T11:00:00Z', 'Europe/Berlin', '2026-03-29T10:00:00Z'],
    ['every 1 day', '2026-03-28T11:00:00Z', 'America/Phoenix', '2026-03-29T11:00:00Z'],
    ['every 2 weeks', '2026-07-01T10:00:00Z', 'UTC', '2026-07-15T10:00:00Z'],
    ['every 1 month', '2026-01-31T10:00:00Z', 'UTC', '2026-02-28T10:00:00Z'],
    // Already the last day of January in Tokyo, where the month is counted.
    ['every 1 month', '2026-01-30T20:00:00Z', 'Asia/Tokyo', '2026-02-27T20:00:00Z'],
    ['every 3 months', '2026-08-31T00:00:00Z', 'UTC', '2026-11-30T00:00:00Z'],
  ])('of %s after %s in %s comes round at %s', (rhythm, since, zone, next) => {
    expect(nextAfter(rhythm, new Date(since), zone)).toEqual(new Date(next));
  });
});

it.each([
  ['2026-07-01T00:00:00Z', '2026-07-01T23:59:59Z', 0],
  ['2026-07-01T12:00:00Z', '2026-07-02T12:00:00Z', 1],
  ['2026-07-01T12:00:00Z', '2026-08-01T11:00:00Z', 30],
])('from %s to %s whole days are %i', (from, to, days) => {
  expect(daysBetween(new Date(from), new Date(to))).toBe(days);
});
