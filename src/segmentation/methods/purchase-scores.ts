import type { DurationUnit } from '../duration.ts';
import { parseDuration } from '../duration.ts';
import { expectedPurchasesBgNbd, pAliveBgNbd } from '../statistics/bg-nbd.ts';
import { lifetimeValue, nextPurchaseAfter } from '../statistics/clv.ts';
import { expectedSpend } from '../statistics/gamma-gamma.ts';
import { expectedPurchasesMbgNbd, pAliveMbgNbd } from '../statistics/mbg-nbd.ts';
import { expectedPurchasesParetoNbd, pAliveParetoNbd } from '../statistics/pareto-nbd.ts';
import type { PurchaseRow } from '../statistics/purchases.ts';
import type { PurchaseFit, PurchaseSegmentation } from './purchase-definition.ts';

export const DAYS_PER_UNIT = 7;
const WEEKS: Record<DurationUnit, number> = {
  minute: 1 / 10_080,
  hour: 1 / 168,
  day: 1 / 7,
  week: 1,
  month: 365.25 / 84,
  quarter: 365.25 / 28,
  year: 365.25 / 7,
};

/** A model of buying and leaving with its parameters; times in weeks. */
export type Process = { alive(row: PurchaseRow): number; expected(row: PurchaseRow, weeks: number): number };

export function processOf(
  model: PurchaseSegmentation['model'],
  parameters: Readonly<Record<string, number>>,
): Process {
  const p = (name: string): number => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`the model has no parameter ${name}`);
    return value;
  };
  if (model === 'pareto_nbd') {
    const own = { r: p('r'), alpha: p('alpha'), s: p('s'), beta: p('beta') };
    return {
      alive: (row) => pAliveParetoNbd(own, row),
      expected: (row, weeks) => expectedPurchasesParetoNbd(own, row, weeks),
    };
  }
  const own = { r: p('r'), alpha: p('alpha'), a: p('a'), b: p('b') };
  return model === 'mbg_nbd'
    ? {
        alive: (row) => pAliveMbgNbd(own, row),
        expected: (row, weeks) => expectedPurchasesMbgNbd(own, row, weeks),
      }
    : {
        alive: (row) => pAliveBgNbd(own, row),
        expected: (row, weeks) => expectedPurchasesBgNbd(own, row, weeks),
      };
}

export function horizonWeeks({ horizon }: Pick<PurchaseSegmentation, 'horizon'>): number {
  const { amount, unit } = parseDuration(horizon);
  return amount * WEEKS[unit];
}

/** Purchases expected within the horizon, each discounted by the month in which it falls. */
export function discountedPurchases(
  definition: PurchaseSegmentation,
  expected: (weeks: number) => number,
): number {
  const weeks = horizonWeeks(definition);
  const discount = definition.method === 'lifetime_value' ? definition.discount : 0;
  if (discount === 0) return expected(weeks);
  const periods = Math.max(1, Math.round(weeks / WEEKS.month));
  return lifetimeValue(expected, 1, {
    period: weeks / periods,
    periods,
    margin: 1,
    discount: (1 + discount) ** (weeks / WEEKS.year / periods) - 1,
  });
}

export type PurchaseScores = {
  value: number | null;
  p_alive: number;
  expected_purchases: number;
  expected_spend: number | null;
  next_purchase_days: number | null;
};

/** The scores of one customer by the exact formulas; SQL gives the same within 1e-6. `zbar`: mean repeat purchase. */
export function scorePurchases(
  definition: PurchaseSegmentation,
  { parameters, spend }: Pick<PurchaseFit, 'parameters' | 'spend'>,
  row: PurchaseRow & { zbar: number },
): PurchaseScores {
  const process = processOf(definition.model, parameters);
  const { r = 0, alpha = 0 } = parameters;
  const alive = process.alive(row);
  const expected = (weeks: number): number => process.expected(row, weeks);
  const perPurchase =
    spend === null
      ? null
      : 'amount' in spend
        ? spend.amount
        : expectedSpend(spend, { x: row.x, m: row.zbar });
  const margin = definition.method === 'lifetime_value' ? definition.margin : 1;
  const next = nextPurchaseAfter({ r, alpha }, row, alive);
  return {
    value: perPurchase === null ? null : discountedPurchases(definition, expected) * perPurchase * margin,
    p_alive: alive,
    expected_purchases: expected(horizonWeeks(definition)),
    expected_spend: perPurchase,
    next_purchase_days: next === null ? null : Math.min(LONGEST_GAP, next * DAYS_PER_UNIT),
  };
}

/** Days; beyond a century a date says nothing. */
export const LONGEST_GAP = 36_500;
