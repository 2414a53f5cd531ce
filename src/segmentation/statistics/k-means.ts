import { InputError } from '../../errors.ts';
import { countDistinct, type Points, squaredDistance } from './points.ts';
import { type Random, randomFrom } from './random.ts';
import { at, float, int, sum } from './vectors.ts';

export type KMeans = {
  centroids: Points;
  /** The cluster of each row; clusters run from the largest to the smallest. */
  labels: Int32Array;
  sizes: number[];
  /** Sum of squared distances to the centroids. */
  inertia: number;
  converged: boolean;
};

/** Enough for the moves that matter; each pass costs as much as a step of Lloyd's. */
const REFINE_PASSES = 50;

/** Up to here the best division counts to the last digit; beyond, a step that gains a millionth is the last. */
const EXACT_ROWS = 5000;
const SMALL_GAIN = 1e-6;

export type KMeansOptions = { seed?: number; starts?: number; maxSteps?: number };

/**
 * k-means by Lloyd's steps from several k-means++ starts (Arthur & Vassilvitskii 2007, with a few candidates a
 * centre), each refined by Hartigan's single moves up to 5,000 rows; the lowest inertia wins. Throws InputError
 * `too-many-clusters` where there are fewer different rows than clusters, and `clusters-count` for a k that is no
 * positive whole number.
 */
export function kMeans(points: Points, k: number, options: KMeansOptions = {}): KMeans {
  const { seed = 1, starts = 20, maxSteps = 300 } = options;
  if (!Number.isInteger(k) || k < 1) {
    throw new InputError('clusters-count', `${k} is no number of clusters. Nothing was learned.`, {
      action: 'Ask for 2 to 12 clusters.',
    });
  }
  const distinct = countDistinct(points, k);
  if (distinct < k) {
    throw new InputError(
      'too-many-clusters',
      `${k} clusters were asked for, but there are only ${distinct} different rows. Nothing was learned.`,
      {
        action: 'Ask for fewer clusters, or add attributes that tell the customers apart.',
      },
    );
  }
  const random = randomFrom(seed);
  let best: KMeans | undefined;
  for (let start = 0; start < starts; start++) {
    const settled = lloyd(points, plusPlus(points, k, random), maxSteps);
    const found = points.rows <= EXACT_ROWS ? refine(points, settled, REFINE_PASSES) : settled;
    if (best === undefined || found.inertia < best.inertia) best = found;
  }
  if (best === undefined) throw new RangeError('k-means needs at least one start');
  return bySize(best);
}

/** The nearest centroid of one row. */
export function nearestCentroid(points: Points, row: number, centroids: Points): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let c = 0; c < centroids.rows; c++) {
    const d = squaredDistance(points, row, centroids, c);
    if (d < least) {
      least = d;
      nearest = c;
    }
  }
  return nearest;
}

function plusPlus(points: Points, k: number, random: Random): Points {
  const { rows, columns } = points;
  const centroids: Points = { values: new Float64Array(k * columns), rows: k, columns };
  const place = (c: number, row: number) => {
    centroids.values.set(points.values.subarray(row * columns, (row + 1) * columns), c * columns);
  };
  place(0, random.below(rows));
  let nearest = Float64Array.from({ length: rows }, (_, i) => squaredDistance(points, i, centroids, 0));
  const candidates = 2 + Math.floor(Math.log(k));
  for (let c = 1; c < k; c++) {
    let bestTotal = Number.POSITIVE_INFINITY;
    let bestRow = 0;
    let bestNearest = nearest;
    for (let n = 0; n < candidates; n++) {
      const row = drawByWeight(nearest, random);
      const next = nearest.map((d, i) => Math.min(d, squaredDistance(points, i, points, row)));
      const total = next.reduce((a, b) => a + b, 0);
      if (total < bestTotal) {
        bestTotal = total;
        bestRow = row;
        bestNearest = next;
      }
    }
    place(c, bestRow);
    nearest = bestNearest;
  }
  return centroids;
}

/** An index with probability in proportion to its weight; never one of weight 0 while another has some. */
function drawByWeight(weights: Float64Array, random: Random): number {
  const total = weights.reduce((a, b) => a + b, 0);
  let left = random.uniform() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = float(weights, i);
    if (weight === 0) continue;
    last = i;
    left -= weight;
    if (left < 0) return i;
  }
  return last;
}

function lloyd(points: Points, centroids: Points, maxSteps: number): KMeans {
  const labels = new Int32Array(points.rows).fill(-1);
  const distances = new Float64Array(points.rows);
  const enough = points.rows <= EXACT_ROWS ? 0 : SMALL_GAIN;
  let inertia = Number.POSITIVE_INFINITY;
  for (let step = 0; step < maxSteps; step++) {
    const moved = assign(points, centroids, labels, distances);
    const reached = sum(distances);
    // Ends here, before the centroids move on, so that each row is with its nearest centroid.
    if (moved === 0 || inertia - reached <= enough * reached) return summary(points, centroids, labels, true);
    inertia = reached;
    if (step < maxSteps - 1) recentre(points, centroids, labels, distances);
  }
  return summary(points, centroids, labels, false);
}

