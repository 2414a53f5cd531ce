import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expectedPurchasesBgNbd,
  fitBgNbd,
  logLikelihoodBgNbd,
  pAliveBgNbd,
} from '../../../src/segmentation/statistics/bg-nbd.ts';
import { holdoutTable } from '../../../src/segmentation/statistics/holdout.ts';
import {
  expectedPurchasesMbgNbd,
  fitMbgNbd,
  logLikelihoodMbgNbd,
  pAliveMbgNbd,
} from '../../../src/segmentation/statistics/mbg-nbd.ts';
import {
  expectedPurchasesParetoNbd,
  fitParetoNbd,
  logLikelihoodParetoNbd,
  pAliveParetoNbd,
} from '../../../src/segmentation/statistics/pareto-nbd.ts';
import { type PurchaseRow, samplePurchases } from '../../../src/segmentation/statistics/purchases.ts';
import { cdnowCalibration, cdnowFolder, cdnowSummary } from './cdnow.ts';
import { purchaseProbability } from './purchase-counts.ts';

const bg = { r: 0.2425945, alpha: 4.4136019, a: 0.7929199, b: 2.4258881 };
const pareto = { r: 0.55315, alpha: 10.57633, s: 0.60625, beta: 11.6715 };
const mbg = { r: 0.525, alpha: 6.183, a: 0.891, b: 1.614 };
const newcomer = { x: 0, tx: 0, T: 0 };
const best = { x: 26, tx: 30.85714, T: 31 };

type AnyModel = {
  alive(row: PurchaseRow): number;
  expected(row: PurchaseRow, t: number): number;
  logLikelihood(row: PurchaseRow): number;
};
function model<P>(
  name: string,
  p: P,
  alive: (p: P, row: PurchaseRow) => number,
  expected: (p: P, row: PurchaseRow, t: number) => number,
  logLikelihood: (p: P, row: PurchaseRow) => number,
): [string, AnyModel] {
  return [
    name,
    {
      alive: (row) => alive(p, row),
      expected: (row, t) => expected(p, row, t),
      logLikelihood: (row) => logLikelihood(p, row),
    },
  ];
}
const everyModel: [string, AnyModel][] = [
  model('BG/NBD', bg, pAliveBgNbd, expectedPurchasesBgNbd, logLikelihoodBgNbd),
  model('MBG/NBD', mbg, pAliveMbgNbd, expectedPurchasesMbgNbd, logLikelihoodMbgNbd),
  model('Pareto/NBD', pareto, pAliveParetoNbd, expectedPurchasesParetoNbd, logLikelihoodParetoNbd),
];

describe('published values', () => {
  test.each([
    [0.1429, 0.0078],
    [1, 0.0532],
    [3, 0.1506],
    [31.8571, 1.0405],
    [32, 1.0437],
    [52, 1.444],
    [78, 1.8576],
  ])('BG/NBD expects of a new customer in %f weeks %f purchases', (t, expected) => {
    expect(expectedPurchasesBgNbd(bg, newcomer, t)).toBeCloseTo(expected, 3);
  });

  test.each([
    [0, 0],
    [1, 0.05077821],
    [2, 0.09916088],
    [5, 0.23247466],
    [9, 0.38909211],
    [52, 1.473434],
  ])('Pareto/NBD expects of a new customer in %f weeks %f purchases', (t, expected) => {
    expect(Math.abs(expectedPurchasesParetoNbd(pareto, newcomer, t) - expected)).toBeLessThan(3e-3);
  });

  test('the best customer is alive and buys on', () => {
    expect(pAliveBgNbd(bg, best)).toBeCloseTo(0.9688523, 5);
    expect(expectedPurchasesBgNbd(bg, best, 52)).toBeCloseTo(25.75659, 2);
    expect(pAliveParetoNbd(pareto, best)).toBeCloseTo(0.997874, 5);
    expect(expectedPurchasesParetoNbd(pareto, best, 52)).toBeCloseTo(25.45647, 2);
    const fader = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    expect(Math.abs(expectedPurchasesBgNbd(fader, { x: 2, tx: 30.43, T: 38.86 }, 39) - 1.226)).toBeLessThan(
      1e-3,
    );
  });

  test.each([
    [10, 0.3474606, 0.7062289],
    [15, 0.04283391, 0.1442396],
    [20, 0.004158973, 0.02250658],
    [25, 0.0003583685, 0.00309267],
  ])('after a long silence %i purchases mean fewer to come, not more', (x, expectedBg, expectedPareto) => {
    const row = { x, tx: 20, T: 39 };
    expect(expectedPurchasesBgNbd(bg, row, 52) / expectedBg).toBeCloseTo(1, 3);
    expect(expectedPurchasesParetoNbd(pareto, row, 52) / expectedPareto).toBeCloseTo(1, 2);
  });

  test.each([
    [2, 10, 1.07869e-7],
    [39, 0, 0.5737864],
    [30, 11, 0.0019995214],
    [30, 12, 0.0015170236],
    [30, 13, 0.001163315],
    [30, 14, 0.0009003148],
    [30, 15, 0.0007023638],
    [30, 16, 0.0005517902],
    [30, 17, 0.0004361913],
    [30, 18, 0.0003467171],
    [30, 19, 0.0002769613],
    [30, 20, 0.000222226],
  ])('P(X(%i) = %i) is %f', (t, n, expected) => {
    const p = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    expect(purchaseProbability(p, t, n, 0) / expected).toBeCloseTo(1, 4);
  });

  test('one customer has the log-likelihood that PyMC-Marketing computes', () => {
    const p = { a: 0.8, b: 2.5, r: 0.25, alpha: 4 };
    expect(logLikelihoodBgNbd(p, { x: 0, tx: 0, T: 40 })).toBeCloseTo(-0.59947382, 5);
    expect(logLikelihoodBgNbd(p, { x: 200, tx: 38, T: 40 })).toBeCloseTo(100.7957, 4);
    expect(logLikelihoodMbgNbd(p, { x: 0, tx: 0, T: 40 })).toBeCloseTo(-0.41792826, 5);
    expect(logLikelihoodMbgNbd(p, { x: 200, tx: 38, T: 40 })).toBeCloseTo(100.7869, 4);
  });
});

