import { InputError } from '../../errors.ts';
import {
  type AttributeTable,
  type AttributeValue,
  optionsOf,
  type TableColumn,
  valuesOf,
} from './attribute-table.ts';
import type { Points } from './points.ts';
import { at, mean, quantileOfSorted, standardDeviation } from './vectors.ts';

/**
 * One axis of the space that clusters live in, as plain data so that SQL can compute the same:
 * number: ((fill where unknown) held to [low, high], then sign(v) ln(1 + |v|) if log, minus center) / scale;
 * category and multi: ((1 if the value is, or contains, `option`, else 0) - center) / scale.
 */
export type ClusterAxis =
  | {
      kind: 'number';
      column: string;
      fill: number;
      low: number | null;
      high: number | null;
      log: boolean;
      center: number;
      scale: number;
    }
  | { kind: 'category' | 'multi'; column: string; option: string; center: number; scale: number };

export type AxisOptions = {
  /** none: as they are; standard: minus mean, over standard deviation; robust: minus median, over the quartile range. */
  scale?: 'none' | 'standard' | 'robust';
  /** What to do with long tails: auto takes logarithms of skewed columns without negatives, and winsorises others. */
  tails?: 'none' | 'log' | 'winsorise' | 'auto';
  /** Choices beyond this many, by frequency, get no axis of their own. */
  maxOptions?: number;
};

export type Axes = { axes: ClusterAxis[]; warnings: string[] };

/**
 * Learns the axes of a table. Unknown numbers become the median; constant columns say nothing and are left out;
 * both are told. Throws InputError `no-varying-attributes` where nothing is left.
 */
export function learnAxes(table: AttributeTable, options: AxisOptions = {}): Axes {
  const warnings: string[] = [];
  const axes = table.columns.flatMap((column) => {
    const made =
      column.kind === 'number'
        ? numberAxis(column, options, warnings)
        : optionAxes(column, options, warnings);
    if (made.length === 0) warnings.push(`${column.name} is left out: all its values are equal or unknown.`);
    return made;
  });
  if (axes.length === 0) {
    throw new InputError(
      'no-varying-attributes',
      'None of the chosen attributes differs between subjects. Nothing was learned.',
      {
        action: 'Choose attributes that are known and vary.',
      },
    );
  }
  return { axes, warnings };
}

function numberAxis(
  column: TableColumn & { kind: 'number' },
  options: AxisOptions,
  warnings: string[],
): ClusterAxis[] {
  const known = column.values.filter((value) => value !== null);
  if (!known.every(Number.isFinite)) {
    throw new InputError(
      'values-unreadable',
      `Some values of ${column.name} are not numbers. Nothing was learned.`,
      {
        action: 'Leave unknown values out, rather than as NaN.',
      },
    );
  }
  const sorted = Float64Array.from(known).sort();
  if (sorted.length === 0 || at(sorted, 0) === at(sorted, sorted.length - 1)) return [];
  const unknown = column.values.length - known.length;
  if (unknown > 0)
    warnings.push(
      `${column.name}: ${unknown} of ${column.values.length} unknown values count as its median.`,
    );
  const tails = tailsOf(sorted, options.tails ?? 'none');
  const clip = tails === 'winsorise';
  const axis = {
    kind: 'number' as const,
    column: column.name,
    fill: quantileOfSorted(sorted, 0.5),
    low: clip ? quantileOfSorted(sorted, 0.01) : null,
    high: clip ? quantileOfSorted(sorted, 0.99) : null,
    log: tails === 'log',
    center: 0,
    scale: 1,
  };
  const values = Float64Array.from(column.values, (value) => axisValue(axis, value));
  if (options.scale === 'robust' && quartileRange(values.toSorted()) === 0)
    warnings.push(
      `${column.name}: half of its values are alike, so it is scaled by its standard deviation instead of its quartiles.`,
    );
  return [{ ...axis, ...centreAndScale(values, options.scale ?? 'none') }];
}

