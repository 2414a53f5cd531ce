import { kMeans, nearestCentroid } from './k-means.ts';
import { countDistinct, type Points, pickRows } from './points.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { at } from './vectors.ts';

/** Hennig's reading: .85 and more highly stable, .75 stable, .6 a pattern whose members are doubtful, below: no trust. */
export type StabilityReading = 'highly_stable' | 'stable' | 'pattern' | 'unstable';
export type Stability = { jaccard: number; reading: StabilityReading };

export type StabilityOptions = { seed?: number; rounds?: number; maxRows?: number; starts?: number };

/**
 * Stability of each cluster by bootstrap: draw rows with replacement, cluster them anew, and take the best Jaccard
 * match of each cluster among the drawn rows; the mean over rounds (Hennig 2007; R package fpc, clusterboot).
 * `centroids` are the clusters in question; on many rows a sample of `maxRows` stands for all.
 */
export function clusterStability(
  points: Points,
  centroids: Points,
  options: StabilityOptions = {},
): Stability[] {
  const { seed = 1, rounds = 100, maxRows = 1000, starts = 3 } = options;
  const random = randomFrom(seed);
  const sample = pickRows(points, sampleIndices(points.rows, maxRows, random));
  const labels = Int32Array.from({ length: sample.rows }, (_, i) => nearestCentroid(sample, i, centroids));
  const k = centroids.rows;
  const totals = new Float64Array(k);
  const seen = new Float64Array(k);
  for (let round = 0; round < rounds; round++) {
    const drawn = Array.from({ length: sample.rows }, () => random.below(sample.rows));
    const again = clusterAgain(pickRows(sample, drawn), k, random.below(2 ** 31), starts);
    bestMatches(drawn, labels, again, k).forEach((match, c) => {
      if (match === null) return;
      totals[c] = at(totals, c) + match;
      seen[c] = at(seen, c) + 1;
    });
  }
  return Array.from(totals, (total, c) => {
    const jaccard = at(seen, c) > 0 ? total / at(seen, c) : 0;
    return { jaccard, reading: readingOf(jaccard) };
  });
}

export function readingOf(jaccard: number): StabilityReading {
  if (jaccard >= 0.85) return 'highly_stable';
  if (jaccard >= 0.75) return 'stable';
  return jaccard >= 0.6 ? 'pattern' : 'unstable';
}

/** A draw may hold fewer different rows than clusters; then as many clusters as there are different rows. */
function clusterAgain(points: Points, k: number, seed: number, starts: number): Int32Array {
  return kMeans(points, countDistinct(points, k), { seed, starts }).labels;
}

function bestMatches(
  drawn: readonly number[],
  labels: Int32Array,
  again: Int32Array,
  k: number,
): (number | null)[] {
  const once = new Map<number, number>();
  drawn.forEach((row, i) => {
    once.set(row, at(again, i));
  });
  const width = Math.max(...again) + 1;
  const both = new Float64Array(k * width);
  const left = new Float64Array(k);
  const right = new Float64Array(width);
  for (const [row, next] of once) {
    const c = at(labels, row);
    both[c * width + next] = at(both, c * width + next) + 1;
    left[c] = at(left, c) + 1;
    right[next] = at(right, next) + 1;
  }
  return Array.from(left, (size, c) => {
    if (size === 0) return null;
    let best = 0;
    for (let next = 0; next < width; next++) {
      const shared = at(both, c * width + next);
      best = Math.max(best, shared / (size + at(right, next) - shared));
    }
    return best;
  });
}
