import type { Attribute, SubjectType } from '../model/attribute.ts';
import { type AttributeIndex, indexAttributes } from './attribute-index.ts';
import { newBindings, onlyUsed } from './bindings.ts';
import { type Base, newBase, type Restriction, type StoredLabels } from './compile-base.ts';
import { compileCondition, holdsStored, type Scope } from './compile-condition.ts';
import { nestLevels, type Unit } from './compile-levels.ts';
import { sharedConditions } from './compile-shared.ts';
import type { Condition } from './condition.ts';
import type { RulesSegmentation, Segmentation } from './definition.ts';
import { compileScored, compileScores, scoreNames } from './methods.ts';
import type { Model } from './model.ts';
import { modelMissing } from './model-missing.ts';
import { percentilesOf } from './percentile.ts';
import { tellable, type Unmet } from './requirements.ts';
import type { Calendar } from './window.ts';

export type Plan = { definition: Segmentation; model: Model | null };

export type CompileRequest = {
  /** Quoted name of the tenant's schema. */
  schema: string;
  subject: SubjectType;
  /** Those of this subject that are to be worked out, in any order. */
  segmentations: readonly Plan[];
  /** Attributes that have a column, of persons, companies and deals. */
  attributes: readonly Attribute[];
  asOf: Date;
  zone: string;
  fiscalYearStart: number;
  /** Ranges hold both ends. */
  restrict: Restriction;
  /**
   * Segmentations whose label column exists, on persons and on companies: conditions may refer to them, and they come
   * out as they are held now. Left out: the ones to be worked out.
   */
  stored?: readonly StoredLabels[];
  /** Which scores come out: all, or none but those that conditions read; all where left out. */
  scores?: 'all' | 'none';
};

export type LabelColumn = {
  segmentation: string;
  /** Column of the select, and of the subject's table: text, or a sorted text[]. */
  column: string;
  labels: 'one' | 'many';
  /** Column of the select with the labels as stored before; null where they have no column yet. */
  held: string | null;
};

export type ScoreColumn = { segmentation: string; score: string; column: string };

export type CompiledLabels = {
  /** Yields `id`, a column per segmentation, the labels held before, and the scores. No order. */
  sql: string;
  values: unknown[];
  columns: LabelColumn[];
  scores: ScoreColumn[];
  /** Segments that could not be worked out for want of an attribute; nobody gets them. */
  unmet: Unmet[];
  /** Segments that were worked out without some of their conditions. */
  passedOver: Unmet[];
};

/** Does the segmentation need a model before it can be applied? */
export function learns(definition: Segmentation): boolean {
  switch (definition.method) {
    case 'rules':
      return percentilesOf(definition).length > 0;
    case 'tiers':
      return (
        definition.segments.some((tier) => tier.topPercent !== undefined) ||
        percentilesOf(definition).length > 0
      );
    case 'rfm':
      return definition.cutPoints === undefined;
    case 'scorecard':
      return definition.of.length > 0;
    default:
      return true;
  }
}

/**
 * One select that works out the labels of all given segmentations for the restricted subjects, each subject from its
 * own row, deals and company alone. `stay` and consent come after, in the statement around it.
 * Throws AppError `model_missing` where a method has not learned yet.
 */
export function compileLabels(request: CompileRequest): CompiledLabels {
  const { base, columns, scores, unmet, passedOver, nested } = compilePlans(request);
  const select = [
    'l.id',
    ...columns.map((column) => `${column.sql} as ${column.column}`),
    ...columns.flatMap(({ held }) => (held === null ? [] : [`l.${held}`])),
    ...scores.map(({ column }) => `l.${column}`),
  ];
  const sql = `select ${select.join(',\n  ')}\nfrom (\n${nested()}\n) l`;
  return {
    ...onlyUsed({ sql, values: base.bindings.values }),
    columns: columns.map(({ sql: _, ...column }) => column),
    scores,
    unmet,
    passedOver,
  };
}

export type CompiledPlans = {
  base: Base;
  attributes: AttributeIndex;
  calendar: Calendar;
  columns: (LabelColumn & { sql: string })[];
  scores: ScoreColumn[];
  unmet: Unmet[];
  passedOver: Unmet[];
  /** The segmentations asked for, without the conditions that can't be told. */
  plans: Plan[];
  /** A condition without what can't be told of it; null where nothing is left. */
  told(condition: Condition, subject: SubjectType): Condition | null;
  /** The condition of one segment, over the outermost level. */
  conditionOf(plan: Plan, index: number): string;
  /** What conditions of a plan compile against, over the outermost level. */
  scopeOf(plan: Plan): Scope;
  /** The subquery that `l` stands for, once all expressions over it are compiled. */
  nested(): string;
};

