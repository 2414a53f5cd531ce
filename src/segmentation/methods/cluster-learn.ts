import { z } from 'zod';
import type { AttributeIndex } from '../attribute-index.ts';
import { compileCondition, type Scope } from '../compile-condition.ts';
import { mayProfile, shuffledBy } from '../may-profile.ts';
import type { Model } from '../model.ts';
import type { AttributeTable } from '../statistics/attribute-table.ts';
import { carryClusterKeys } from '../statistics/cluster-keys.ts';
import { type Clusters, clusterOf, learnClusters } from '../statistics/clusters.ts';
import { at } from '../statistics/vectors.ts';
import type { ClustersModel, ClustersSegmentation } from './cluster-definition.ts';
import { featureColumns, featureSelect, featureTable, ruleCondition, valueAt } from './features.ts';

const LEARN_SUBJECTS = 20_000;
const TRAITS = 6;

export type FeatureRequest = { attributes: AttributeIndex; nested(): string };

/** A fair sample of at most 20,000 subjects: `{ f0, f1, ..., ages, total }`. */
export function planClusters(
  definition: ClustersSegmentation,
  scope: Scope,
  request: FeatureRequest,
): string {
  const columns = featureColumns(definition.of, scope);
  const conditions = [
    mayProfile(definition.subject, request.attributes, (key) => scope.base.own(key).sql),
    ...(definition.among === undefined ? [] : [compileCondition(definition.among, scope)]),
    ...(definition.unknown === 'none' ? columns.map(({ sql }) => `(${sql}) is not null`) : []),
  ];
  const ages = columns.map(({ isAge }) => String(isAge)).join(', ');
  return `select ${featureSelect(columns)}, array[${ages}] as ages, count(*) over ()::double precision as total
from (\n${request.nested()}\n) l
where ${conditions.join(' and ')}
order by ${shuffledBy('l.id')}
limit ${LEARN_SUBJECTS}`;
}

const Row = z.looseObject({ ages: z.array(z.boolean()), total: z.number() });

/** Throws InputError where the attributes do not divide: too few rows, all alike, more groups than rows. */
export function learnGroups(
  definition: ClustersSegmentation,
  rows: readonly unknown[],
  asOf: Date,
  before: Model | null,
): ClustersModel {
  const read = rows.map((row) => Row.parse(row));
  const table = featureTable(definition.of, read);
  const k = definition.k ?? definition.segments.length;
  const learned = learnClusters(table, {
    k: typeof k === 'number' ? k : { from: k[0], to: k[1] },
    scale: definition.scale,
    tails: definition.tails,
    minShare: typeof k === 'number' ? 0 : definition.minShare / 100,
    seed: 1,
    stability: { seed: 1 },
  });
  const total = read[0]?.total ?? 0;
  const isSample = total > read.length;
  const warnings = [...learned.warnings];
  if (isSample) warnings.push(`Learned from a sample of ${read.length} of ${total} subjects.`);
  const ages = read[0]?.ages ?? [];
  const columns = table.columns.map(({ name, kind }, i) => ({ name, kind, isAge: ages[i] ?? false }));
  const keys = keysOf(definition, table, learned, before);
  return {
    method: 'clusters',
    asOf: asOf.toISOString(),
    customers: read.length,
    isSample,
    axes: learned.model.axes,
    centroids: learned.model.centroids,
    keys,
    chosen: learned.chosen,
    candidates: learned.candidates,
    groups: learned.clusters.map(({ name, size, traits, stability, rule }, c) => {
      const when = ruleCondition(rule, definition.of, columns);
      const { precision, recall } = rule;
      return {
        segment: at(keys, c),
        description: name,
        size,
        traits: traits.slice(0, TRAITS),
        ...(stability ? { stability } : {}),
        rule: when === null ? null : { when, precision, recall, size: rule.size },
      };
    }),
    warnings,
  };
}

/** Groups keep their segment where most members stay together; new ones take free segments, the largest first. */
function keysOf(
  definition: ClustersSegmentation,
  table: AttributeTable,
  learned: Clusters,
  before: Model | null,
): string[] {
  const own = definition.segments.map(({ key }) => key);
  const old =
    before?.method === 'clusters' && before.keys.every((key) => own.includes(key)) && sees(table, before)
      ? before
      : null;
  const sizes = learned.clusters.map(({ size }) => size);
  const count = sizes.length;
  const carried =
    old === null
      ? sizes.map(() => '')
      : carryClusterKeys(
          old.keys,
          Array.from({ length: table.rows }, (_, i) => clusterOf(old, valueAt(table, i))),
          learned.labels,
          count,
          () => '',
        );
  const free = own.filter((key) => !carried.includes(key));
  const order = sizes.map((_, c) => c).sort((a, b) => at(sizes, b) - at(sizes, a) || a - b);
  const keys = [...carried];
  for (const c of order) if (keys[c] === '') keys[c] = free.shift() ?? '';
  return keys;
}

/** Does the table have all columns that the older model looks at? */
function sees(table: AttributeTable, before: ClustersModel): boolean {
  const names = new Set(table.columns.map(({ name }) => name));
  return before.axes.every(({ column }) => names.has(column));
}
