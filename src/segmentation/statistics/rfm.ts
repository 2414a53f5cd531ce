import { fixedCuts, type Histogram, rankCuts, scoreOf } from './cut-points.ts';
import { RFM_GRID, type RfmMap, requireCompleteMap, rfmSegmentOf } from './rfm-maps.ts';

/** Days since the last purchase, purchase days, and revenue of one customer with at least one purchase. */
export type RfmValues = { recency: number; frequency: number; monetary: number };

export type RfmModel = {
  /** Four ascending cut points each; a score is 1 + the cut points exceeded, recency from the other end. */
  cutPoints: { recency: number[]; frequency: number[]; monetary: number[] };
  map: RfmMap;
  warnings: string[];
};

export type RfmScore = { r: number; f: number; m: number; segment: string };

const RFM_BINS = 5;

/**
 * Learns the cut points of RFM as fifths of the customers, ties together (see `rankCuts`), or takes fixed ones.
 * Customers with no purchase take no part. Throws InputError for an empty or unreadable column and for a map with
 * holes or hidden segments.
 */
export function learnRfm(
  histograms: { recency: Histogram; frequency: Histogram; monetary: Histogram },
  options: { map?: RfmMap; fixed?: Partial<Record<keyof RfmValues, readonly number[]>> } = {},
): RfmModel {
  const map = options.map ?? RFM_GRID;
  requireCompleteMap(map);
  const learn = (name: keyof RfmValues) => {
    const fixed = options.fixed?.[name];
    const histogram = histograms[name];
    return fixed ? fixedCuts(fixed, histogram, name) : rankCuts(histogram, RFM_BINS, name);
  };
  const recency = learn('recency');
  const frequency = learn('frequency');
  const monetary = learn('monetary');
  return {
    cutPoints: { recency: recency.cuts, frequency: frequency.cuts, monetary: monetary.cuts },
    map,
    warnings: [...recency.warnings, ...frequency.warnings, ...monetary.warnings],
  };
}

export function scoreRfm({ cutPoints, map }: RfmModel, values: RfmValues): RfmScore {
  const r = scoreOf(values.recency, cutPoints.recency, 'low');
  const f = scoreOf(values.frequency, cutPoints.frequency);
  const m = scoreOf(values.monetary, cutPoints.monetary);
  const segment = rfmSegmentOf(map, r, f, m);
  // requireCompleteMap has held at learning; a map changed since then must not label anyone with nothing.
  if (segment === undefined) throw new RangeError(`the map ${map.key} has no segment for ${r}${f}${m}`);
  return { r, f, m, segment: segment.key };
}