/** A boolean expression, and the columns of lower levels that it reads. */
type Compiled = { sql: string; reads: string[] };

/** The parts of compileLabels, for statements that look at single conditions as well. */
export function compilePlans(request: CompileRequest): CompiledPlans {
  const { subject } = request;
  const attributes = indexAttributes(request.attributes);
  const calendar = { asOf: request.asOf, zone: request.zone, fiscalYearStart: request.fiscalYearStart };
  const { definitions, unmet, passedOver, told } = tellable(
    request.segmentations.map((plan) => plan.definition),
    attributes,
  );
  const segmentations = request.segmentations.map((plan, i) => ({
    ...plan,
    definition: definitions[i] ?? plan.definition,
  }));
  const stored =
    request.stored ??
    definitions.map((definition) => ({ subject, segmentation: definition.key, labels: definition.labels }));
  const bindings = newBindings();
  const isShared = sharedConditions(definitions, subject, attributes);
  const base = newBase(request.schema, subject, attributes, bindings, request.restrict, stored, isShared);
  const unmetNames = new Set(unmet.map(({ segmentation, segment }) => `${segmentation}.${segment}`));
  const plans = new Map(segmentations.map((plan) => [plan.definition.key, plan]));

  const units = new Map<string, Unit>();
  /** SQL of all scores of a segmentation; only those that something reads become columns. */
  const scoresOf = new Map<string, Record<string, string>>();
  /** Helpers by what they work out. */
  const columnOf = new Map<string, string>();
  const compiled = new Map<string, Compiled[]>();
  const inProgress = new Set<string>();

  const scopeOf = (plan: Plan, reads: string[] = []): Scope => ({
    base,
    attributes,
    calendar,
    cutPoints: cutPointsOf(plan),
    segment: (name) => membership(name, reads),
    score: (name) => scoreColumn(name, reads),
    helper: (name, sql) => {
      // Segmentations that learned the same from the same data, such as churn and lifetime value, share their columns.
      const column = columnOf.get(sql) ?? `m_${plan.definition.key}_${name}`;
      columnOf.set(sql, column);
      units.set(column, { name: column, sql, reads: columnsIn(sql) });
      reads.push(column);
      return `l.${column}`;
    },
  });

  /** A segment's condition as a column of its own, for those that build on it. */
  const holdColumn = (plan: Plan, index: number, reads: string[]): string => {
    const name = `h_${plan.definition.key}_${index}`;
    if (!units.has(name)) {
      const condition = conditionOf(plan, index);
      units.set(name, { name, sql: `(${condition.sql}) is true`, reads: condition.reads });
    }
    reads.push(name);
    return `l.${name}`;
  };

  const membership = (name: string, reads: string[]): string => {
    const [segmentation = '', segment = ''] = name.split('.');
    const plan = plans.get(segmentation);
    if (plan === undefined) return holdsStored(base, subject, segmentation, segment);
    const index = plan.definition.segments.findIndex(({ key }) => key === segment);
    if (plan.definition.method !== 'rules')
      return `(${labelUnit(plan, reads)} = ${bindings.bind(segment, 'text')}) is true`;
    const holds = holdColumn(plan, index, reads);
    if (plan.definition.labels === 'many') return holds;
    const earlier = Array.from({ length: index }, (_, i) => `not ${holdColumn(plan, i, reads)}`);
    return `(${[holds, ...earlier].join(' and ')})`;
  };

  /** The label of a scored method, as a column. */
  const labelUnit = (plan: Plan, reads: string[]): string => {
    const name = `h_${plan.definition.key}`;
    if (!units.has(name)) {
      const conditions = plan.definition.segments.map((_, index) => conditionOf(plan, index));
      const sql = labelSql(
        plan.definition,
        conditions.map((condition) => condition.sql),
      );
      units.set(name, { name, sql, reads: conditions.flatMap((condition) => condition.reads) });
    }
    reads.push(name);
    return `l.${name}`;
  };

  const scoreColumn = (name: string, reads: string[]): string => {
    const [segmentation = '', score = ''] = name.split('.');
    const plan = plans.get(segmentation);
    if (plan === undefined) return base.storedScore(subject, name);
    const column = `r_${segmentation}_${score}`;
    if (!units.has(column)) {
      const parts = scoresOf.get(segmentation) ?? compileScores(plan, scopeOf(plan));
      scoresOf.set(segmentation, parts);
      const sql = parts[score];
      if (sql === undefined) throw new Error(`no score ${name}`);
      units.set(column, { name: column, sql, reads: columnsIn(sql) });
    }
    reads.push(column);
    return `l.${column}`;
  };

  const conditionOf = (plan: Plan, index: number): Compiled => {
    const { definition } = plan;
    const segment = definition.segments[index];
    const name = `${definition.key}.${segment?.key}`;
    if (segment === undefined) throw new Error(`no segment ${name}`);
    if (unmetNames.has(name)) return { sql: 'false', reads: [] };
    // The conditions of scored methods are worked out together, those of rules one by one.
    const unit = definition.method === 'rules' ? name : definition.key;
    if (!compiled.has(unit)) {
      if (inProgress.has(unit))
        throw new Error(`segments build on each other in a circle: ${[...inProgress].join(', ')}`);
      inProgress.add(unit);
      compiled.set(unit, compileSegments(plan, index));
      inProgress.delete(unit);
    }
    const conditions = compiled.get(unit) ?? [];
    return conditions[definition.method === 'rules' ? 0 : index] ?? { sql: 'false', reads: [] };
  };

  const compileSegments = (plan: Plan, index: number): Compiled[] => {
    const { definition } = plan;
    const reads: string[] = [];
    const scope = scopeOf(plan, reads);
    if (definition.method === 'rules') return [{ sql: compileRule(definition, index, scope), reads }];
    return compileScored(definition, plan.model, scope).map((sql) => ({ sql, reads }));
  };

  const columns = segmentations.map((plan) => {
    const { definition } = plan;
    const column = `label_${definition.key}`;
    const isStored = base.labelsOf(subject, definition.key) !== null;
    if (isStored) base.heldLabels(subject, definition.key);
    return {
      segmentation: definition.key,
      column,
      labels: definition.labels,
      held: isStored ? `was_${definition.key}` : null,
      sql: labelSql(
        definition,
        definition.segments.map((_, index) => conditionOf(plan, index).sql),
      ),
    };
  });
  const scores = (request.scores === 'none' ? [] : segmentations).flatMap(({ definition }) => {
    if (unmetNames.has(`${definition.key}.${definition.segments[0]?.key}`)) return [];
    return scoreNames(definition).map((score) => {
      const column = scoreColumn(`${definition.key}.${score}`, []).replace('l.', '');
      return { segmentation: definition.key, score, column };
    });
  });

  function labelSql(definition: Segmentation, conditions: string[]): string {
    const keys = definition.segments.map(({ key }) => bindings.bind(key, 'text'));
    if (definition.labels === 'one') {
      const cases = conditions.map((condition, i) => `when ${condition} then ${keys[i]}`);
      return `case ${cases.join('\n    ')} end`;
    }
    const sorted = definition.segments
      .map(({ key }, i) => ({ key, sql: `case when ${conditions[i]} then ${keys[i]} end` }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    return `array_remove(array[${sorted.map(({ sql }) => sql).join(',\n    ')}], null)`;
  }

  return {
    base,
    attributes,
    calendar,
    columns,
    scores,
    unmet,
    passedOver,
    plans: segmentations,
    told,
    conditionOf: (plan, index) => conditionOf(plan, index).sql,
    scopeOf: (plan) => scopeOf(plan),
    nested: () => nestLevels(base.sql(), [...units.values()], base.hasFolded()),
  };
}

/** Enters by `when`; with an exit threshold, who holds the label keeps it until `leaveWhen` is true. */
function compileRule(definition: RulesSegmentation, index: number, scope: Scope): string {
  const segment = definition.segments[index];
  if (segment === undefined) return 'false';
  const enters = compileCondition(segment.when, scope);
  const { subject, key } = definition;
  if (segment.leaveWhen === undefined || scope.base.labelsOf(subject, key) === null) return enters;
  const held = holdsStored(scope.base, subject, key, segment.key);
  return `(${enters} or (${held} and (${compileCondition(segment.leaveWhen, scope)}) is not true))`;
}

function cutPointsOf({ definition, model }: Plan): Record<string, number | null> {
  if (percentilesOf(definition).length === 0) return {};
  if (model?.method === 'rules' || model?.method === 'tiers') return model.cutPoints;
  throw modelMissing(definition);
}

/** The columns of lower levels that an expression names. */
function columnsIn(sql: string): string[] {
  return [...sql.matchAll(/\bl\.([hmr]_[a-z0-9_]+)/g)].map(([, name = '']) => name);
}
