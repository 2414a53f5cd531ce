import cephes from 'cephes';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { hypergeometric, hypergeometricOne } from '../../../src/segmentation/statistics/hypergeometric.ts';
import {
  chiSquareSurvival,
  lnGammaRise,
  logAdd,
  logSubtract,
  normalQuantile,
  twoSidedP,
} from '../../../src/segmentation/statistics/special-functions.ts';

beforeAll(() => cephes.compiled);

function close(actual: number, expected: number, relative = 1e-9): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(expected)));
}

/** cephes throws on overflow and underflow; such points say nothing about us. */
function oracle(compute: () => number): number {
  try {
    return compute();
  } catch {
    return Number.NaN;
  }
}

describe('2F1', () => {
  test.each([
    // a, b, c, z, closed form
    [1, 1, 2, 0.5, 2 * Math.log(2)],
    [1, 1, 2, 0.999, -Math.log(0.001) / 0.999],
    [0.5, 1, 1.5, 0.81, Math.atanh(0.9) / 0.9],
    [0.5, 1, 1.5, -4, Math.atan(2) / 2],
    [3, 2.5, 2.5, 0.9, 0.1 ** -3],
    [-2, 3, 4, 0.7, 1 - (2 * 3 * 0.7) / 4 + (2 * 3 * 4 * 0.49) / (2 * 4 * 5)],
  ])('F(%f, %f; %f; %f) is its closed form', (a, b, c, z, expected) => {
    close(hypergeometric(a, b, c, z), expected, 1e-11);
  });

  test('agrees with cephes where cephes is at home', () => {
    const parameter = fc.double({ min: 0.05, max: 12, noNaN: true });
    fc.assert(
      fc.property(
        parameter,
        parameter,
        parameter,
        fc.double({ min: -3, max: 0.995, noNaN: true }),
        (a, b, c, z) => {
          const expected = oracle(() => cephes.hyp2f1(a, b, c, z));
          fc.pre(Number.isFinite(expected));
          close(hypergeometric(a, b, c, z), expected, 2e-8);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  test('with a = 1 the continued fraction equals the series, also near z = 1 and for a thousand purchases', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        fc.double({ min: 0.2, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 0.98, noNaN: true }),
        (b, more, z) => close(hypergeometricOne(b, b + more, z), hypergeometric(1, b, b + more, z), 1e-9),
      ),
      { numRuns: 300, seed: 2 },
    );
    close(hypergeometricOne(1, 2, 1 - 1e-7), -Math.log(1e-7) / (1 - 1e-7), 1e-8);
    close(hypergeometricOne(1000.5, 1001.2, 0.9), hypergeometric(1, 1000.5, 1001.2, 0.9), 1e-9);
  });

  // mpmath 1.2.1, 40 digits
  test.each([
    [1.4, 3.2, 0.9999999, 2.749962544949243],
    [0.81, 1.62, 0.99999, 30.2973029487224],
    [1.00001, 6.8, 0.999, 1.208018090323313],
    [5.25, 6.05, 0.999999, 244.8570236893913],
    [1.5, 302.3, 0.995, 1.004978110628485],
  ])('2F1(1, %f; %f; %f) is %f, right beside 1 too', (b, c, z, expected) => {
    close(hypergeometricOne(b, c, z), expected, 1e-11);
  });

  test('refuses what has no value', () => {
    expect(() => hypergeometric(1, 1, 2, 1)).toThrow(/z < 1/);
    expect(() => hypergeometric(1, 1, 0, 0.5)).toThrow(/pole/);
  });
});

test('a rise of ln Gamma keeps its digits where it starts far out', () => {
  close(lnGammaRise(2, 3), Math.log(24), 1e-14);
  for (const x of [1e3, 1e6, 1e12]) close(lnGammaRise(x, 1), Math.log(x), 1e-12);
  expect(lnGammaRise(1e12, 0)).toBe(0);
});

test('sums and differences of logarithms stand extremes', () => {
  expect(logAdd(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  close(logAdd(-1000, -1000), -1000 + Math.log(2), 1e-15);
  close(logSubtract(Math.log(5), Math.log(3)), Math.log(2), 1e-14);
  expect(logSubtract(1, 1)).toBe(Number.NEGATIVE_INFINITY);
});

test('the normal and chi-square tails are those of the tables', () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
  expect(twoSidedP(1.959963984540054)).toBeCloseTo(0.05, 12);
  expect(chiSquareSurvival(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 1e-3, max: 400, noNaN: true }),
      (df, x) => {
        const expected = oracle(() => cephes.chdtrc(df, x));
        fc.pre(Number.isFinite(expected));
        close(chiSquareSurvival(x, df), expected, 1e-10);
      },
    ),
    { seed: 3 },
  );
});
