import { InputError } from '../../errors.ts';
import type { Attention } from '../../model/attention.ts';

/** An inclusive range of scores. */
export type ScoreRange = readonly [number, number];

/** Where a segment lies; ranges left out match everything. `fm` is the mean of F and M. */
export type RfmArea = { r?: ScoreRange; f?: ScoreRange; m?: ScoreRange; fm?: ScoreRange };

export type RfmMapSegment = {
  key: string;
  name: string;
  areas: readonly RfmArea[];
  attention?: Attention;
};

/** A division of the 5 x 5 x 5 scores; the first segment that matches wins. */
export type RfmMap = { key: string; name: string; segments: readonly RfmMapSegment[] };

/** Recency x frequency, each of its 25 cells exactly once: the grid used by most open RFM projects. */
export const RFM_GRID: RfmMap = {
  key: 'grid',
  name: 'Recency and frequency grid',
  segments: [
    { key: 'champions', name: 'Champions', areas: [{ r: [5, 5], f: [4, 5] }] },
    { key: 'loyal', name: 'Loyal customers', areas: [{ r: [3, 4], f: [4, 5] }] },
    { key: 'potential_loyalist', name: 'Potential loyalists', areas: [{ r: [4, 5], f: [2, 3] }] },
    { key: 'new', name: 'New customers', areas: [{ r: [5, 5], f: [1, 1] }], attention: 'new' },
    { key: 'promising', name: 'Promising', areas: [{ r: [4, 4], f: [1, 1] }] },
    {
      key: 'need_attention',
      name: 'Need attention',
      areas: [{ r: [3, 3], f: [3, 3] }],
      attention: 'at_risk',
    },
    {
      key: 'about_to_sleep',
      name: 'About to sleep',
      areas: [{ r: [3, 3], f: [1, 2] }],
      attention: 'at_risk',
    },
    { key: 'cant_lose', name: "Can't lose them", areas: [{ r: [1, 2], f: [5, 5] }], attention: 'at_risk' },
    { key: 'at_risk', name: 'At risk', areas: [{ r: [1, 2], f: [3, 4] }], attention: 'at_risk' },
    { key: 'hibernating', name: 'Hibernating', areas: [{ r: [1, 2], f: [1, 2] }] },
  ],
};

/** The segment of one set of scores; undefined where the map has a hole. */
export function rfmSegmentOf(map: RfmMap, r: number, f: number, m: number): RfmMapSegment | undefined {
  return map.segments.find((segment) => matches(segment, r, f, m));
}

export type RfmCell = { r: number; f: number; m: number };
export type RfmMapCheck = {
  /** Cells that no segment covers. */
  uncovered: RfmCell[];
  /** Cells that several segments claim: the first wins. */
  overlapping: RfmCell[];
  /** Segments that can never hold anyone, because earlier ones take all their cells. */
  hidden: string[];
};

/** Looks at all 125 cells. */
export function checkRfmMap(map: RfmMap): RfmMapCheck {
  const check: RfmMapCheck = { uncovered: [], overlapping: [], hidden: [] };
  const winners = new Set<string>();
  for (let r = 1; r <= 5; r++) {
    for (let f = 1; f <= 5; f++) {
      for (let m = 1; m <= 5; m++) {
        const claims = map.segments.filter((segment) => matches(segment, r, f, m));
        if (claims[0] === undefined) check.uncovered.push({ r, f, m });
        else winners.add(claims[0].key);
        if (claims.length > 1) check.overlapping.push({ r, f, m });
      }
    }
  }
  check.hidden = map.segments.map((segment) => segment.key).filter((key) => !winners.has(key));
  return check;
}

/** Throws InputError `rfm-map-holes` or `rfm-map-hidden` for a map that would leave customers or segments empty. */
export function requireCompleteMap(map: RfmMap): void {
  const { uncovered, hidden } = checkRfmMap(map);
  const [hole] = uncovered;
  if (hole !== undefined) {
    throw new InputError(
      'rfm-map-holes',
      `The map ${map.name} leaves ${uncovered.length} of 125 score combinations without a segment, such as R ${hole.r}, F ${hole.f}, M ${hole.m}. Nothing was changed.`,
      { action: 'Add a last segment without ranges that takes the rest.' },
    );
  }
  if (hidden.length > 0) {
    throw new InputError(
      'rfm-map-hidden',
      `In the map ${map.name}, earlier segments take everyone from: ${hidden.join(', ')}. Nothing was changed.`,
      {
        action: 'Put narrow segments before wide ones.',
      },
    );
  }
}

function matches(segment: RfmMapSegment, r: number, f: number, m: number): boolean {
  return segment.areas.some(
    (area) => within(r, area.r) && within(f, area.f) && within(m, area.m) && within((f + m) / 2, area.fm),
  );
}

function within(score: number, range: ScoreRange | undefined): boolean {
  return range === undefined || (score >= range[0] && score <= range[1]);
}
