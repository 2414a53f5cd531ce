import { describe, expect, it } from 'vitest';
import { type Amounts, holdoutReturn, lastTouchReturn } from '../../src/review/play-return.ts';

/** Half of them spent nothing, the others so much. */
const half = (customers: number, amount: number): Amounts => ({
  customers,
  sum: (customers / 2) * amount,
  squares: (customers / 2) * amount ** 2,
});

describe('the return on a play', () => {
  it('by last touch is what they bought after entering, with the interval of a total', () => {
    const found = lastTouchReturn({ costPerContact: 10 }, { ...half(100, 40), reachable: 80 }, 30);
    // Standard deviation of 50 zeros and 50 forties: sqrt(400 * 100 / 99); of their total: 10 times as much.
    const spread = 1.959964 * 10 * Math.sqrt((400 * 100) / 99);
    expect(found).toEqual({
      attribution: 'last_touch',
      windowDays: 30,
      customers: 100,
      cost: 800,
      costFrom: 'contacts',
      revenue: {
        value: 2_000,
        low: expect.closeTo(2_000 - spread, 2),
        high: expect.closeTo(2_000 + spread, 2),
      },
      return: {
        value: 1.5,
        low: expect.closeTo((2_000 - spread) / 800 - 1, 4),
        high: expect.closeTo((2_000 + spread) / 800 - 1, 4),
      },
      tooFew: false,
    });
  });

  it('against a holdout is what they spent more, and may be a loss', () => {
    const found = holdoutReturn({ budget: 500 }, { treated: half(200, 40), holdout: half(100, 30) }, 60);
    const spread = 1.959964 * 200 * Math.sqrt((400 * (200 / 199)) / 200 + (225 * (100 / 99)) / 100);
    expect(found).toMatchObject({
      attribution: 'holdout',
      customers: 200,
      cost: 500,
      revenue: {
        value: 1_000,
        low: expect.closeTo(1_000 - spread, 2),
        high: expect.closeTo(1_000 + spread, 2),
      },
      return: { value: 1 },
    });
    const harm = holdoutReturn({ budget: 500 }, { treated: half(200, 20), holdout: half(100, 30) }, 60);
    expect(harm?.revenue.value).toBe(-1_000);
  });

  it('costs no more than the budget, and is no number where nothing was spent', () => {
    const of = (play: object) => lastTouchReturn(play, { ...half(100, 40), reachable: 80 }, 30);
    expect(of({ budget: 100, costPerContact: 2 })).toMatchObject({ cost: 100, costFrom: 'budget' });
    expect(of({ costPerContact: 0 })).toMatchObject({ cost: 0, return: null });
    expect(of({})).toBeNull();
  });

  it.each([
    [9, null],
    [10, true],
    [30, false],
  ])('of %i customers is told, or said to be of too few', (customers, tooFew) => {
    const found = lastTouchReturn({ budget: 1 }, { ...half(customers, 40), reachable: 0 }, 30);
    expect(found?.tooFew ?? null).toBe(tooFew);
    const compared = holdoutReturn({ budget: 1 }, { treated: half(500, 1), holdout: half(customers, 1) }, 30);
    expect(compared?.tooFew ?? null).toBe(tooFew);
  });
});
