import type { KMeans } from './k-means.ts';
import { distance, type Points, pickRows, squaredDistance } from './points.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { at, float, int } from './vectors.ts';

/** Silhouettes cost every pair of rows; above this many, a sample of this many stands for all. */
const SILHOUETTE_ROWS = 4000;

/**
 * Mean silhouette (Rousseeuw 1987): how much nearer rows are to their own cluster than to the next, -1 to 1.
 * A row alone in its cluster counts 0. `null` for fewer than two clusters.
 */
export function silhouette(points: Points, labels: Int32Array, seed = 1): number | null {
  const rows = sampleIndices(points.rows, SILHOUETTE_ROWS, randomFrom(seed));
  const sample = rows.length < points.rows ? pickRows(points, rows) : points;
  const group = Int32Array.from(rows, (row) => int(labels, row));
  const groups = Math.max(...group) + 1;
  const sizes = new Float64Array(groups);
  for (const g of group) sizes[g] = float(sizes, g) + 1;
  if (sizes.filter((size) => size > 0).length < 2) return null;
  // sums[i * groups + g]: distances of row i to all rows of group g; each pair is measured once.
  const sums = new Float64Array(sample.rows * groups);
  for (let i = 0; i < sample.rows; i++) {
    for (let j = 0; j < i; j++) {
      const apart = distance(sample, i, sample, j);
      const toJ = i * groups + int(group, j);
      const toI = j * groups + int(group, i);
      sums[toJ] = float(sums, toJ) + apart;
      sums[toI] = float(sums, toI) + apart;
    }
  }
  let total = 0;
  for (let i = 0; i < sample.rows; i++) {
    total += silhouetteOf(int(group, i), sums.subarray(i * groups, (i + 1) * groups), sizes);
  }
  return total / sample.rows;
}

function silhouetteOf(own: number, sums: Float64Array, sizes: Float64Array): number {
  if (float(sizes, own) <= 1) return 0;
  const inside = float(sums, own) / (float(sizes, own) - 1);
  let next = Number.POSITIVE_INFINITY;
  for (let g = 0; g < sums.length; g++) {
    if (g !== own && float(sizes, g) > 0) next = Math.min(next, float(sums, g) / float(sizes, g));
  }
  const larger = Math.max(inside, next);
  return larger > 0 ? (next - inside) / larger : 0;
}

/** Calinski & Harabasz 1974: spread between clusters over spread within; higher is better. `null` for k = 1 or k = n. */
export function calinskiHarabasz(points: Points, found: KMeans): number | null {
  const k = found.centroids.rows;
  if (k < 2 || points.rows <= k) return null;
  const centre = meanOf(points);
  const between = found.sizes.reduce(
    (total, size, c) => total + size * squaredDistance(found.centroids, c, centre, 0),
    0,
  );
  return found.inertia > 0 ? between / (k - 1) / (found.inertia / (points.rows - k)) : null;
}

/** Davies & Bouldin 1979: how much the nearest clusters overlap; lower is better. `null` for k = 1. */
export function daviesBouldin(points: Points, { centroids, labels, sizes }: KMeans): number | null {
  const k = centroids.rows;
  if (k < 2) return null;
  const spread = new Float64Array(k);
  labels.forEach((c, i) => {
    spread[c] = float(spread, c) + distance(points, i, centroids, c) / at(sizes, c);
  });
  let total = 0;
  for (let a = 0; a < k; a++) {
    let worst = 0;
    for (let b = 0; b < k; b++) {
      const apart = distance(centroids, a, centroids, b);
      if (a !== b && apart > 0) worst = Math.max(worst, (float(spread, a) + float(spread, b)) / apart);
    }
    total += worst;
  }
  return total / k;
}

function meanOf(points: Points): Points {
  const values = new Float64Array(points.columns);
  for (let i = 0; i < points.values.length; i++) {
    const c = i % points.columns;
    values[c] = float(values, c) + float(points.values, i) / points.rows;
  }
  return { values, rows: 1, columns: points.columns };
}
