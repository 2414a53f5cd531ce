import { TOO_FEW } from '../segmentation/statistics/proportions.ts';
import { normalQuantile } from '../segmentation/statistics/special-functions.ts';
import { MIN_GROUP } from './facts.ts';

/** Amounts of a number of customers, each its total: how many, the sum, and the sum of squares. */
export type Amounts = { customers: number; sum: number; squares: number };

/** An estimate with its 95 % interval. */
export type Estimate = { value: number; low: number; high: number };

/**
 * What a play cost and what it brought in. `holdout`: what those who got it spent more than those who were left out
 * of it, from the start of the experiment to its horizon. `last_touch`: purchases within so many days after a customer
 * entered the segment, each counted for the segment entered last; they are not all the play's doing.
 */
export type PlayReturn = {
  attribution: 'holdout' | 'last_touch';
  /** Days after entering, or to the horizon, within which a purchase counts. */
  windowDays: number;
  /** Those who entered in the window, or who got the play in the experiment. */
  customers: number;
  cost: number;
  /** How the cost was told: the budget, or the cost per contact times those who may be reached. */
  costFrom: 'budget' | 'contacts';
  revenue: Estimate;
  /** (revenue - cost) / cost; null where nothing was spent. */
  return: Estimate | null;
  /** Under 30 customers (in either part): no statement can be made. */
  tooFew: boolean;
};

type Cost = { budget?: number | undefined; costPerContact?: number | undefined };

const Z = normalQuantile(0.975);

/** Purchases after entering. Null where no cost is known, and where under 10 entered. */
export function lastTouchReturn(
  play: Cost | undefined,
  entered: Amounts & { reachable: number },
  windowDays: number,
): PlayReturn | null {
  const cost = costOf(play, entered.reachable);
  if (cost === null || entered.customers < MIN_GROUP) return null;
  const { customers, sum } = entered;
  // A total of independent customers, how many of them taken as given.
  const spread = Z * Math.sqrt(customers * varianceOf(entered));
  return {
    attribution: 'last_touch',
    windowDays,
    customers,
    ...cost,
    ...returnOf({ value: sum, low: sum - spread, high: sum + spread }, cost.cost),
    tooFew: customers < TOO_FEW,
  };
}

/** The difference of the means times the treated, with Welch's standard error. Null as for lastTouchReturn. */
export function holdoutReturn(
  play: Cost | undefined,
  { treated, holdout }: { treated: Amounts; holdout: Amounts },
  windowDays: number,
): PlayReturn | null {
  const cost = costOf(play, treated.customers);
  const fewest = Math.min(treated.customers, holdout.customers);
  if (cost === null || fewest < MIN_GROUP) return null;
  const n = treated.customers;
  const more = treated.sum / n - holdout.sum / holdout.customers;
  const spread = Z * Math.sqrt(varianceOf(treated) / n + varianceOf(holdout) / holdout.customers);
  return {
    attribution: 'holdout',
    windowDays,
    customers: n,
    ...cost,
    ...returnOf({ value: more * n, low: (more - spread) * n, high: (more + spread) * n }, cost.cost),
    tooFew: fewest < TOO_FEW,
  };
}

/** What is set aside is the most that is spent. */
function costOf(
  play: Cost | undefined,
  reachable: number,
): { cost: number; costFrom: PlayReturn['costFrom'] } | null {
  const { budget, costPerContact } = play ?? {};
  if (costPerContact === undefined) return budget === undefined ? null : { cost: budget, costFrom: 'budget' };
  const cost = costPerContact * reachable;
  return budget !== undefined && budget < cost
    ? { cost: budget, costFrom: 'budget' }
    : { cost, costFrom: 'contacts' };
}

function returnOf(revenue: Estimate, cost: number): Pick<PlayReturn, 'revenue' | 'return'> {
  const ratio = (value: number): number => (value - cost) / cost;
  const { value, low, high } = revenue;
  return { revenue, return: cost > 0 ? { value: ratio(value), low: ratio(low), high: ratio(high) } : null };
}

function varianceOf({ customers, sum, squares }: Amounts): number {
  return customers < 2 ? 0 : Math.max(0, (squares - sum ** 2 / customers) / (customers - 1));
}