describe('another shop: many who never came back and a few who came very often', () => {
  const rows: PurchaseRow[] = Array.from({ length: 300 }, (_, i) => {
    const x = [0, 0, 1, 0, 2, 12, 0, 1, 30, 3, 0, 0, 0][i % 13] ?? 0;
    const T = 20 + ((i * 7) % 30);
    const share = x > 5 && i % 3 > 0 ? 0.98 : (((i * 11) % 17) + 1) / 18;
    return { x, tx: x > 0 ? T * share : 0, T };
  });

  // Greatest likelihoods found by SciPy 1.10.1 (Nelder-Mead and L-BFGS-B, three starts) with the formulas of the papers.
  test.each([
    ['BG/NBD', fitBgNbd, { r: 0.14246, alpha: 0.57741, a: 0.45374, b: 6.07013 }, -2005.43536],
    ['Pareto/NBD', fitParetoNbd, { r: 0.17099, alpha: 0.72556, s: 0.78595, beta: 34.82794 }, -2013.19353],
  ] as const)('%s finds what SciPy finds', (_, learn, parameters, logLikelihood) => {
    const found = learn(rows);
    expect(found.converged).toBe(true);
    expect(found.logLikelihood).toBeCloseTo(logLikelihood, 4);
    for (const [name, value] of Object.entries(parameters))
      expect(found.parameters[name as never] / value).toBeCloseTo(1, 3);
  });

  test('MBG/NBD has its maximum where all leave alike: as high as SciPy gets, and said', () => {
    const found = fitMbgNbd(rows);
    expect(Math.abs(found.logLikelihood - -2006.04356)).toBeLessThan(0.002);
    expect(found).toMatchObject({ converged: false, warnings: [expect.stringContaining('do not pin down')] });
  });

  test('a chance of leaving is the same for all where a and b are huge, to the last digits', () => {
    // ln of Gamma(r+x)/Gamma(r) alpha^r ((1-p)^(x+1) (alpha+T)^-(r+x) + p (1-p)^x (alpha+tx)^-(r+x)) by mpmath, p = 0.1
    const alike = { r: 0.8, alpha: 4, a: 1e11, b: 9e11 };
    expect(logLikelihoodMbgNbd(alike, { x: 30, tx: 20, T: 40 })).toBeCloseTo(-28.41514348449007, 9);
  });
});

