import { describe, expect, test } from 'vitest';
import { compareProportions, sampleSizePerArm } from '../../../src/segmentation/statistics/proportions.ts';
import { randomFrom } from '../../../src/segmentation/statistics/random.ts';
import {
  type EventDay,
  sequentialInflation,
  sequentialTest,
} from '../../../src/segmentation/statistics/sequential.ts';

const ratioOf = (base: number, target: number) => Math.log(1 - target) / Math.log(1 - base);

/** `days` days in which the members of each arm buy once at most, with a daily chance that makes up the rate. */
function simulate(seed: number, members: [number, number], rates: [number, number], days = 20): EventDay[] {
  const random = randomFrom(seed);
  const left: [number, number] = [...members];
  return Array.from({ length: days }, () => {
    const atRisk: [number, number] = [...left];
    const bought = ([0, 1] as const).map((arm) => {
      const daily = 1 - (1 - rates[arm]) ** (1 / days);
      let count = 0;
      for (let i = 0; i < left[arm]; i++) if (random.uniform() < daily) count++;
      return count;
    });
    const events: [number, number] = [bought[0] ?? 0, bought[1] ?? 0];
    left[0] -= events[0];
    left[1] -= events[1];
    return { atRisk, events };
  });
}

describe('a test that may be looked at on any day', () => {
  test('finds something where there is nothing in at most 1 of 20 experiments, over all looks', () => {
    const runs = 300;
    let found = 0;
    let peeked = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const days = simulate(seed, [500, 300], [0.2, 0.2]);
      if (sequentialTest(days, ratioOf(0.2, 0.3)).pValue <= 0.05) found++;
      // The same looks with the ordinary test, which is made for one.
      const bought = [0, 0];
      const isTaken = days.some(({ events }) => {
        bought[0] = (bought[0] ?? 0) + events[0];
        bought[1] = (bought[1] ?? 0) + events[1];
        const test = compareProportions(
          { successes: bought[0] ?? 0, trials: 500 },
          { successes: bought[1] ?? 0, trials: 300 },
        );
        return (test?.pValue ?? 1) < 0.05;
      });
      if (isTaken) peeked++;
    }
    expect(found / runs).toBeLessThanOrEqual(0.05);
    expect(peeked / runs).toBeGreaterThan(0.1);
  });

  test('finds the difference that was planned for, four times out of five, with the sample it asks for', () => {
    const perArm = Math.ceil(sampleSizePerArm(0.2, 0.3) * sequentialInflation());
    const runs = 120;
    let found = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const days = simulate(seed, [perArm, perArm], [0.3, 0.2]);
      if (sequentialTest(days, ratioOf(0.2, 0.3)).pValue <= 0.05) found++;
    }
    expect(found / runs).toBeGreaterThan(0.75);
  });

  test('tells the ratio with an interval that holds 1 as long as nothing is found', () => {
    const none = sequentialTest(simulate(5, [400, 400], [0.2, 0.2]), 1.5);
    expect(none.pValue).toBeGreaterThan(0.05);
    expect(none.low).toBeLessThan(1);
    expect(none.high).toBeGreaterThan(1);
    const large = sequentialTest(simulate(5, [2_000, 2_000], [0.4, 0.2]), ratioOf(0.2, 0.4));
    expect(large.pValue).toBeLessThan(0.001);
    expect(large.ratio).toBeCloseTo(ratioOf(0.2, 0.4), 0);
    expect(large.low).toBeGreaterThan(1);
  });

  test('is the mixture worked out by hand for one purchase', () => {
    // A purchase of one of 1 treated and 1 other: ratio r gives 2 r / (r + 1), which has mean 1 over a symmetric prior.
    expect(sequentialTest([{ atRisk: [1, 1], events: [1, 0] }], 2).pValue).toBeCloseTo(1, 6);
    // Two of two treated, before any of two others: 2r/(r+1) r-times-... mixed over log r ~ N(0, ln 2).
    const { pValue, ratio } = sequentialTest(
      [
        { atRisk: [2, 2], events: [1, 0] },
        { atRisk: [1, 2], events: [1, 0] },
      ],
      2,
    );
    let mixed = 0;
    for (let i = -4_000; i < 4_000; i++) {
      const z = (i + 0.5) / 500;
      const r = 2 ** z;
      mixed +=
        (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / 500) *
        ((4 * r) / (2 * r + 2)) *
        ((3 * r) / (r + 2));
    }
    expect(pValue).toBeCloseTo(1 / mixed, 4);
    expect(ratio).toBeNull();
  });

  test.each([
    ['nobody bought', []],
    ['nobody of one arm bought', [{ atRisk: [50, 50], events: [0, 3] }] satisfies EventDay[]],
    ['all bought on one day', [{ atRisk: [50, 50], events: [50, 50] }] satisfies EventDay[]],
  ])('gives numbers where %s', (_, days) => {
    const { pValue, low, high, ratio } = sequentialTest(days, 1.5);
    expect(pValue).toBeGreaterThan(0);
    expect(pValue).toBeLessThanOrEqual(1);
    for (const value of [low, high, ratio]) expect(value === null || Number.isFinite(value)).toBe(true);
  });

  test('takes about twice the subjects of one look', () => {
    expect(sequentialInflation()).toBeCloseTo(1.94, 1);
  });

  test('has to look for something', () => {
    expect(() => sequentialTest([], 1)).toThrow('nothing to look for');
  });
});
