import { InputError } from '../../errors.ts';

export type ValueOptions = {
  /** Length of one period, in the unit of the purchase model (4.345 weeks for a month). */
  period: number;
  /** How many periods ahead. */
  periods: number;
  /** Share of revenue that is profit, 0 to 1. */
  margin: number;
  /** Discount rate per period, 0 or more; the first period is discounted once. */
  discount: number;
};

/**
 * Lifetime value over a horizon: sum over periods of (E[Y(i)] - E[Y(i-1)]) * spend * margin / (1+d)^i.
 * `expectedPurchases(t)` is the customer's E[Y(t)], `spend` the expected value of one purchase.
 * Throws InputError `horizon` for a horizon of zero, `margin`, `discount`.
 */
export function lifetimeValue(
  expectedPurchases: (t: number) => number,
  spend: number,
  options: ValueOptions,
): number {
  checkValueOptions(options);
  let before = 0;
  let value = 0;
  for (let i = 1; i <= options.periods; i++) {
    const until = expectedPurchases(i * options.period);
    value += ((until - before) * spend * options.margin) / (1 + options.discount) ** i;
    before = until;
  }
  return value;
}

function checkValueOptions({ period, periods, margin, discount }: ValueOptions): void {
  const refuse = (code: string, message: string, action: string): never => {
    throw new InputError(code, `${message} No value was computed.`, { action });
  };
  if (!(period > 0) || !Number.isInteger(periods) || periods < 1) {
    refuse(
      'horizon',
      `The horizon of ${periods} periods of ${period} is empty.`,
      'Choose at least one period ahead.',
    );
  }
  if (!(margin >= 0 && margin <= 1))
    refuse('margin', `Margin ${margin} is no share.`, 'Give the margin as a share between 0 and 1.');
  if (!(discount >= 0 && Number.isFinite(discount))) {
    refuse(
      'discount',
      `Discount ${discount} is negative or unreadable.`,
      'Give the discount per period as 0 or more, such as 0.01.',
    );
  }
}

/**
 * Median time from T to the next purchase of a customer who is still one: given life, the next gap is Lomax with
 * shape r + x and scale alpha + T (exact for BG/NBD and MBG/NBD, near for Pareto/NBD).
 * `null` where the customer is more likely gone (P(alive) < .5): no date should be promised then.
 */
export function nextPurchaseAfter(
  p: { r: number; alpha: number },
  row: { x: number; T: number },
  pAlive: number,
): number | null {
  if (pAlive < 0.5) return null;
  return (p.alpha + row.T) * Math.expm1(Math.LN2 / (p.r + row.x));
}
