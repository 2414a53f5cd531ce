import { describe, expect, it } from 'vitest';
import { checkTiming, nextTimes } from '../../jobs/schedules.ts';
import { InputError } from '../../src/errors.ts';
import { Timing } from '../../src/store/schedules.ts';

const iso = (timing: Timing, after: string, count: number) =>
  nextTimes(timing, new Date(after), count).map((time) => time.toISOString().replace(':00.000Z', 'Z'));

describe('the next times of a schedule', () => {
  it.each<[string, Timing, string, string[]]>([
    [
      'every 15 minutes, on the quarter',
      { everyMinutes: 15 },
      '2026-03-01T10:07:30Z',
      ['2026-03-01T10:15Z', '2026-03-01T10:30Z', '2026-03-01T10:45Z'],
    ],
    [
      'strictly after the given instant',
      { everyMinutes: 60 },
      '2026-03-01T10:00:00Z',
      ['2026-03-01T11:00Z', '2026-03-01T12:00Z'],
    ],
    [
      'six on working days, where Friday is followed by Monday',
      { cron: '0 6 * * 1-5', zone: 'Europe/Berlin' },
      '2026-01-16T12:00:00Z',
      ['2026-01-19T05:00Z', '2026-01-20T05:00Z'],
    ],
    [
      'local six stays local six over the change to summer time',
      { cron: '0 6 * * *', zone: 'Europe/Berlin' },
      '2026-03-27T12:00:00Z',
      ['2026-03-28T05:00Z', '2026-03-29T04:00Z', '2026-03-30T04:00Z'],
    ],
    [
      'a local time that does not exist that day fires once all the same',
      { cron: '30 2 * * *', zone: 'Europe/Berlin' },
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:30Z', '2026-03-30T00:30Z'],
    ],
    [
      'a local time that comes twice fires once',
      { cron: '30 2 * * *', zone: 'Europe/Berlin' },
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    [
      'the last day of the month',
      { cron: '0 0 L * *', zone: 'America/New_York' },
      '2026-02-01T12:00:00Z',
      ['2026-02-28T05:00Z', '2026-03-31T04:00Z'],
    ],
  ])('%s', (_name, timing, after, times) => {
    expect(iso(timing, after, times.length)).toEqual(times);
  });
});

describe('a timing', () => {
  it.each<[string, Timing, string]>([
    ['a zone that does not exist', { cron: '0 6 * * *', zone: 'Europe/Atlantis' }, 'zone_invalid'],
    ['words for a cron line', { cron: 'every morning', zone: 'UTC' }, 'cron_invalid'],
    ['an hour that no day has', { cron: '0 25 * * *', zone: 'UTC' }, 'cron_invalid'],
    ['a day that no year has', { cron: '0 6 30 2 *', zone: 'UTC' }, 'cron_invalid'],
  ])('is refused for %s, with what to write instead', (_name, timing, code) => {
    const refusal = (() => {
      try {
        checkTiming(timing);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(InputError);
    expect(refusal).toMatchObject({ code, action: expect.stringMatching(/such as/) });
  });

  it.each<Timing>([
    { cron: '0 6 * * 1-5', zone: 'Europe/Berlin' },
    { cron: '*/10 * * * *', zone: 'America/New_York' },
    { cron: '0 0 29 2 *', zone: 'UTC' },
    { everyMinutes: 5 },
  ])('is taken: %j', (timing) => {
    expect(() => checkTiming(timing)).not.toThrow();
    expect(Timing.parse(timing)).toEqual(timing);
  });

  it.each<unknown>([
    { everyMinutes: 0 },
    { everyMinutes: 1.5 },
    { everyMinutes: 20_000 },
    { cron: '0 6 * * *' },
    {},
  ])('has no shape for %j', (timing) => {
    expect(Timing.safeParse(timing).success).toBe(false);
  });
});
