import { InputError } from '../../errors.ts';
import { type AttributeTable, type AttributeValue, pickTableRows } from './attribute-table.ts';
import {
  type AxisOptions,
  attributeValue,
  axisValue,
  type ClusterAxis,
  learnAxes,
  placeOnAxes,
} from './cluster-axes.ts';
import { clusterTraits, nameClusters, type Trait } from './cluster-profile.ts';
import { calinskiHarabasz, daviesBouldin, silhouette } from './cluster-quality.ts';
import { clusterStability, type Stability, type StabilityOptions } from './cluster-stability.ts';
import { type KMeans, kMeans } from './k-means.ts';
import { type Points, rowOf } from './points.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { type RuleFidelity, ruleFor, type TreeRule } from './rule-tree.ts';
import { at } from './vectors.ts';

export type ClusterCandidate = {
  k: number;
  inertia: number;
  silhouette: number | null;
  calinskiHarabasz: number | null;
  daviesBouldin: number | null;
  /** Share of the smallest cluster. */
  smallest: number;
};

export type ClusterSummary = {
  name: string;
  size: number;
  /** Mean per axis in the attribute's own unit (for logarithms: the mean there, brought back). */
  center: number[];
  traits: Trait[];
  stability?: Stability;
  rule: TreeRule & RuleFidelity;
};

/** What is stored and turned into SQL: axes and, in their space, one centroid a cluster. */
export type ClusterModel = { axes: ClusterAxis[]; centroids: number[][] };

export type Clusters = {
  model: ClusterModel;
  labels: Int32Array;
  chosen: ClusterCandidate;
  candidates: ClusterCandidate[];
  clusters: ClusterSummary[];
  warnings: string[];
};

export type ClusterOptions = AxisOptions & {
  /** One number, or the range to choose from. */
  k: number | { from: number; to: number };
  seed?: number;
  starts?: number;
  /** A k whose smallest cluster holds less than this share is passed over (default 0). */
  minShare?: number;
  /** Left out: no bootstrap. */
  stability?: StabilityOptions;
};

/** Rules are grown on at most this many rows, and their fidelity is measured there. */
const RULE_ROWS = 5000;

/**
 * More starts find better clusters; many rows pay for few of them. On well known sets of a few hundred rows (iris,
 * wine, breast cancer; eight clusters) 25 starts ended up to 0.5 % above the best division known, 100 at or below it.
 */
function startsFor(rows: number): number {
  return Math.max(3, Math.min(100, Math.floor(100_000 / rows)));
}

/**
 * Clusters a table of subjects (a sample where there are many): axes, k-means for each k, the k with the best
 * silhouette among those whose clusters are large enough, then what each cluster is like and a rule for it.
 * Throws InputError `too-many-clusters`, `no-varying-attributes`, `clusters-count`, `values-unreadable`.
 */
export function learnClusters(table: AttributeTable, options: ClusterOptions): Clusters {
  const { axes, warnings } = learnAxes(table, options);
  const points = placeOnAxes(table, axes);
  const { found, chosen, candidates } = chooseK(points, options, warnings);
  const traits = found.sizes.map((_, c) => clusterTraits(table, found.labels, c));
  const names = nameClusters(traits);
  const stability = options.stability && clusterStability(points, found.centroids, options.stability);
  const weak = stability?.filter(({ reading }) => reading === 'unstable').length ?? 0;
  if (weak > 0)
    warnings.push(
      `${weak} of ${chosen.k} clusters dissolve when the data vary a little; do not build on them.`,
    );
  const ruleRows = sampleIndices(table.rows, RULE_ROWS, randomFrom(options.seed ?? 1));
  const ruleTable = ruleRows.length < table.rows ? pickTableRows(table, ruleRows) : table;
  const clusters = found.sizes.map((size, c) => ({
    name: at(names, c),
    size,
    center: rowOf(found.centroids, c).map((position, j) => attributeValue(at(axes, j), position)),
    traits: at(traits, c),
    ...(stability ? { stability: at(stability, c) } : {}),
    rule: ruleFor(ruleTable, (i) => found.labels[at(ruleRows, i)] === c),
  }));
  const centroids = found.sizes.map((_, c) => rowOf(found.centroids, c));
  return { model: { axes, centroids }, labels: found.labels, chosen, candidates, clusters, warnings };
}

/** The cluster of one subject: its nearest centroid, the first of equals. */
export function clusterOf(
  { axes, centroids }: ClusterModel,
  attributeOf: (column: string) => AttributeValue,
): number {
  const position = axes.map((axis) => axisValue(axis, attributeOf(axis.column)));
  const distances = centroids.map((centroid) =>
    centroid.reduce((total, v, j) => total + (v - at(position, j)) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
}

function chooseK(points: Points, options: ClusterOptions, warnings: string[]) {
  const { seed = 1, starts = startsFor(points.rows), minShare = 0 } = options;
  const range = typeof options.k === 'number' ? { from: options.k, to: options.k } : options.k;
  if (!(range.from >= 1 && range.to >= range.from)) {
    throw new InputError(
      'clusters-count',
      `${range.from} to ${range.to} clusters is no range. Nothing was learned.`,
      {
        action: 'Give the smaller number first, such as 3 to 8.',
      },
    );
  }
  const candidates: (ClusterCandidate & { found: KMeans })[] = [];
  for (let k = range.from; k <= range.to; k++) {
    try {
      const found = kMeans(points, k, { seed, starts });
      candidates.push({ ...measure(points, found, seed), found });
    } catch (error) {
      // A wide range may reach past the data; only a range that starts there is a mistake.
      if (!(error instanceof InputError && error.code === 'too-many-clusters') || candidates.length === 0)
        throw error;
      warnings.push(`No more than ${k - 1} clusters are possible with these rows.`);
      break;
    }
  }
  const large = candidates.filter((candidate) => candidate.smallest >= minShare);
  if (large.length === 0) {
    warnings.push(
      `Every division has a cluster under ${Math.round(minShare * 100)} % of all; the minimum share was not kept.`,
    );
  }
  const pool = large.length > 0 ? large : candidates;
  const best = pool.reduce((a, b) => ((b.silhouette ?? -1) > (a.silhouette ?? -1) ? b : a));
  if (best.silhouette !== null && best.silhouette < 0.25) {
    warnings.push(`The clusters hardly stand apart (silhouette ${best.silhouette.toFixed(2)}, under 0.25).`);
  }
  if (!best.found.converged) warnings.push('k-means ran out of steps before it settled.');
  const plain = candidates.map(({ found: _, ...candidate }) => candidate);
  const { found, ...chosen } = best;
  return { found, chosen, candidates: plain };
}

function measure(points: Points, found: KMeans, seed: number): ClusterCandidate {
  return {
    k: found.centroids.rows,
    inertia: found.inertia,
    silhouette: silhouette(points, found.labels, seed),
    calinskiHarabasz: calinskiHarabasz(points, found),
    daviesBouldin: daviesBouldin(points, found),
    smallest: Math.min(...found.sizes) / points.rows,
  };
}
