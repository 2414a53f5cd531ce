import { describe, expect, test } from 'vitest';
import { APPLICABILITY, assessApplicability } from '../../../src/segmentation/statistics/applicability.ts';
import { lifetimeValue, nextPurchaseAfter } from '../../../src/segmentation/statistics/clv.ts';
import {
  expectedSpend,
  fitGammaGamma,
  spendFrequencyTie,
} from '../../../src/segmentation/statistics/gamma-gamma.ts';
import { randomFrom } from '../../../src/segmentation/statistics/random.ts';
import { summarisePurchases } from '../../../src/segmentation/statistics/summary.ts';
import { cdnowCalibration, cdnowFolder, cdnowSummary, cdnowTransactions, dayOf } from './cdnow.ts';

describe.skipIf(cdnowFolder === undefined)('CDNOW', () => {
  test('Gamma-Gamma finds the published parameters and log-likelihood', () => {
    const fit = fitGammaGamma(cdnowSummary());
    expect(fit).toMatchObject({ converged: true, warnings: [], customers: 946 });
    expect(fit.parameters.p).toBeCloseTo(6.25, 2);
    expect(fit.parameters.q).toBeCloseTo(3.74, 2);
    expect(Math.abs(fit.parameters.gamma - 15.44)).toBeLessThan(0.02);
    expect(Math.abs(fit.logLikelihood - -4055.9177)).toBeLessThan(0.05);
  });

  test('expected spend of the first ten customers is the published one', () => {
    const published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17];
    const rows = cdnowSummary();
    published.forEach((value, i) => {
      const spend = expectedSpend({ p: 6.25, q: 3.74, gamma: 15.44 }, rows[i] ?? { x: 0, m: 0 });
      expect.soft(Math.abs((spend ?? 0) - value)).toBeLessThan(0.1);
    });
  });

  test('the summary of the transactions is the published summary', () => {
    const rows = cdnowSummary();
    const { customers } = cdnowCalibration();
    expect(customers).toHaveLength(2357);
    customers.forEach((customer, i) => {
      const row = rows[i] ?? { x: -1, tx: 0, T: 0, m: 0 };
      expect(customer.x).toBe(row.x);
      expect(Math.abs(customer.tx - row.tx)).toBeLessThan(0.0051);
      expect(Math.abs(customer.T - row.T)).toBeLessThan(0.0051);
      expect(Math.abs(customer.zbar - row.m)).toBeLessThan(0.0051);
    });
    expect(customers.reduce((sum, customer) => sum + customer.holdoutX, 0)).toBe(1882);
  });

  test('purchase models apply to it with high confidence', () => {
    const { customers, daysPerUnit } = cdnowCalibration();
    const pattern = customers.map(({ x, tx, T, zbar, gapVariation }) => ({
      x,
      zbar,
      gapVariation,
      observedDays: T * daysPerUnit,
      activeDays: tx * daysPerUnit,
    }));
    expect(assessApplicability(pattern)).toEqual({
      purchases: true,
      spend: true,
      confidence: 'high',
      reasons: [],
    });
  });

  test('merging the rows of one customer and day leaves 6,696 purchases and every dollar', () => {
    const end = dayOf('1998-06-30');
    const { customers } = summarisePurchases(cdnowTransactions(), { unit: 'week', calibrationEnd: end });
    expect(customers.reduce((sum, customer) => sum + customer.purchases, 0)).toBe(6696);
    expect(customers.reduce((sum, customer) => sum + customer.revenue, 0)).toBeCloseTo(244_091.94, 1);
  });
});