describe.skipIf(cdnowFolder === undefined)('CDNOW', () => {
  test.each([
    ['BG/NBD', fitBgNbd, { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }, -9582.429],
    ['MBG/NBD', fitMbgNbd, { r: 0.525, alpha: 6.183, a: 0.891, b: 1.614 }, -9582.136],
    ['Pareto/NBD', fitParetoNbd, { r: 0.553, alpha: 10.578, s: 0.606, beta: 11.669 }, -9594.976],
  ] as const)(
    '%s finds the published parameters and log-likelihood',
    (_, learn, parameters, logLikelihood) => {
      const found = learn(cdnowCalibration().customers);
      expect(found).toMatchObject({ converged: true, warnings: [], customers: 2357 });
      for (const [name, value] of Object.entries(parameters)) {
        expect.soft(Math.abs(found.parameters[name as never] - value), name).toBeLessThan(6e-4);
      }
      expect(Math.abs(found.logLikelihood - logLikelihood)).toBeLessThan(0.005);
    },
  );

  test('standard errors of Pareto/NBD are those of CLVTools', () => {
    const { standardErrors } = fitParetoNbd(cdnowSummary());
    expect(standardErrors?.r).toBeCloseTo(0.0476264, 3);
    expect(standardErrors?.alpha).toBeCloseTo(0.8427222, 2);
    expect(standardErrors?.s).toBeCloseTo(0.1872594, 3);
    expect(standardErrors?.beta).toBeCloseTo(6.2105448, 1);
  });

  test('days instead of weeks change alpha by seven and nothing else', () => {
    const rows = cdnowSummary();
    const weeks = fitBgNbd(rows);
    const days = fitBgNbd(rows.map(({ x, tx, T }) => ({ x, tx: tx * 7, T: T * 7 })));
    expect(days.parameters.alpha / weeks.parameters.alpha).toBeCloseTo(7, 3);
    expect(days.parameters.r).toBeCloseTo(weeks.parameters.r, 4);
    expect(days.logLikelihood).toBeCloseTo(weeks.logLikelihood - 2457 * Math.log(7), 2);
  });

  test('the holdout table is the published one', () => {
    const { customers, holdoutLength } = cdnowCalibration();
    expect(holdoutLength).toBe(39);
    const table = (expected: (row: { x: number; tx: number; T: number }) => number) =>
      holdoutTable(customers.map((row) => ({ ...row, expected: expected(row) })));
    const bgTable = table((row) => expectedPurchasesBgNbd(bg, row, 39));
    expect(bgTable).toMatchObject({ customers: 2357, actual: 1882 });
    expect(bgTable.expected).toBeCloseTo(1653.4, 0);
    expect(bgTable.byFrequency.map((line) => line.customers)).toEqual([1411, 439, 214, 100, 62, 38, 29, 64]);
    const actual = [0.2367116, 0.6970387, 1.392523, 1.56, 2.532258, 2.947368, 3.862069, 6.359375];
    const expectedBg = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036];
    const expectedPareto = [0.138, 0.6, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403];
    const paretoTable = table((row) => expectedPurchasesParetoNbd(pareto, row, 39));
    bgTable.byFrequency.forEach((line, i) => {
      expect.soft(line.actualMean).toBeCloseTo(actual[i] ?? 0, 5);
      expect.soft(line.expectedMean).toBeCloseTo(expectedBg[i] ?? 0, 3);
      expect
        .soft(Math.abs((paretoTable.byFrequency[i]?.expectedMean ?? 0) - (expectedPareto[i] ?? 0)))
        .toBeLessThan(1.2e-3);
    });
  });

  test('MBG/NBD and Pareto/NBD let one-time buyers fade, BG/NBD never does', () => {
    const rows = cdnowSummary();
    const meanAlive = (alive: (row: (typeof rows)[0]) => number) =>
      rows.reduce((s, row) => s + alive(row), 0) / rows.length;
    expect(meanAlive((row) => pAliveBgNbd(bg, row))).toBeCloseTo(0.81344, 3);
    expect(meanAlive((row) => pAliveMbgNbd(mbg, row))).toBeCloseTo(0.44872, 3);
    expect(meanAlive((row) => pAliveParetoNbd(pareto, row))).toBeCloseTo(0.44628, 3);
    const total = rows.reduce((sum, row) => sum + expectedPurchasesMbgNbd(mbg, row, 39), 0);
    expect(Math.abs(total - 1576.74)).toBeLessThan(1);
  });

  test('half of the customers give nearly the same model', () => {
    const half = samplePurchases(cdnowSummary(), 1200, 3);
    expect(half).toHaveLength(1200);
    expect(Math.abs(fitBgNbd(half).parameters.r - bg.r)).toBeLessThan(0.05);
  });
});

