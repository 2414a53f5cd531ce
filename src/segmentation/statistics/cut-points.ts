import { InputError } from '../../errors.ts';
import { at } from './vectors.ts';

/** Distinct values in ascending order with how many subjects hold each: all that cut points need of a million rows. */
export type Histogram = { values: number[]; counts: number[] };

/** `cuts` are ascending and always bins - 1; equal ones enclose a bin that nobody can be in. */
export type CutPoints = {
  cuts: number[];
  /** Scores that somebody holds, ascending. */
  used: number[];
  warnings: string[];
};

export function histogramOf(values: Iterable<number>): Histogram {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const distinct = [...counts.keys()].sort((a, b) => a - b);
  return { values: distinct, counts: distinct.map((value) => counts.get(value) ?? 0) };
}

/**
 * Cut points at the quantiles 1/bins, 2/bins, ... (type 7, as R's quantile and numpy), for use with `scoreOf`:
 * equal values always share a score, and a score keeps its meaning as a rank ("4 of 5": past 60 % of all), so where
 * many subjects tie, scores are skipped, which `warnings` says.
 * Throws InputError `no-values` for an empty histogram, `values-unreadable` for NaN or infinity.
 */
export function rankCuts(histogram: Histogram, bins: number, name = 'value'): CutPoints {
  checkHistogram(histogram, name);
  const cuts = Array.from({ length: bins - 1 }, (_, i) => histogramQuantile(histogram, (i + 1) / bins));
  return describeCuts(cuts, histogram, name);
}

/** Thresholds chosen by a person: stable over time, so that a subject moves only when its own value does. */
export function fixedCuts(cuts: readonly number[], histogram: Histogram, name = 'value'): CutPoints {
  if (cuts.some((cut, i) => !Number.isFinite(cut) || (i > 0 && cut < at(cuts, i - 1)))) {
    throw new InputError(
      'cut-points-order',
      `The cut points of ${name} do not ascend: ${cuts.join(', ')}. Nothing was changed.`,
      {
        action: 'List them from low to high.',
      },
    );
  }
  return describeCuts([...cuts], histogram, name);
}

/** 1 + how many cut points the value exceeds; from the top where lower is better (recency in days). */
export function scoreOf(value: number, cuts: readonly number[], better: 'high' | 'low' = 'high'): number {
  let above = 0;
  for (const cut of cuts) if (value > cut) above++;
  return better === 'high' ? above + 1 : cuts.length + 1 - above;
}

/** Type 7 quantile of weighted distinct values. */
function histogramQuantile({ values, counts }: Histogram, probability: number): number {
  const total = counts.reduce((a, b) => a + b, 0);
  const position = (total - 1) * probability;
  const below = Math.floor(position + 1e-9);
  const low = orderStatistic(values, counts, below);
  const high = orderStatistic(values, counts, Math.min(below + 1, total - 1));
  return low === high ? low : low + Math.max(0, position - below) * (high - low);
}

function orderStatistic(values: readonly number[], counts: readonly number[], rank: number): number {
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    seen += at(counts, i);
    if (rank < seen) return at(values, i);
  }
  return at(values, values.length - 1);
}

function describeCuts(cuts: number[], histogram: Histogram, name: string): CutPoints {
  const used = [...new Set(histogram.values.map((value) => scoreOf(value, cuts)))].sort((a, b) => a - b);
  const warnings: string[] = [];
  if (used.length < cuts.length + 1) {
    const distinct = histogram.values.length;
    const reason = distinct === 1 ? 'all values are equal' : 'many have the same value';
    warnings.push(`${name}: only ${used.length} of ${cuts.length + 1} scores are in use, because ${reason}.`);
  }
  return { cuts, used, warnings };
}

function checkHistogram({ values }: Histogram, name: string): void {
  if (values.length === 0) {
    throw new InputError('no-values', `No subject has a known ${name}. Nothing was learned.`, {
      action: 'Map the attribute, or wait until values have arrived.',
    });
  }
  if (!values.every(Number.isFinite)) {
    throw new InputError(
      'values-unreadable',
      `Some values of ${name} are not numbers. Nothing was learned.`,
      {
        action: 'Leave unknown values out, rather than as NaN.',
      },
    );
  }
}
