import { pickTableRows } from './attribute-table.ts';
import { placeOnAxes } from './cluster-axes.ts';
import { learnClusters } from './clusters.ts';
import { chosenColumns, type FileRow, findColumn, tableOf } from './file-columns.ts';
import { nearestCentroid } from './k-means.ts';
import type { LearnOptions } from './learn-options.ts';
import { type Learned, mapLines } from './learn-output.ts';
import { pointsOf, squaredDistance } from './points.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { at } from './vectors.ts';

/** Clusters are fitted on at most this many rows and then assigned to all. */
export const CLUSTER_FIT_ROWS = 20_000;

/** clusters over columns of a file. */
export function learnClustersFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const header = Object.keys(at(rows, 0));
  const name = findColumn(header, 'customer', options.customer);
  const columns = chosenColumns(header, options.columns, [name]);
  const warnings: string[] = [];
  const table = tableOf(rows, columns, warnings);
  const sample = sampleIndices(rows.length, CLUSTER_FIT_ROWS, randomFrom(options.seed));
  const isSampled = sample.length < rows.length;
  if (isSampled)
    warnings.push(`Learned from a random ${sample.length} of ${rows.length} rows; all rows were assigned.`);
  const learned = learnClusters(isSampled ? pickTableRows(table, sample) : table, {
    k: options.k,
    scale: options.scale,
    seed: options.seed,
  });
  const points = placeOnAxes(table, learned.model.axes);
  const centroids = pointsOf(learned.model.centroids);
  const labels = isSampled
    ? Int32Array.from({ length: points.rows }, (_, i) => nearestCentroid(points, i, centroids))
    : learned.labels;
  const sizes = learned.model.centroids.map(() => 0);
  let inertia = 0;
  labels.forEach((c, i) => {
    sizes[c] = at(sizes, c) + 1;
    inertia += squaredDistance(points, i, centroids, c);
  });
  return {
    output: {
      method: 'clusters',
      n: rows.length,
      warnings: [...warnings, ...learned.warnings],
      clusters: {
        k: learned.chosen.k,
        inertia,
        ...known(learned.chosen.silhouette),
        centers: learned.clusters.map(({ center }) => center),
        sizes,
        ...(learned.candidates.length > 1
          ? {
              candidates: learned.candidates.map(({ k, inertia: own, silhouette }) => ({
                k,
                inertia: own,
                ...known(silhouette),
              })),
            }
          : {}),
      },
    },
    scores: {
      names: ['customer', 'cluster'],
      lines: mapLines(rows, (row, i) => [
        name === undefined ? String(i + 1) : (row[name] ?? ''),
        at(labels, i),
      ]),
    },
  };
}

function known(silhouette: number | null): { silhouette?: number } {
  return silhouette === null ? {} : { silhouette };
}
