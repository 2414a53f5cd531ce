import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GONE, migrationMatrix, NEW } from '../../../src/segmentation/statistics/migration.ts';
import { adjustPValues } from '../../../src/segmentation/statistics/multiple-tests.ts';
import { overlapOf } from '../../../src/segmentation/statistics/overlap.ts';
import {
  compareProportions,
  sampleRatio,
  sampleSizePerArm,
  wilsonRate,
} from '../../../src/segmentation/statistics/proportions.ts';
import { populationStability } from '../../../src/segmentation/statistics/psi.ts';
import { adjustedRandIndex } from './rand-index.ts';

describe('rates', () => {
  test("Wilson's interval is the known one and stays inside 0 and 1", () => {
    const rate = wilsonRate(10, 100);
    expect(rate?.low).toBeCloseTo(0.05522914, 7);
    expect(rate?.high).toBeCloseTo(0.17436566, 7);
    expect(wilsonRate(0, 10)).toMatchObject({ value: 0, low: 0, tooFew: true });
    expect(wilsonRate(10, 10)).toMatchObject({ value: 1, high: 1 });
    expect(wilsonRate(0, 0)).toBeNull();
    expect(() => wilsonRate(3, 2)).toThrow(expect.objectContaining({ code: 'counts' }));
  });

  test('120 of 1,000 against 100 of 1,000 gives z 1.42930 and p 0.15292', () => {
    const result = compareProportions({ successes: 120, trials: 1000 }, { successes: 100, trials: 1000 });
    expect(result?.z).toBeCloseTo(1.4293, 5);
    expect(result?.pValue).toBeCloseTo(0.15292, 5);
    expect(result?.lift).toBeCloseTo(0.2, 12);
    expect(result?.low).toBeLessThan(0);
    expect(result?.high).toBeGreaterThan(0);
  });

  test('no difference, no success, nobody: an answer each', () => {
    const none = { successes: 0, trials: 50 };
    expect(compareProportions(none, none)).toMatchObject({ z: 0, pValue: 1, lift: null });
    expect(compareProportions({ successes: 0, trials: 0 }, none)).toBeNull();
  });

  test.each([
    [0.05, 0.06, 8157.73, 8154.99, 8142.6],
    [0.1, 0.12, 3840.85, 3838.1, 3834.6],
    [0.2, 0.25, 1093.74, 1090.99, 1091.9],
  ])(
    'from %f to %f takes %f (pooled), %f (unpooled), %f (Cohen) in each arm',
    (base, target, pooled, unpooled, cohen) => {
      expect(sampleSizePerArm(base, target)).toBeCloseTo(pooled, 2);
      expect(sampleSizePerArm(base, target, { method: 'unpooled' })).toBeCloseTo(unpooled, 2);
      expect(sampleSizePerArm(base, target, { method: 'cohen_h' })).toBeCloseTo(cohen, 1);
    },
  );

  test('no change to find is refused', () => {
    expect(() => sampleSizePerArm(0.1, 0.1)).toThrow(expect.objectContaining({ code: 'sample-size' }));
  });

  test('a split of 5,300 to 4,700 is no fair coin; 5,050 to 4,950 is', () => {
    expect(sampleRatio([5300, 4700], [1, 1])).toMatchObject({ chiSquare: 36, mismatch: true });
    expect(sampleRatio([5050, 4950], [1, 1]).mismatch).toBe(false);
    expect(sampleRatio([9000, 1000], [9, 1])).toMatchObject({ chiSquare: 0, pValue: 1 });
  });
});

describe('several tests', () => {
  test('adjusted as R does', () => {
    const p = [0.01, 0.04, 0.03, 0.005];
    expect(adjustPValues(p, 'holm')).toEqual([0.03, 0.06, 0.06, 0.02].map((v) => expect.closeTo(v, 12)));
    expect(adjustPValues(p, 'benjamini_hochberg')).toEqual(
      [0.02, 0.04, 0.04, 0.02].map((v) => expect.closeTo(v, 12)),
    );
    expect(adjustPValues([], 'holm')).toEqual([]);
  });

  test('an adjusted p-value is never smaller, and Holm never below Benjamini-Hochberg', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (p) => {
        const holm = adjustPValues(p, 'holm');
        const bh = adjustPValues(p, 'benjamini_hochberg');
        p.forEach((value, i) => {
          expect(bh[i]).toBeGreaterThanOrEqual(value * (1 - 1e-12));
          expect(holm[i]).toBeGreaterThanOrEqual((bh[i] ?? 0) * (1 - 1e-12));
          expect(holm[i]).toBeLessThanOrEqual(1);
        });
      }),
      { seed: 8 },
    );
  });
});