describe('summary', () => {
  const day = dayOf('2026-01-01');
  const options = { unit: 'day', calibrationEnd: day + 100 } as const;

  test('refunds, free orders, future rows and late customers are handled and told', () => {
    const { customers, warnings } = summarisePurchases(
      [
        { customer: 'a', day, amount: 10 },
        { customer: 'a', day: day + 10, amount: 30 },
        { customer: 'a', day: day + 10, amount: -5 },
        { customer: 'a', day: day + 20, amount: 40 },
        { customer: 'a', day: day + 20, amount: -40 },
        { customer: 'a', day: day + 30, amount: 0 },
        { customer: 'a', day: day + 40, amount: -3 },
        { customer: 'a', day: day + 200, amount: 99 },
        { customer: 'b', day: day + 1, amount: -7 },
        { customer: 'c', day: day + 3, amount: null },
      ],
      options,
    );
    expect(
      customers.map(({ customer, x, tx, T, zbar, revenue }) => ({ customer, x, tx, T, zbar, revenue })),
    ).toEqual([
      { customer: 'a', x: 2, tx: 30, T: 100, zbar: 12.5, revenue: 32 },
      { customer: 'c', x: 0, tx: 0, T: 97, zbar: 0, revenue: 0 },
    ]);
    expect(warnings).toEqual([
      '1 rows after the last day were left out.',
      '4 refunds (55.00 in all) lowered revenue and the total of their own day.',
      '3 days left with nothing after refunds do not count as purchases.',
      '1 rows without an amount count as purchases worth 0.',
    ]);
  });

  test('the order of rows does not matter', () => {
    const rows = [5, 1, 9, 3].map((d) => ({ customer: 'a', day: day + d, amount: d }));
    expect(summarisePurchases(rows, options)).toEqual(summarisePurchases(rows.toReversed(), options));
  });

  test('a holdout that ends before it starts is refused', () => {
    expect(() => summarisePurchases([], { ...options, holdoutEnd: day })).toThrow(
      expect.objectContaining({ code: 'holdout-end' }),
    );
  });
});

describe('Gamma-Gamma at the edges', () => {
  test.each([
    ['nobody bought twice', [{ x: 0, m: 10 }], 'no-spend'],
    ['everything was free', [1, 2, 3].map(() => ({ x: 2, m: 0 })), 'no-spend'],
    ['a negative average', [{ x: 1, m: -3 }], 'negative-spend'],
  ])('%s: refused by name', (_, rows, code) => {
    expect(() => fitGammaGamma(rows)).toThrow(expect.objectContaining({ code }));
  });

  test('the same spend everywhere gives a finite answer and a warning', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ x: 1 + (i % 4), m: 50 }));
    const fit = fitGammaGamma(rows);
    expect(fit.converged).toBe(false);
    expect(expectedSpend(fit.parameters, { x: 2, m: 50 })).toBeCloseTo(50, 0);
  });

  test('spend without a bounded mean promises the observed one to those who bought nothing yet', () => {
    // From cents to millions, each as likely: no finite mean fits.
    const rows = Array.from({ length: 120 }, (_, i) => ({ x: 1 + (i % 3), m: 10 ** (-1 + (i % 12) * 0.6) }));
    const fit = fitGammaGamma(rows);
    expect(fit.warnings.join()).toContain('no bound');
    const mean = rows.reduce((sum, { m }) => sum + m, 0) / rows.length;
    expect(expectedSpend(fit.parameters, { x: 0, m: 0 })).toBeCloseTo(mean, -2);
    const most = Math.max(...rows.map(({ m }) => m));
    for (const row of rows) expect(expectedSpend(fit.parameters, row)).toBeLessThanOrEqual(most);
  });

  test('without a bound it can still be left at the greatest likelihood', () => {
    // Found by SciPy 1.10.1 (Nelder-Mead and L-BFGS-B from three starts) with the likelihood of Fader & Hardie 2013.
    const rows = Array.from({ length: 200 }, (_, i) => ({
      x: 1 + (i % 5),
      m: Number(Math.exp(((i * 7919) % 200) / 14).toFixed(3)),
    }));
    const fit = fitGammaGamma(rows, { unbounded: true });
    expect(fit.logLikelihood).toBeCloseTo(-2007.20587, 4);
    expect(fit.parameters).toEqual({
      p: expect.closeTo(5.67034, 2),
      q: expect.closeTo(0.16994, 4),
      gamma: expect.closeTo(0.44959, 3),
    });
    expect(fit.converged).toBe(true);
    expect(fit.warnings.join()).toContain('no bound');
    expect(expectedSpend(fit.parameters, { x: 0, m: 0 })).toBeNull();
  });

  test('free purchases are left out and counted', () => {
    const rows = [10, 20, 30, 25, 12, 0].map((m, i) => ({ x: 1 + i, m }));
    expect(fitGammaGamma(rows).warnings.join()).toContain('1 customers with repeat purchases worth 0');
  });

  test('spend that rises with frequency is noticed', () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({
      x: 1 + (i % 10),
      m: 10 * (1 + (i % 10)) + (i % 3),
    }));
    expect(spendFrequencyTie(rows).tied).toBe(true);
    expect(fitGammaGamma(rows).warnings.join()).toContain('Spend rises with frequency');
  });
});

