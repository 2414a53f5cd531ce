import { showShare } from '../../model/share-words.ts';
import { valueName } from '../../model/value-name.ts';
import type { Plan } from '../compile.ts';
import { compileCondition, type Scope } from '../compile-condition.ts';
import type { Drawing, Sketch } from '../explain-sketch.ts';
import { modelMissing } from '../model-missing.ts';
import { at } from '../statistics/vectors.ts';
import { showValue } from '../value-words.ts';
import type { ClustersModel, ClustersSegmentation } from './cluster-definition.ts';
import { type FeatureColumn, featureColumns, featureName, featureTopic } from './features.ts';
import { float } from './purchase-table.ts';

export const clusterScores = ['distance'] as const;

/** The greatest of so few costs less at each of its uses than a column of its own does. */
const FEW = 6;

export function clustersModel(definition: ClustersSegmentation, model: Plan['model']): ClustersModel {
  if (model?.method === 'clusters') return model;
  throw modelMissing(definition);
}

/** How far the subject is from the middle of its group, in the space of the axes: small is typical. */
export function compileClusterScores(
  definition: ClustersSegmentation,
  model: ClustersModel,
  scope: Scope,
): Record<string, string> {
  const positions = positionsOf(definition, model, scope);
  const distances = model.centroids.map((centroid) =>
    centroid
      .map((value, i) => `(${at(positions, i)} - ${float(value)}) * (${at(positions, i)} - ${float(value)})`)
      .join(' + '),
  );
  // least() passes over nulls; one unknown position makes all distances unknown.
  return { distance: `sqrt(least(${distances.join(', ')}))` };
}

/** A segment holds for those nearest to its centroid. */
export function compileClusters(
  definition: ClustersSegmentation,
  model: ClustersModel,
  scope: Scope,
): string[] {
  const { closeness, most } = closenessOf(model, positionsOf(definition, model, scope), scope);
  const among = definition.among === undefined ? '' : ` and ${compileCondition(definition.among, scope)}`;
  return definition.segments.map(({ key }) => {
    const c = model.keys.indexOf(key);
    return c < 0 ? 'false' : `(${at(closeness, c)} >= ${most}${among})`;
  });
}

/** Where the subject stands on each axis, as columns. */
function positionsOf(definition: ClustersSegmentation, model: ClustersModel, scope: Scope): string[] {
  const columns = new Map(featureColumns(definition.of, scope).map((column) => [column.name, column]));
  return model.axes.map((axis, i) => {
    const column = columns.get(axis.column);
    if (column === undefined) throw new Error(`no feature ${axis.column}`);
    return scope.helper(`x${i}`, axisSql(axis, column, definition.unknown === 'none', scope));
  });
}

/**
 * How close each centroid is: x c - c c / 2, which is the greater the less (x - c)^2 is, and half the work. Unknown
 * for all where one position is unknown; greatest() passes over nulls.
 */
function closenessOf(
  model: ClustersModel,
  positions: readonly string[],
  scope: Scope,
): { closeness: string[]; most: string } {
  const closeness = model.centroids.map((centroid, c) => {
    const terms = centroid.map((value, i) => `${at(positions, i)} * ${float(value)}`);
    const half = centroid.reduce((sum, value) => sum + value * value, 0) / 2;
    return scope.helper(`near${c}`, `${terms.join(' + ')} - ${float(half)}`);
  });
  const most = `greatest(${closeness.join(', ')})`;
  return { closeness, most: closeness.length > FEW ? scope.helper('most', most) : most };
}

function axisSql(
  axis: ClustersModel['axes'][number],
  { sql }: FeatureColumn,
  needsAll: boolean,
  scope: Scope,
): string {
  const placed = (value: string): string =>
    axis.center === 0 && axis.scale === 1
      ? value
      : `((${value}) - ${float(axis.center)}) / ${float(axis.scale)}`;
  if (axis.kind !== 'number') {
    const option = scope.base.bindings.bind(axis.option, 'text');
    const has = axis.kind === 'multi' ? `${option} = any(${sql})` : `${sql} = ${option}`;
    const value = `case when ${has} then ${float(1)} else ${float(0)} end`;
    return placed(needsAll ? `case when ${sql} is not null then ${value} end` : value);
  }
  let value = needsAll ? sql : `coalesce(${sql}, ${float(axis.fill)})`;
  if (axis.low !== null) value = `greatest(${value}, ${float(axis.low)})`;
  if (axis.high !== null) value = `least(${value}, ${float(axis.high)})`;
  // greatest and least pass over nulls.
  if (needsAll && (axis.low !== null || axis.high !== null))
    value = `case when ${sql} is not null then ${value} end`;
  return placed(axis.log ? `case when ${value} < 0 then -ln(1 - ${value}) else ln(1 + ${value}) end` : value);
}

/** The group, and the attributes by which it differs most. */
export function sketchCluster(
  definition: ClustersSegmentation,
  plan: Plan,
  index: number,
  scope: Scope,
  { words, column }: Drawing,
  truth: string,
): Sketch {
  const model = clustersModel(definition, plan.model);
  const { key = '', name = '' } = definition.segments[index] ?? {};
  const group = model.groups.find(({ segment }) => segment === key);
  const own: Sketch = {
    kind: 'test',
    topic: { name: 'nearest group', type: 'text', isVisible: true },
    threshold: group === undefined ? `is not ${name}: nobody is in it` : `is ${name}`,
    test: null,
    value: null,
    truth,
  };
  const features = featureColumns(definition.of, scope);
  const holds = column('t', 'true');
  const traits = (group?.traits ?? []).slice(0, 3).flatMap((trait): Sketch[] => {
    const i = definition.of.findIndex((feature, j) => featureName(feature, j) === trait.column);
    const feature = definition.of[i];
    const found = features[i];
    if (feature === undefined || found === undefined) return [];
    const topic = featureTopic(feature, definition.subject, words);
    const type = found.isAge || topic.type === 'boolean' ? (found.isAge ? 'number' : 'text') : topic.type;
    const averaged = { type: type === 'money' ? 'money' : 'number' } as const;
    const typical =
      trait.option === undefined
        ? `${showValue(trait.inside, averaged, words)} in the group, ${showValue(trait.outside, averaged, words)} outside`
        : `${valueName(topic, trait.option)} has ${showShare(trait.inside)} of the group, ${showShare(trait.outside)} outside`;
    return [
      {
        kind: 'test',
        isFact: true,
        topic: { ...topic, name: found.isAge ? `days since ${topic.name.toLowerCase()}` : topic.name, type },
        threshold: typical,
        test: null,
        value: column('v', `to_json(${found.sql})`),
        truth: holds,
      },
    ];
  });
  return { kind: 'all', parts: [own, ...traits] };
}