describe('edges', () => {
  test('a thousand purchases, then silence: gone, with no overflow', () => {
    const row = { x: 1000, tx: 10, T: 100 };
    for (const [name, { alive, expected, logLikelihood }] of everyModel) {
      expect.soft(alive(row), name).toBeLessThan(1e-100);
      expect.soft(expected(row, 52), name).toBeLessThan(1e-90);
      expect.soft(Number.isFinite(logLikelihood(row)), name).toBe(true);
    }
  });

  test('whatever the customer, P(alive) is a probability and expectations grow with the horizon', () => {
    const row = fc
      .record({
        x: fc.integer({ min: 0, max: 1000 }),
        T: fc.double({ min: 0.01, max: 500, noNaN: true }),
        u: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ x, T, u }) => ({ x, tx: x === 0 ? 0 : T * u, T }));
    fc.assert(
      fc.property(row, fc.constantFrom(...everyModel), (customer, [, { alive, expected }]) => {
        const probability = alive(customer);
        expect(probability).toBeGreaterThanOrEqual(0);
        expect(probability).toBeLessThanOrEqual(1);
        const horizons = [0, 1, 13, 52, 520, 5200].map((t) => expected(customer, t));
        expect(horizons.every(Number.isFinite)).toBe(true);
        expect(horizons[0]).toBe(0);
        horizons.slice(1).forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual((horizons[i] ?? 0) * (1 - 1e-9));
        });
      }),
      { seed: 4 },
    );
  });

  test('a longer silence never makes a customer more alive', () => {
    const silence = fc.double({ min: 0, max: 200, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        silence,
        silence,
        fc.constantFrom(...everyModel),
        (x, s1, s2, [, m]) => {
          const [short, long] = s1 < s2 ? [s1, s2] : [s2, s1];
          const aliveAfter = (gap: number) => m.alive({ x, tx: 20, T: 20 + gap });
          expect(aliveAfter(long)).toBeLessThanOrEqual(aliveAfter(short) + 1e-12);
        },
      ),
      { seed: 5 },
    );
  });

  test('probabilities of all counts add up to 1 and their mean is what is expected', () => {
    for (const [chances, mean, p] of [
      [0, expectedPurchasesBgNbd, bg],
      [1, expectedPurchasesMbgNbd, mbg],
    ] as const) {
      let total = 0;
      let first = 0;
      for (let n = 0; n < 400; n++) {
        const probability = purchaseProbability(p, 30, n, chances);
        total += probability;
        first += n * probability;
      }
      expect(total).toBeCloseTo(1, 6);
      expect(first).toBeCloseTo(mean(p, newcomer, 30), 4);
    }
  });

  test('a = 1 is no special customer', () => {
    const at1 = expectedPurchasesBgNbd({ ...bg, a: 1 }, best, 52);
    const beside = expectedPurchasesBgNbd({ ...bg, a: 1.0001 }, best, 52);
    expect(Math.abs(at1 - beside)).toBeLessThan(0.01);
  });

  test.each([
    ['one customer', [{ x: 3, tx: 5, T: 9 }], 'too-few-customers'],
    ['no repeats', Array.from({ length: 50 }, () => ({ x: 0, tx: 0, T: 9 })), 'no-repeat-purchases'],
    ['everyone new today', Array.from({ length: 50 }, () => ({ x: 0, tx: 0, T: 0 })), 'no-observation-time'],
    ['recency after T', [1, 2, 3].map(() => ({ x: 3, tx: 10, T: 9 })), 'purchase-row'],
    ['half a purchase', [1, 2, 3].map(() => ({ x: 0.5, tx: 1, T: 9 })), 'purchase-row'],
    ['not a number', [1, 2, 3].map(() => ({ x: 1, tx: Number.NaN, T: 9 })), 'purchase-row'],
  ])('%s is refused by name', (_, rows, code) => {
    for (const learn of [fitBgNbd, fitMbgNbd, fitParetoNbd])
      expect(() => learn(rows)).toThrow(expect.objectContaining({ code }));
  });

  test('customers who are all alike give finite parameters and a warning', () => {
    const rows = Array.from({ length: 40 }, () => ({ x: 4, tx: 8, T: 10 }));
    for (const learn of [fitBgNbd, fitMbgNbd, fitParetoNbd]) {
      const { parameters, logLikelihood, warnings, converged } = learn(rows);
      expect(Object.values(parameters).every((v) => Number.isFinite(v) && v > 0)).toBe(true);
      expect(Number.isFinite(logLikelihood)).toBe(true);
      expect(converged).toBe(false);
      expect(warnings).not.toHaveLength(0);
    }
  });
});