function optionAxes(
  column: Exclude<TableColumn, { kind: 'number' }>,
  options: AxisOptions,
  warnings: string[],
): ClusterAxis[] {
  const { maxOptions = 20 } = options;
  const counts = new Map<string, number>();
  for (const value of valuesOf(column)) {
    for (const option of optionsOf(value)) counts.set(option, (counts.get(option) ?? 0) + 1);
  }
  const ranked = [...counts]
    .filter(([, count]) => count < column.values.length)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (ranked.length > maxOptions) {
    warnings.push(
      `${column.name}: only its ${maxOptions} most frequent of ${ranked.length} choices are used.`,
    );
  }
  return ranked.slice(0, maxOptions).map(([option]) => {
    const axis = { kind: column.kind, column: column.name, option, center: 0, scale: 1 };
    const values = Float64Array.from(valuesOf(column), (value) => axisValue(axis, value));
    // The quartile range of a rare choice is 0, so robust scaling is standard scaling here.
    return {
      ...axis,
      ...centreAndScale(values, options.scale === 'none' || !options.scale ? 'none' : 'standard'),
    };
  });
}

/** Where one subject lies on one axis. */
export function axisValue(axis: ClusterAxis, value: AttributeValue): number {
  if (axis.kind !== 'number') {
    const has = optionsOf(value).includes(axis.option);
    return ((has ? 1 : 0) - axis.center) / axis.scale;
  }
  let v = typeof value === 'number' ? value : axis.fill;
  if (axis.low !== null) v = Math.max(axis.low, v);
  if (axis.high !== null) v = Math.min(axis.high, v);
  if (axis.log) v = Math.sign(v) * Math.log1p(Math.abs(v));
  return (v - axis.center) / axis.scale;
}

/** The value of the attribute at a point of the axis: the way back, for centroids that people read. */
export function attributeValue(axis: ClusterAxis, position: number): number {
  const v = position * axis.scale + axis.center;
  return axis.kind === 'number' && axis.log ? Math.sign(v) * Math.expm1(Math.abs(v)) : v;
}

/** All subjects in the space of the axes. */
export function placeOnAxes(table: AttributeTable, axes: readonly ClusterAxis[]): Points {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const values = new Float64Array(table.rows * axes.length);
  axes.forEach((axis, c) => {
    const column = byName.get(axis.column);
    if (column === undefined) throw new RangeError(`no column ${axis.column}`);
    valuesOf(column).forEach((value, i) => {
      values[i * axes.length + c] = axisValue(axis, value);
    });
  });
  return { values, rows: table.rows, columns: axes.length };
}

function tailsOf(
  sorted: Float64Array,
  wanted: NonNullable<AxisOptions['tails']>,
): 'none' | 'log' | 'winsorise' {
  if (wanted !== 'auto') return wanted;
  if (Math.abs(skewness(sorted)) <= 1) return 'none';
  return at(sorted, 0) >= 0 && skewness(sorted) > 1 ? 'log' : 'winsorise';
}

function skewness(values: Float64Array): number {
  const centre = mean(values);
  const spread = standardDeviation(values, 0);
  return spread > 0 ? mean(values.map((v) => ((v - centre) / spread) ** 3)) : 0;
}

function quartileRange(sorted: Float64Array): number {
  return quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25);
}

function centreAndScale(
  values: Float64Array,
  scale: 'none' | 'standard' | 'robust',
): { center: number; scale: number } {
  if (scale === 'none') return { center: 0, scale: 1 };
  const standard = { center: mean(values), scale: standardDeviation(values, 0) || 1 };
  if (scale === 'standard') return standard;
  const sorted = values.toSorted();
  const range = quartileRange(sorted);
  // Over half of the values being equal leaves no quartile range to go by.
  return range > 0 ? { center: quantileOfSorted(sorted, 0.5), scale: range } : standard;
}
