import { type AttributeTable, pickTableRows, type TableColumn } from './attribute-table.ts';
import { placeOnAxes } from './cluster-axes.ts';
import { type Clusters, learnClusters } from './clusters.ts';
import { chosenColumns, type FileRow, findColumn, tableOf } from './file-columns.ts';
import { nearestCentroid } from './k-means.ts';
import type { LearnOptions } from './learn-options.ts';
import { type Learned, mapLines } from './learn-output.ts';
import { pointsOf, squaredDistance } from './points.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { at } from './vectors.ts';

/** Clusters are fitted on at most this many rows and then assigned to all. */
const CLUSTER_FIT_ROWS = 20_000;

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
        ...centersOf(learned, table),
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

/** In the order of the columns; those that do not vary take no part and stand at their one value. */
function centersOf({ model, clusters }: Clusters, table: AttributeTable) {
  const places = table.columns.flatMap((column) => {
    const axes = model.axes.flatMap((axis, j) => (axis.column === column.name ? [{ axis, j }] : []));
    if (axes.length > 0) {
      return axes.map(({ axis, j }) => ({
        name: axis.kind === 'number' ? axis.column : `${axis.column}=${axis.option}`,
        of: (center: readonly number[]) => at(center, j),
      }));
    }
    const constant = constantOf(column);
    return constant === undefined ? [] : [{ name: column.name, of: () => constant }];
  });
  return {
    columns: places.map(({ name }) => name),
    centers: clusters.map(({ center }) => places.map((place) => place.of(center))),
  };
}

function constantOf(column: TableColumn): number | undefined {
  return column.kind === 'number' ? (column.values.find((value) => value !== null) ?? undefined) : undefined;
}

function known(silhouette: number | null): { silhouette?: number } {
  return silhouette === null ? {} : { silhouette };
}
