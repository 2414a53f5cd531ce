import { z } from 'zod';
import { at } from '../statistics/vectors.ts';

/**
 * Purchases expected of a customer who is still one, as a function of x (repeat purchases) and T (time observed), in
 * a form that SQL computes with a few multiplications. The exact function is a hypergeometric series, which SQL has not.
 *
 * f(x, T) = (shape + x) * y * P(s) with y = ln(1 + horizon / (offset + T)) and s = 2 y / span - 1 in [-1, 1]. For
 * x up to XMAX the polynomial P is `rows[x]` (ascending powers of s); above, it is the sum of u^j tail[j](s) with
 * u = XMAX / x, since f is smooth in 1/x. In y the function has no singularity near, so that a dozen powers do.
 * Where customers leave with so like a chance that nobody gets far beyond XMAX, `tail` is empty and x counts as XMAX.
 */
export const PurchaseTable = z.object({
  shape: z.number(),
  offset: z.number(),
  horizon: z.number(),
  span: z.number(),
  rows: z.array(z.array(z.number())),
  tail: z.array(z.array(z.number())),
  /** Largest relative error found at learning. */
  error: z.number(),
});
export type PurchaseTable = z.infer<typeof PurchaseTable>;

export type OfPurchases = (x: number, T: number) => number;

const XMAX = 60;
const DEGREES = [4, 6, 8, 10, 14, 18, 22];
const TAIL_NODES = 5;
const GOOD_ENOUGH = 1e-7;
/** More repeat purchases than there are rows for; far out they are checked less closely. */
const BEYOND = [XMAX + 1, 100, 1000];
const TAIL_ERROR = 1e-6;
/** Rows that SQL has as numbers of its own. */
const WRITTEN = 3;

/**
 * Tabulates `exact` to a relative error of about 1e-7; where no degree reaches that, the best is kept with its error.
 * @param dependsOnX false where the function over (shape + x) is the same for every x
 */
export function tabulate(
  exact: OfPurchases,
  place: { shape: number; offset: number; horizon: number },
  dependsOnX = true,
): PurchaseTable {
  const span = Math.log1p(place.horizon / place.offset);
  let best: PurchaseTable | null = null;
  for (const degree of DEGREES) {
    const row = (x: number) => rowOf(exact, { ...place, span }, x, degree);
    const table: PurchaseTable = {
      ...place,
      span,
      rows: dependsOnX ? Array.from({ length: XMAX + 1 }, (_, x) => row(x)) : [],
      tail: dependsOnX ? tailOf(row) : [row(0)],
      error: 0,
    };
    table.error = largestError(table, exact, [0, 1, 3, 12, 30, XMAX]);
    if (dependsOnX && !(largestError(table, exact, BEYOND) < TAIL_ERROR)) table.tail = [];
    if (best === null || table.error < best.error || (best.tail.length === 0 && table.tail.length > 0))
      best = table;
    if (best.error < GOOD_ENOUGH && best.tail.length > 0) break;
  }
  if (best === null) throw new Error('no degree was tried');
  return best;
}

/** The tabulated function. */
export function readTable(table: PurchaseTable, repeats: number, T: number): number {
  const x = table.tail.length === 0 ? Math.min(repeats, XMAX) : repeats;
  const y = Math.log1p(table.horizon / (table.offset + T));
  const s = (2 * y) / table.span - 1;
  const row = table.rows[x];
  const value =
    row === undefined
      ? horner(
          table.tail.map((part) => horner(part, s)),
          table.rows.length === 0 ? 0 : XMAX / x,
        )
      : horner(row, s);
  return (table.shape + x) * y * value;
}

/**
 * SQL of the same; `x`, `y` and `s` are columns, `repeats` an expression for x that reads none of them, and
 * `coefficients` a float8[] of all rows one after the other.
 */
export function tableSql(
  table: PurchaseTable,
  columns: { x: string; y: string; s: string; repeats: string },
  coefficients: () => { array: string; place(row: string): string },
): string {
  const { y, s } = columns;
  const isCapped = table.tail.length === 0;
  const x = isCapped ? `least(${columns.x}, ${XMAX})` : columns.x;
  const nest = (parts: readonly string[], variable: string): string =>
    parts.reduceRight((inner, part) => (inner === '' ? part : `(${part} + ${variable} * ${inner})`), '');
  const tail = nest(
    table.tail.map((part) => nest(part.map(float), s)),
    `(${float(XMAX)} / ${x})`,
  );
  const factor = `(${float(table.shape)} + ${x}) * ${y}`;
  if (table.rows.length === 0) return `${factor} * ${tail}`;
  const { array, place } = coefficients();
  const width = at(table.rows, 0).length;
  const start = place(`least(${columns.repeats}, ${XMAX})::int * ${width}`);
  const looked = nest(
    Array.from({ length: width }, (_, k) => `(${array})[${start} + ${k + 1}]`),
    s,
  );
  // Most customers bought a few times; theirs is written out, as an element of an array costs more than multiplying.
  const written = table.rows.slice(0, WRITTEN).map((row, i) => `when ${i} then ${nest(row.map(float), s)}`);
  const row = `case ${columns.x} ${written.join(' ')} else ${looked} end`;
  if (isCapped) return `${factor} * ${row}`;
  return `${factor} * case when ${x} <= ${XMAX} then ${row} when ${x} is not null then ${tail} end`;
}