/** Gives each row its nearest centroid and the squared distance to it; returns how many rows changed. */
function assign(points: Points, centroids: Points, labels: Int32Array, distances: Float64Array): number {
  const { columns, rows, values } = points;
  const middle = centroids.values;
  let moved = 0;
  for (let i = 0; i < rows; i++) {
    let nearest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < centroids.rows; c++) {
      let total = 0;
      for (let j = 0; j < columns && total < least; j++) {
        const difference = float(values, i * columns + j) - float(middle, c * columns + j);
        total += difference * difference;
      }
      if (total < least) {
        least = total;
        nearest = c;
      }
    }
    distances[i] = least;
    if (int(labels, i) === nearest) continue;
    labels[i] = nearest;
    moved++;
  }
  return moved;
}

/**
 * Hartigan's improvement (1975): where Lloyd's steps stand still, moving a single row may still lower the inertia,
 * because both centroids follow it. Rows stay with their nearest centroid, so labels mean the same afterwards.
 */
function refine(points: Points, found: KMeans, passes: number): KMeans {
  const { centroids, labels, sizes } = found;
  let changed = false;
  for (let pass = 0; pass < passes; pass++) {
    let moved = false;
    for (let i = 0; i < points.rows; i++) {
      const from = int(labels, i);
      const size = at(sizes, from);
      if (size === 1) continue;
      const gain = (size / (size - 1)) * squaredDistance(points, i, centroids, from);
      const to = cheapestMove(points, i, found, from, gain * (1 - 1e-10));
      if (to === from) continue;
      shift(points, i, centroids, from, size, -1);
      shift(points, i, centroids, to, at(sizes, to), 1);
      sizes[from] = size - 1;
      sizes[to] = at(sizes, to) + 1;
      labels[i] = to;
      moved = true;
    }
    if (!moved) break;
    changed = true;
  }
  if (!changed) return found;
  recentre(points, centroids, labels, new Float64Array(points.rows));
  return summary(points, centroids, labels, found.converged);
}

function cheapestMove(
  points: Points,
  row: number,
  { centroids, sizes }: KMeans,
  from: number,
  gain: number,
): number {
  let best = from;
  let least = gain;
  for (let c = 0; c < centroids.rows; c++) {
    if (c === from) continue;
    const cost = (at(sizes, c) / (at(sizes, c) + 1)) * squaredDistance(points, row, centroids, c);
    if (cost < least) {
      least = cost;
      best = c;
    }
  }
  return best;
}

/** Moves a centroid of `size` rows for one row more (1) or less (-1). */
function shift(points: Points, row: number, centroids: Points, c: number, size: number, sign: 1 | -1): void {
  const { columns } = points;
  for (let j = 0; j < columns; j++) {
    const now = float(centroids.values, c * columns + j);
    const value = float(points.values, row * columns + j);
    centroids.values[c * columns + j] = now + (sign * (value - now)) / (size + sign);
  }
}

function recentre(points: Points, centroids: Points, labels: Int32Array, distances: Float64Array): void {
  const { columns } = points;
  const counts = new Float64Array(centroids.rows);
  centroids.values.fill(0);
  for (let i = 0; i < points.rows; i++) {
    const c = int(labels, i);
    counts[c] = float(counts, c) + 1;
    for (let j = 0; j < columns; j++) {
      centroids.values[c * columns + j] =
        float(centroids.values, c * columns + j) + float(points.values, i * columns + j);
    }
  }
  for (let c = 0; c < centroids.rows; c++) {
    const count = float(counts, c);
    if (count === 0) {
      // An emptied cluster starts again at the row that fits worst.
      const far = indexOfLargest(distances);
      centroids.values.set(points.values.subarray(far * columns, (far + 1) * columns), c * columns);
      distances[far] = 0;
      continue;
    }
    for (let j = 0; j < columns; j++)
      centroids.values[c * columns + j] = float(centroids.values, c * columns + j) / count;
  }
}

function indexOfLargest(values: Float64Array): number {
  let largest = 0;
  for (let i = 1; i < values.length; i++) if (float(values, i) > float(values, largest)) largest = i;
  return largest;
}

function summary(points: Points, centroids: Points, labels: Int32Array, converged: boolean): KMeans {
  const sizes = new Array<number>(centroids.rows).fill(0);
  let inertia = 0;
  labels.forEach((c, i) => {
    sizes[c] = at(sizes, c) + 1;
    inertia += squaredDistance(points, i, centroids, c);
  });
  return { centroids, labels, sizes, inertia, converged };
}

/** Largest first, so that the same clusters get the same numbers whatever the start. */
function bySize(found: KMeans): KMeans {
  const { columns } = found.centroids;
  const order = found.sizes
    .map((_, c) => c)
    .sort(
      (a, b) =>
        at(found.sizes, b) - at(found.sizes, a) ||
        float(found.centroids.values, a * columns) - float(found.centroids.values, b * columns),
    );
  const place = new Map(order.map((c, i) => [c, i]));
  const values = new Float64Array(found.centroids.values.length);
  order.forEach((c, i) => {
    values.set(found.centroids.values.subarray(c * columns, (c + 1) * columns), i * columns);
  });
  return {
    ...found,
    centroids: { ...found.centroids, values },
    labels: found.labels.map((c) => place.get(c) ?? 0),
    sizes: order.map((c) => at(found.sizes, c)),
  };
}
