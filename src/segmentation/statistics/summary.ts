import { InputError } from '../../errors.ts';
import { at, mean, standardDeviation, sum } from './vectors.ts';

/** One purchase: whole days since 1970-01-01 in the tenant's zone; amount null where unknown. */
export type Transaction = { customer: string; day: number; amount: number | null };

export type SummaryOptions = {
  /** Time unit of tx and T. */
  unit: 'day' | 'week';
  /** Last day that counts for x, tx, T. */
  calibrationEnd: number;
  /** Last day of the check; absent: no check. */
  holdoutEnd?: number;
};

export type CustomerSummary = {
  customer: string;
  /** Repeat purchase days in calibration, time of the last, time observed (in the unit). */
  x: number;
  tx: number;
  T: number;
  /** Mean amount of the repeat purchase days, 0 where there are none. */
  zbar: number;
  /** Purchase days in the holdout. */
  holdoutX: number;
  firstDay: number;
  lastDay: number;
  /** Purchase days in calibration, the first included. */
  purchases: number;
  /** All amounts in calibration, less refunds, those on days without a purchase included. */
  revenue: number;
  /** Standard deviation over mean of the gaps between purchases; null under three gaps. Random buying: about 1. */
  gapVariation: number | null;
};

export type PurchaseSummary = {
  customers: CustomerSummary[];
  /** Days per unit, and the length of the holdout in the unit (0: none). */
  daysPerUnit: number;
  holdoutLength: number;
  warnings: string[];
};

type Day = { day: number; amount: number; refunded: boolean };

/**
 * Turns purchases into one row a customer, as Fader & Hardie do: rows of one customer and day are one purchase,
 * x counts days after the first, tx and T run from the first day to the last and to the calibration end.
 *
 * Refunds (negative amounts) lower revenue and the total of their own day. A day left with nothing or less after a
 * refund is no purchase; a day of free orders is one. Days after the last day asked for are left out; all of it is said in
 * `warnings`. Customers who first bought after the calibration end have no row.
 */
export function summarisePurchases(
  transactions: Iterable<Transaction>,
  options: SummaryOptions,
): PurchaseSummary {
  const { calibrationEnd, holdoutEnd = calibrationEnd } = options;
  if (holdoutEnd < calibrationEnd) {
    throw new InputError(
      'holdout-end',
      'The holdout ends before the calibration does. Nothing was learned.',
      {
        action: 'Choose a holdout end after the calibration end.',
      },
    );
  }
  const { byCustomer, notes } = mergeDays(transactions, holdoutEnd);
  const daysPerUnit = options.unit === 'week' ? 7 : 1;
  const customers: CustomerSummary[] = [];
  let later = 0;
  for (const [customer, days] of byCustomer) {
    const all = [...days.values()];
    const bought = all.filter(isPurchase).sort((a, b) => a.day - b.day);
    notes.cancelled += days.size - bought.length;
    const first = bought[0];
    if (first === undefined) continue;
    if (first.day > calibrationEnd) later++;
    else {
      const revenue = cents(sum(all.map(({ day, amount }) => (day <= calibrationEnd ? amount : 0))));
      customers.push({ ...summaryOf(customer, bought, calibrationEnd, daysPerUnit), revenue });
    }
  }
  return {
    customers,
    daysPerUnit,
    holdoutLength: (holdoutEnd - calibrationEnd) / daysPerUnit,
    warnings: describe(notes, later),
  };
}

function isPurchase({ amount, refunded }: Day): boolean {
  return amount > 0 || (amount === 0 && !refunded);
}

function summaryOf(
  customer: string,
  bought: readonly Day[],
  calibrationEnd: number,
  daysPerUnit: number,
): Omit<CustomerSummary, 'revenue'> {
  const inside = bought.filter((entry) => entry.day <= calibrationEnd);
  const first = at(inside, 0);
  const last = at(inside, inside.length - 1);
  const repeats = inside.slice(1);
  const gaps = repeats.map((entry, i) => entry.day - at(inside, i).day);
  return {
    customer,
    x: repeats.length,
    tx: (last.day - first.day) / daysPerUnit,
    T: (calibrationEnd - first.day) / daysPerUnit,
    zbar: mean(repeats.map((entry) => entry.amount)),
    holdoutX: bought.length - inside.length,
    firstDay: first.day,
    lastDay: last.day,
    purchases: inside.length,
    gapVariation: gaps.length >= 3 ? standardDeviation(gaps) / mean(gaps) : null,
  };
}

type Notes = { future: number; refunds: number; refundSum: number; unknown: number; cancelled: number };

function mergeDays(transactions: Iterable<Transaction>, lastDay: number) {
  const byCustomer = new Map<string, Map<number, Day>>();
  const notes: Notes = { future: 0, refunds: 0, refundSum: 0, unknown: 0, cancelled: 0 };
  for (const { customer, day, amount } of transactions) {
    if (day > lastDay) {
      notes.future++;
      continue;
    }
    if (amount === null) notes.unknown++;
    const value = amount ?? 0;
    if (value < 0) {
      notes.refunds++;
      notes.refundSum -= value;
    }
    let days = byCustomer.get(customer);
    if (days === undefined) {
      days = new Map();
      byCustomer.set(customer, days);
    }
    const entry = days.get(day);
    if (entry === undefined) days.set(day, { day, amount: value, refunded: value < 0 });
    else {
      entry.amount = cents(entry.amount + value);
      entry.refunded ||= value < 0;
    }
  }
  return { byCustomer, notes };
}

/** Sums must neither drift below zero nor tell equal ones apart by rounding. */
function cents(total: number): number {
  return Math.round(total * 1e6) / 1e6;
}

function describe(notes: Notes, later: number): string[] {
  const warnings: string[] = [];
  if (notes.future > 0) warnings.push(`${notes.future} rows after the last day were left out.`);
  if (later > 0)
    warnings.push(`${later} customers first bought after the calibration end and were left out.`);
  if (notes.refunds > 0) {
    warnings.push(
      `${notes.refunds} refunds (${notes.refundSum.toFixed(2)} in all) lowered revenue and the total of their own day.`,
    );
  }
  if (notes.cancelled > 0)
    warnings.push(`${notes.cancelled} days left with nothing after refunds do not count as purchases.`);
  if (notes.unknown > 0) warnings.push(`${notes.unknown} rows without an amount count as purchases worth 0.`);
  return warnings;
}
