import {
  type AttributeTable,
  type AttributeValue,
  optionsOf,
  type TableColumn,
  valuesOf,
} from './attribute-table.ts';
import { type EvidenceTrend, evidenceTrend } from './evidence-trend.ts';
import { chiSquareSurvival } from './special-functions.ts';
import { at, quantileOfSorted } from './vectors.ts';

/** The values that a bin takes: numbers in (above, atMost], listed choices, the choices not listed, or the unknown. */
export type BinTest =
  | { kind: 'range'; above: number | null; atMost: number | null }
  | { kind: 'options'; options: string[] }
  | { kind: 'other' }
  | { kind: 'unknown' };

export type WoeBin = { test: BinTest; positives: number; negatives: number; woe: number };

/** The usual reading of an information value; over .5 is suspicious: the attribute may know the answer. */
export type IvReading = 'useless' | 'weak' | 'medium' | 'strong' | 'suspicious';

/** An attribute turned into evidence. `option`: one choice of an attribute with several (has it, or not). */
export type WoeAttribute = {
  column: string;
  option?: string;
  bins: WoeBin[];
  iv: number;
  reading: IvReading;
};

export type WoeOptions = { maxBins?: number; maxOptions?: number; minShare?: number };

/**
 * Weight of evidence per bin, ln(share of positives / share of negatives), and the information value of each
 * attribute. Numbers are cut at their quantiles, and their evidence is drawn towards its trend (evidence-trend.ts); rare choices share a bin, the unknown have one of their own; an
 * empty cell counts as half a subject (as SAS PROC HPBIN does). Attributes with a single bin are left out.
 */
export function learnWoe(
  table: AttributeTable,
  isPositive: (row: number) => boolean,
  options: WoeOptions = {},
): WoeAttribute[] {
  const maxBins = options.maxBins ?? binsFor(table.rows);
  return table.columns.flatMap((column) =>
    binnings(column, table.rows, { ...options, maxBins }).flatMap(({ option, tests }) => {
      const bins = countBins(column, tests, option, isPositive);
      if (bins.length < 2) return [];
      return [weigh(column.name, option, bins)];
    }),
  );
}

/** The evidence of one value; an unseen choice, or an unknown value where none was unknown, is no evidence: 0. */
export function woeOf(attribute: WoeAttribute, value: AttributeValue): number {
  return attribute.bins.find((bin) => binTakes(bin.test, attribute.option, value))?.woe ?? 0;
}

export function binTakes(test: BinTest, option: string | undefined, value: AttributeValue): boolean {
  if (value === null) return test.kind === 'unknown';
  switch (test.kind) {
    case 'range':
      return (
        typeof value === 'number' &&
        (test.above === null || value > test.above) &&
        (test.atMost === null || value <= test.atMost)
      );
    case 'options':
      return optionsOf(value).some((own) => test.options.includes(own));
    case 'other':
      // Only asked after the listed choices; for one choice of many it means "not this one".
      return typeof value !== 'number' && (option === undefined || !optionsOf(value).includes(option));
    case 'unknown':
      return false;
  }
}

/**
 * How often chance alone would tell won from lost as well as this attribute does: p of Pearson's chi-square over its
 * bins, or of the trend of numbers, which finds what rises steadily in fewer cases (the lower of the two, doubled). With ten bins and 600 cases of each outcome, chance gives an information value of 0.03, over the usual mark.
 */
export function chanceOf({ bins }: WoeAttribute): number {
  const positives = bins.reduce((total, bin) => total + bin.positives, 0);
  const negatives = bins.reduce((total, bin) => total + bin.negatives, 0);
  if (positives === 0 || negatives === 0) return 1;
  const share = positives / (positives + negatives);
  const chiSquare = bins.reduce((total, bin) => {
    const expected = (bin.positives + bin.negatives) * share;
    return total + (bin.positives - expected) ** 2 / (expected * (1 - share));
  }, 0);
  const anyShape = chiSquareSurvival(chiSquare, bins.length - 1);
  const trend = trendOf(bins);
  return trend === null ? anyShape : Math.min(1, 2 * Math.min(anyShape, trend.chance));
}

export function readIv(iv: number): IvReading {
  if (iv < 0.02) return 'useless';
  if (iv < 0.1) return 'weak';
  if (iv < 0.3) return 'medium';
  return iv <= 0.5 ? 'strong' : 'suspicious';
}