describe('value', () => {
  test('is the discounted sum over periods', () => {
    const value = lifetimeValue((t) => t, 100, { period: 2, periods: 3, margin: 0.5, discount: 0.1 });
    expect(value).toBeCloseTo(100 / 1.1 + 100 / 1.21 + 100 / 1.331, 10);
  });

  test.each([
    [{ period: 1, periods: 0, margin: 1, discount: 0 }, 'horizon'],
    [{ period: 0, periods: 5, margin: 1, discount: 0 }, 'horizon'],
    [{ period: 1, periods: 5, margin: 2, discount: 0 }, 'margin'],
    [{ period: 1, periods: 5, margin: 1, discount: -1 }, 'discount'],
  ])('%j is refused as %s', (options, code) => {
    expect(() => lifetimeValue((t) => t, 1, options)).toThrow(expect.objectContaining({ code }));
  });

  test('the next purchase has a date only for who is likely there', () => {
    expect(nextPurchaseAfter({ r: 1, alpha: 10 }, { x: 0, T: 0 }, 1)).toBeCloseTo(10, 10);
    expect(nextPurchaseAfter({ r: 1, alpha: 10 }, { x: 0, T: 0 }, 0.4)).toBeNull();
  });
});

describe('applicability', () => {
  const random = randomFrom(1);
  const buyer = (x: number, gapVariation: number | null, zbar = 20 + 60 * random.uniform()) => ({
    x,
    observedDays: 400,
    activeDays: 60 * x,
    zbar,
    gapVariation,
  });
  const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

  test.each([
    ['monthly invoices', many(200, () => buyer(5, 0.05)), 'subscriptions', false],
    ['one-off deals', many(1000, (i) => buyer(i < 10 ? 1 : 0, null)), 'one_off', false],
    ['a handful of buyers', many(20, () => buyer(3, 1)), 'too_few_buyers', false],
    ['equal amounts', many(200, () => buyer(5, 1, 99)), 'same_amounts', true],
    [
      'big spenders who buy often',
      many(300, (i) => buyer(1 + (i % 6), 1, 20 * (1 + (i % 6)))),
      'spend_tied_to_frequency',
      true,
    ],
    [
      'a month of history',
      many(200, () => ({ ...buyer(3, 1), observedDays: 30, activeDays: 25 })),
      'short_history',
      true,
    ],
  ])('%s: says %s', (_, customers, code, purchases) => {
    const verdict = assessApplicability(customers);
    expect(verdict.reasons.map((reason) => reason.code)).toContain(code);
    expect(verdict.purchases).toBe(purchases);
    expect(verdict.confidence === 'none').toBe(!purchases);
  });

  test('no customers at all is an answer, not a crash', () => {
    expect(assessApplicability([])).toMatchObject({ purchases: false, confidence: 'none' });
    expect(APPLICABILITY.minRepeatBuyers).toBeGreaterThan(0);
  });
});