/** SQL of y and s. */
export function tablePlaceSql(table: PurchaseTable, T: string): { y: string; s: (y: string) => string } {
  return {
    y: `ln(1 + ${float(table.horizon)} / (${float(table.offset)} + ${T}))`,
    s: (y) => `(${float(2 / table.span)} * ${y} - 1)`,
  };
}

/** A number as SQL has it: a bare 0.1 would be numeric. */
export function float(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`no number for SQL: ${value}`);
  return `'${value}'::float8`;
}

type Place = { shape: number; offset: number; horizon: number; span: number };

/** Powers of s for one x, by interpolation at Chebyshev's points. */
function rowOf(exact: OfPurchases, place: Place, x: number, degree: number): number[] {
  const values = chebyshevPoints(degree + 1).map((s) => {
    const y = ((s + 1) / 2) * place.span;
    const T = Math.max(0, place.horizon / Math.expm1(y) - place.offset);
    return exact(x, T) / ((place.shape + x) * y);
  });
  return powersOf(values);
}

/** Rows at large x, interpolated in u = XMAX / x over [0, 1]. */
function tailOf(row: (x: number) => number[]): number[][] {
  const rows = chebyshevPoints(TAIL_NODES).map((v) => row(XMAX / ((v + 1) / 2)));
  const degree = at(rows, 0).length;
  const tail = Array.from({ length: TAIL_NODES }, () => new Array<number>(degree).fill(0));
  for (let k = 0; k < degree; k++) {
    // powers of v = 2u - 1, then of u
    shifted(powersOf(rows.map((own) => at(own, k)))).forEach((value, j) => {
      at(tail, j)[k] = value;
    });
  }
  return tail;
}

function chebyshevPoints(count: number): number[] {
  return Array.from({ length: count }, (_, k) => Math.cos((Math.PI * (k + 0.5)) / count));
}

/** Coefficients of ascending powers of the polynomial through values at Chebyshev's points. */
function powersOf(values: readonly number[]): number[] {
  const n = values.length;
  const powers = new Array<number>(n).fill(0);
  let before = new Array<number>(n).fill(0);
  let current = new Array<number>(n).fill(0);
  current[0] = 1;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += at(values, k) * Math.cos((Math.PI * j * (k + 0.5)) / n);
    const weight = ((j === 0 ? 1 : 2) / n) * sum;
    for (let i = 0; i < n; i++) powers[i] = at(powers, i) + weight * at(current, i);
    // T(j+1) = 2 s T(j) - T(j-1), T(1) = s
    const next = current.map(
      (_, i) => (i === 0 ? 0 : (j === 0 ? 1 : 2) * at(current, i - 1)) - at(before, i),
    );
    before = current;
    current = next;
  }
  return powers;
}

/** Powers of u where those of v = 2u - 1 are given. */
function shifted(powers: readonly number[]): number[] {
  let result: number[] = [];
  for (const coefficient of powers.toReversed()) {
    const next = new Array<number>(result.length === 0 ? 1 : result.length + 1).fill(0);
    result.forEach((value, i) => {
      next[i] = at(next, i) - value;
      next[i + 1] = at(next, i + 1) + 2 * value;
    });
    next[0] = at(next, 0) + coefficient;
    result = next;
  }
  return result;
}

function horner(powers: readonly number[], variable: number): number {
  return powers.reduceRight((inner, coefficient) => coefficient + variable * inner, 0);
}

/** Between the points that the table was made from. */
function largestError(table: PurchaseTable, exact: OfPurchases, repeats: readonly number[]): number {
  let largest = 0;
  for (const x of repeats) {
    for (let i = 1; i <= 24; i++) {
      const y = ((i - 0.37) / 24) * table.span;
      const T = Math.max(0, table.horizon / Math.expm1(y) - table.offset);
      const right = exact(x, T);
      if (right > 0) largest = Math.max(largest, Math.abs(readTable(table, x, T) / right - 1));
    }
  }
  return largest;
}