/**
 * How finely to cut numbers: at least twenty cases to a bin, between 5 bins and 10. Judged on unseen cases, finer bins
 * tell more where each is drawn to the trend, and what is gained beyond 10 no card is read for.
 */
const binsFor = (rows: number): number => Math.max(5, Math.min(10, Math.floor(rows / 20)));

type Binning = { option?: string; tests: BinTest[] };

function binnings(column: TableColumn, rows: number, options: WoeOptions): Binning[] {
  const { maxBins = 5, maxOptions = 10, minShare = 0.02 } = options;
  if (column.kind === 'number') return [{ tests: [...ranges(column.values, maxBins), { kind: 'unknown' }] }];
  const counts = new Map<string, number>();
  for (const value of valuesOf(column))
    for (const option of optionsOf(value)) counts.set(option, (counts.get(option) ?? 0) + 1);
  const frequent = [...counts]
    .filter(([, count]) => count >= minShare * rows)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, maxOptions)
    .map(([option]) => option);
  if (column.kind === 'multi') {
    return frequent.map((option) => ({
      option,
      tests: [{ kind: 'options', options: [option] }, { kind: 'other' }, { kind: 'unknown' }],
    }));
  }
  const listed = frequent.map((option): BinTest => ({ kind: 'options', options: [option] }));
  return [{ tests: [...listed, { kind: 'other' }, { kind: 'unknown' }] }];
}

function ranges(values: readonly (number | null)[], maxBins: number): BinTest[] {
  const sorted = Float64Array.from(values.filter((value) => value !== null)).sort();
  if (sorted.length === 0) return [];
  const largest = at(sorted, sorted.length - 1);
  const edges = Array.from({ length: maxBins - 1 }, (_, i) => quantileOfSorted(sorted, (i + 1) / maxBins));
  const inner = [...new Set(edges)].filter((edge) => edge < largest);
  return [...inner, null].map((atMost, i) => ({
    kind: 'range',
    above: i === 0 ? null : at(inner, i - 1),
    atMost,
  }));
}

function countBins(
  column: TableColumn,
  tests: BinTest[],
  option: string | undefined,
  isPositive: (row: number) => boolean,
): WoeBin[] {
  const bins = tests.map((test) => ({ test, positives: 0, negatives: 0, woe: 0 }));
  valuesOf(column).forEach((value, row) => {
    const bin = bins.find(({ test }) => binTakes(test, option, value));
    if (bin === undefined) return;
    if (isPositive(row)) bin.positives++;
    else bin.negatives++;
  });
  return bins.filter((bin) => bin.positives + bin.negatives > 0);
}

function weigh(column: string, option: string | undefined, bins: WoeBin[]): WoeAttribute {
  const positives = bins.reduce((total, bin) => total + bin.positives, 0);
  const negatives = bins.reduce((total, bin) => total + bin.negatives, 0);
  let iv = 0;
  for (const bin of bins) {
    const p = (bin.positives || 0.5) / Math.max(1, positives);
    const q = (bin.negatives || 0.5) / Math.max(1, negatives);
    bin.woe = Math.log(p / q);
    iv += (p - q) * bin.woe;
  }
  const ranges = rangesOf(bins);
  const trend = trendOf(bins);
  for (const [i, bin] of ranges.entries()) bin.woe = trend?.drawn[i] ?? bin.woe;
  return { column, ...(option === undefined ? {} : { option }), bins, iv, reading: readIv(iv) };
}

const rangesOf = (bins: readonly WoeBin[]): WoeBin[] => bins.filter(({ test }) => test.kind === 'range');

/** Of numbers, from the counts alone. A factor common to all bins moves the line and nothing else. */
function trendOf(bins: readonly WoeBin[]): EvidenceTrend | null {
  const positives = Math.max(
    1,
    bins.reduce((total, bin) => total + bin.positives, 0),
  );
  const negatives = Math.max(
    1,
    bins.reduce((total, bin) => total + bin.negatives, 0),
  );
  const ranges = rangesOf(bins);
  const evidence = ranges.map((bin) =>
    Math.log((bin.positives || 0.5) / positives / ((bin.negatives || 0.5) / negatives)),
  );
  return evidenceTrend(ranges, evidence);
}
