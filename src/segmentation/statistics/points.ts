import { float } from './vectors.ts';

/** Rows of numbers in one block, row after row. */
export type Points = { values: Float64Array; rows: number; columns: number };

export function pointsOf(rows: readonly (readonly number[])[]): Points {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    if (row.length !== columns) throw new RangeError(`row ${i} has ${row.length} of ${columns} columns`);
    values.set(row, i * columns);
  });
  return { values, rows: rows.length, columns };
}

export function rowOf(points: Points, row: number): number[] {
  return [...points.values.subarray(row * points.columns, (row + 1) * points.columns)];
}

export function pickRows(points: Points, rows: readonly number[]): Points {
  const { columns } = points;
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    values.set(points.values.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  return { values, rows: rows.length, columns };
}

/** Squared distance of row i of one block and row j of another with the same columns. */
export function squaredDistance(a: Points, i: number, b: Points, j: number): number {
  const { columns } = a;
  let total = 0;
  for (let c = 0; c < columns; c++) {
    const difference = float(a.values, i * columns + c) - float(b.values, j * columns + c);
    total += difference * difference;
  }
  return total;
}

export function distance(a: Points, i: number, b: Points, j: number): number {
  return Math.sqrt(squaredDistance(a, i, b, j));
}

/** How many different rows there are, counted up to `enough`. */
export function countDistinct(points: Points, enough: number): number {
  const seen = new Set<string>();
  for (let i = 0; i < points.rows && seen.size < enough; i++) seen.add(rowOf(points, i).join('|'));
  return seen.size;
}
