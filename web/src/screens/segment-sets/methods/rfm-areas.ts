/** The map of RFM as a grid of 5 x 5 cells (recency by frequency), and back. */
import type { RfmSegmentation } from '../../../../../src/segmentation/definition.ts';

type Segment = RfmSegmentation['segments'][number];
type Area = Segment['areas'][number];

const SCORES = [1, 2, 3, 4, 5];

/** Can the map be painted? Where money decides as well, it is written in the YAML. */
export function isGrid(segments: readonly Segment[]): boolean {
  return segments.every(({ areas }) => areas.every(({ m, fm }) => m === undefined && fm === undefined));
}

/** The segment of each cell, as `r-f`; the first that matches wins. */
export function cellsOf(segments: readonly Segment[]): Map<string, string> {
  const cells = new Map<string, string>();
  const within = (score: number, range: readonly number[] | undefined) =>
    range === undefined || (score >= (range[0] ?? 1) && score <= (range[1] ?? 5));
  for (const r of SCORES)
    for (const f of SCORES) {
      const owner = segments.find(({ areas }) =>
        areas.some((area) => within(r, area.r) && within(f, area.f)),
      );
      if (owner) cells.set(`${r}-${f}`, owner.key);
    }
  return cells;
}

/** One cell given to a segment: everybody's areas, as few rectangles as rows of cells allow. */
export function painted(segments: readonly Segment[], r: number, f: number, key: string): Segment[] {
  const cells = cellsOf(segments);
  cells.set(`${r}-${f}`, key);
  return segments.map((segment) => ({ ...segment, areas: areasOf(cells, segment.key) }));
}

/** Runs of frequency in each recency, joined where the next recency has the same run. */
function areasOf(cells: Map<string, string>, key: string): Area[] {
  const areas: { r: [number, number]; f: [number, number] }[] = [];
  for (const r of SCORES) {
    for (const [from, to] of runsOf(SCORES.filter((f) => cells.get(`${r}-${f}`) === key))) {
      const above = areas.find((area) => area.r[1] === r - 1 && area.f[0] === from && area.f[1] === to);
      if (above) above.r = [above.r[0], r];
      else areas.push({ r: [r, r], f: [from, to] });
    }
  }
  return areas;
}

function runsOf(scores: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const score of scores) {
    const last = runs.at(-1);
    if (last && last[1] === score - 1) last[1] = score;
    else runs.push([score, score]);
  }
  return runs;
}