describe('drift', () => {
  test('PSI is the sum one gets by hand', () => {
    // .4/.6 to .5/.5: (.1) ln(1.25) + (-.1) ln(.8333)
    const { psi, level } = populationStability([400, 600], [500, 500]);
    expect(psi).toBeCloseTo(0.1 * Math.log(1.25) - 0.1 * Math.log(5 / 6), 12);
    expect(level).toBe('none');
    expect(populationStability([500, 300, 200], [200, 300, 500])).toMatchObject({
      level: 'major',
      smallSample: false,
    });
  });

  test('is never negative, finite with empty bins, and 0 for equal shares', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(counts, counts, (before, after) => {
        fc.pre(before.some((n) => n > 0) && after.some((n) => n > 0));
        const { psi, pValue } = populationStability(before, after);
        expect(psi).toBeGreaterThanOrEqual(-1e-12);
        expect(Number.isFinite(psi)).toBe(true);
        expect(pValue).toBeGreaterThanOrEqual(0);
        expect(pValue).toBeLessThanOrEqual(1);
        if (!before.includes(0))
          expect(
            populationStability(
              before,
              before.map((n) => 2 * n),
            ).psi,
          ).toBeCloseTo(0, 12);
      }),
      { seed: 9 },
    );
  });

  test('a small sample exceeds .1 by chance; its p-value says so', () => {
    const drift = populationStability([10, 10, 10, 10], [15, 5, 12, 8]);
    expect(drift.psi).toBeGreaterThan(0.1);
    expect(drift).toMatchObject({ smallSample: true });
    expect(drift.pValue).toBeGreaterThan(0.1);
  });

  test('nobody to compare is refused', () => {
    expect(() => populationStability([0, 0], [1, 2])).toThrow(
      expect.objectContaining({ code: 'drift-empty' }),
    );
  });
});

describe('divisions', () => {
  test('overlap by Jaccard and containment', () => {
    expect(overlapOf(100, 50, 50)).toEqual({ jaccard: 0.5, containment: 1, flagged: true });
    expect(overlapOf(100, 100, 20)).toEqual({ jaccard: 20 / 180, containment: 0.2, flagged: false });
    expect(overlapOf(0, 0, 0)).toEqual({ jaccard: 0, containment: 0, flagged: false });
    expect(() => overlapOf(1, 1, 2)).toThrow(RangeError);
  });

  test('the adjusted Rand index is that of the textbook', () => {
    expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 1, 2])).toBeCloseTo(0.5714285714, 9);
    expect(adjustedRandIndex([0, 0, 0], [1, 1, 1])).toBe(1);
    expect(adjustedRandIndex([], [])).toBe(1);
  });

  test('it is symmetric, 1 with itself and blind to names', () => {
    const labels = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), {
      minLength: 2,
    });
    fc.assert(
      fc.property(labels, (pairs) => {
        const left = pairs.map(([a]) => a);
        const right = pairs.map(([, b]) => b);
        expect(adjustedRandIndex(left, right)).toBeCloseTo(adjustedRandIndex(right, left), 12);
        expect(
          adjustedRandIndex(
            left,
            left.map((label) => `s${label}`),
          ),
        ).toBe(1);
        expect(adjustedRandIndex(left, right)).toBeLessThanOrEqual(1);
      }),
      { seed: 10 },
    );
  });

  test('a migration matrix keeps everyone, with the new and the gone', () => {
    const matrix = migrationMatrix(
      [
        { from: 'a', to: 'a', count: 6 },
        { from: 'a', to: 'b', count: 2 },
        { from: null, to: 'b', count: 3 },
        { from: 'b', to: null, count: 1 },
      ],
      ['b', 'a'],
    );
    expect(matrix).toEqual({
      from: ['b', 'a', NEW],
      to: ['b', 'a', GONE],
      counts: [
        [0, 0, 1],
        [2, 6, 0],
        [3, 0, 0],
      ],
      stayed: 6 / 8,
    });
    expect(migrationMatrix([]).stayed).toBeNull();
  });

  test('a segment called new is not taken for those who came', () => {
    const matrix = migrationMatrix([
      { from: 'new', to: 'gone', count: 4 },
      { from: null, to: 'new', count: 3 },
      { from: 'gone', to: null, count: 2 },
    ]);
    expect(matrix).toMatchObject({ from: ['gone', 'new', NEW], to: ['gone', 'new', GONE], stayed: 0 });
    expect(matrix.counts).toEqual([
      [0, 0, 2],
      [4, 0, 0],
      [0, 3, 0],
    ]);
  });
});
