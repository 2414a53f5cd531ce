import { InputError } from '../../errors.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { at } from './vectors.ts';

/**
 * One customer's purchases in the words of the papers: `x` repeat purchases (the first does not count), the last
 * of them `tx` after the first purchase, observed for `T`. One time unit throughout (days or weeks).
 * `weight` customers share the row (default 1).
 */
export type PurchaseRow = { x: number; tx: number; T: number; weight?: number };

/** Rows as columns, equal ones merged; `kinds` are the distinct x, `kind` points each row to its own. */
export type GroupedPurchases = {
  kinds: number[];
  kind: Int32Array;
  x: Float64Array;
  tx: Float64Array;
  T: Float64Array;
  weight: Float64Array;
  customers: number;
};

/**
 * Checks the rows, divides times by `scale` and merges equal rows, since a likelihood costs per distinct row.
 * Throws InputError `purchase-row` naming the first impossible row.
 */
export function groupPurchases(rows: Iterable<PurchaseRow>, scale = 1): GroupedPurchases {
  const groups = new Map<string, Required<PurchaseRow>>();
  let index = 0;
  let customers = 0;
  for (const row of rows) {
    checkPurchase(row, index++);
    const weight = row.weight ?? 1;
    customers += weight;
    const key = `${row.x}|${row.tx}|${row.T}`;
    const group = groups.get(key);
    if (group) group.weight += weight;
    else groups.set(key, { x: row.x, tx: row.tx, T: row.T, weight });
  }
  const merged = [...groups.values()];
  const kinds = [...new Set(merged.map((row) => row.x))];
  const kindOf = new Map(kinds.map((x, i) => [x, i]));
  return {
    kinds,
    kind: Int32Array.from(merged, (row) => kindOf.get(row.x) ?? 0),
    x: Float64Array.from(merged, (row) => row.x),
    tx: Float64Array.from(merged, (row) => row.tx / scale),
    T: Float64Array.from(merged, (row) => row.T / scale),
    weight: Float64Array.from(merged, (row) => row.weight),
    customers,
  };
}

function checkPurchase(row: PurchaseRow, index: number): void {
  const { x, tx, T, weight = 1 } = row;
  const possible =
    Number.isInteger(x) &&
    x >= 0 &&
    Number.isFinite(T) &&
    tx >= 0 &&
    tx <= T &&
    (x > 0 || tx === 0) &&
    weight > 0;
  if (possible) return;
  throw new InputError(
    'purchase-row',
    `Customer row ${index + 1} is impossible: frequency ${x}, recency ${tx}, T ${T}. Nothing was learned.`,
    {
      action:
        'Frequency must be a whole number of repeat purchases; recency runs from the first purchase to the last, is 0 without repeats and never exceeds T.',
    },
  );
}

/**
 * A random part of the rows, the same for the same seed. Parameters of these models settle long before a million
 * customers: at 50,000 the standard errors are a fifth of those published on 2,357.
 */
export function samplePurchases<Row>(rows: readonly Row[], limit: number, seed: number): Row[] {
  return sampleIndices(rows.length, limit, randomFrom(seed)).map((i) => at(rows, i));
}
