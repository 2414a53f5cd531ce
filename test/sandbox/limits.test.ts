import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Faults } from '../../sandbox/faults.ts';
import { DailyQuota, SlidingWindow } from '../../sandbox/limits.ts';

test('a sliding window lets through exactly what any stretch of its length may hold', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 80 }),
      (limit, gaps) => {
        const window = new SlidingWindow(limit, 100);
        const taken: number[] = [];
        let now = 1_000;
        for (const gap of gaps) {
          now += gap;
          const inWindow = taken.filter((time) => time > now - 100).length;
          const permit = window.take(now);
          expect(permit.taken).toBe(inWindow < limit);
          if (permit.taken) taken.push(now);
          expect(permit.remaining).toBe(limit - taken.filter((time) => time > now - 100).length);
          if (!permit.taken) expect(window.take(now + permit.retryAfterMs - 1).taken).toBe(false);
        }
      },
    ),
  );
});

test('a daily quota is full again at midnight UTC', () => {
  const quota = new DailyQuota(2);
  const noon = Date.parse('2026-05-01T12:00:00Z');
  expect([quota.take(noon).taken, quota.take(noon).taken, quota.take(noon).taken]).toEqual([
    true,
    true,
    false,
  ]);
  expect(quota.take(noon).retryAfterMs).toBe(12 * 3_600_000);
  expect(quota.take(Date.parse('2026-05-02T00:00:00Z'))).toMatchObject({ taken: true, remaining: 1 });
});

test('faults by list hit the nth matching call and the ones after it', () => {
  const drop = { kind: 'drop', when: 'after' } as const;
  const faults = new Faults({ rules: [{ match: '^POST .*/batch/update', nth: 2, times: 2, fault: drop }] });
  const calls = [
    'GET /a',
    'POST /x/batch/update',
    'POST /y/batch/update',
    'GET /b',
    'POST /z/batch/update',
    'POST /z/batch/update',
  ];
  expect(calls.map((call) => faults.next(call)?.kind)).toEqual([
    undefined,
    undefined,
    'drop',
    undefined,
    'drop',
    undefined,
  ]);
});

test('the same seed meets the same faults, another seed others', () => {
  const drawn = (seed: number) => {
    const faults = new Faults({ seed, rate: 0.3 });
    return Array.from({ length: 200 }, () => faults.next('GET /')?.kind ?? '-').join('');
  };
  expect(drawn(5)).toBe(drawn(5));
  expect(drawn(5)).not.toBe(drawn(6));
});
