import type { AttributeType } from '../model/attribute.ts';
import type { AttributeIndex } from './attribute-index.ts';
import { type Base, readOwned } from './compile-base.ts';
import { type CutPoint, compileTest, type Operand } from './compile-comparison.ts';
import { costOf } from './compile-cost.ts';
import { aggregateOf, type Condition, type DealFilter, type DealMeasure } from './condition.ts';
import { Comparison, type Test, testsOf } from './operators.ts';
import { percentileKey } from './percentile.ts';
import type { Calendar } from './window.ts';

/** What the conditions of one segmentation are compiled against. */
export type Scope = {
  base: Base;
  attributes: AttributeIndex;
  calendar: Calendar;
  cutPoints: Record<string, CutPoint>;
  /** A boolean that is never unknown: does the subject hold this segment's label? */
  segment(name: string): string;
  /** A score of this segmentation or another; as stored last where that one can't be worked out now. */
  score(name: string): string;
  /** Keeps an expression of this segmentation as a column of its own, for what builds on it; returns the column. */
  helper(name: string, sql: string): string;
};

type Owner = 'person' | 'company' | 'deal';

/** A condition on the subject as a boolean SQL expression over alias `l`; null where it is unknown. */
export function compileCondition(condition: Condition, scope: Scope): string {
  const { base, attributes } = scope;
  return compileLogic(condition, {
    owner: base.subject,
    attributes,
    leaf: (own) => compileSubjectLeaf(own, scope),
    company: (part) =>
      compileLogic(part, {
        owner: 'company',
        attributes,
        leaf: (own) => compileCompanyLeaf(own, scope),
        company: nested,
      }),
  });
}

function nested(): string {
  throw new Error('check.ts lets no company stand inside a company condition');
}

type Logic = {
  owner: Owner;
  attributes: AttributeIndex;
  leaf(condition: Condition): string;
  company(condition: Condition): string;
};

/** Postgres stops at the first part that decides, in the order as written: what costs least stands first. */
function compileLogic(condition: Condition, logic: Logic): string {
  const join = (parts: readonly Condition[], word: 'and' | 'or'): string =>
    `(${cheapestFirst(parts, logic)
      .map((part) => compileLogic(part, logic))
      .join(` ${word} `)})`;
  if ('all' in condition) return join(condition.all, 'and');
  if ('any' in condition) return join(condition.any, 'or');
  if ('not' in condition) return `(not ${compileLogic(condition.not, logic)})`;
  if ('company' in condition) return logic.company(condition.company);
  return logic.leaf(condition);
}

function cheapestFirst(parts: readonly Condition[], { owner, attributes }: Logic): Condition[] {
  return parts
    .map((part) => ({ part, cost: costOf(part, owner, attributes) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ part }) => part);
}

/** What a leaf compares, with the name of its cut point; null for a leaf that compares nothing (a segment). */
export type Leaf = { operand: Operand; comparison: Comparison; cutName: (test: Test) => string };

/** @param inCompany does the condition stand inside `company`? */
export function leafOf(condition: Condition, scope: Scope, inCompany: boolean): Leaf | null {
  const { base } = scope;
  if ('attribute' in condition) {
    const operand = inCompany ? base.ofCompany(condition.attribute) : base.own(condition.attribute);
    const owner = inCompany ? 'company' : base.subject;
    return { operand, comparison: condition, cutName: percentileName(owner, condition.attribute) };
  }
  if ('deals' in condition) {
    return {
      operand: compileDealMeasure(condition.deals, scope),
      comparison: condition.deals,
      cutName: noCut,
    };
  }
  if ('contacts' in condition) {
    return { operand: compileContacts(condition, scope), comparison: condition.contacts, cutName: noCut };
  }
  if ('score' in condition) {
    return {
      operand: {
        sql: inCompany ? base.storedScore('company', condition.score) : scope.score(condition.score),
        type: 'number',
      },
      comparison: condition,
      cutName: noCut,
    };
  }
  return null;
}

const noCut = (): string => '';

function compileSubjectLeaf(condition: Condition, scope: Scope): string {
  if ('segment' in condition) return scope.segment(condition.segment);
  if ('attribute' in condition && scope.base.isShared(condition)) {
    const cutName = percentileName(scope.base.subject, condition.attribute);
    return scope.base.keep(
      compileTests(scope.base.ownInside(condition.attribute), condition, scope, cutName),
    );
  }
  const leaf = leafOf(condition, scope, false);
  if (leaf === null) throw new Error('not a condition on a subject');
  return compileTests(leaf.operand, leaf.comparison, scope, leaf.cutName);
}

function compileCompanyLeaf(condition: Condition, scope: Scope): string {
  if ('segment' in condition) {
    const [segmentation = '', segment = ''] = condition.segment.split('.');
    return holdsStored(scope.base, 'company', segmentation, segment);
  }
  const leaf = 'attribute' in condition || 'score' in condition ? leafOf(condition, scope, true) : null;
  if (leaf === null)
    throw new Error('check.ts lets only attributes, segments and scores stand inside a company condition');
  return compileTests(leaf.operand, leaf.comparison, scope, leaf.cutName);
}

/** Is the label among those stored? Works for one label and for many, and is never unknown. */
export function holdsStored(
  base: Base,
  owner: 'person' | 'company',
  segmentation: string,
  segment: string,
): string {
  const held = base.heldLabels(owner, segmentation);
  return base.labelsOf(owner, segmentation) === 'many'
    ? `(${held} @> ${base.bindings.bind([segment], 'text[]')}) is true`
    : `(${held} = ${base.bindings.bind(segment, 'text')}) is true`;
}

function percentileName(owner: Owner, attribute: string): (test: Test) => string {
  return (test) =>
    test.operator === 'topPercent' || test.operator === 'bottomPercent'
      ? percentileKey({ owner, attribute, operator: test.operator, percent: test.operand })
      : '';
}

/** All operators of a comparison; `comparison` may carry other fields, which are not looked at. */
function compileTests(
  operand: Operand,
  comparison: Comparison,
  scope: Pick<Scope, 'base' | 'calendar' | 'cutPoints'>,
  cutName: (test: Test) => string = noCut,
): string {
  const parts = testsOf(comparison).map((test) => compileOne(operand, test, scope, cutName));
  return parts.length === 1 ? (parts[0] ?? 'true') : `(${parts.join(' and ')})`;
}

/** One test of a leaf. */
export function compileOne(
  operand: Operand,
  test: Test,
  scope: Pick<Scope, 'base' | 'calendar' | 'cutPoints'>,
  cutName: (test: Test) => string,
): string {
  return compileTest(operand, test, scope.base.bindings, scope.calendar, () =>
    cutOf(scope.cutPoints, cutName(test)),
  );
}

function cutOf(cutPoints: Record<string, CutPoint>, name: string): CutPoint {
  const cut = cutPoints[name];
  if (cut === undefined) throw new Error(`the model has no cut point ${name}`);
  return cut;
}

function compileContacts(condition: Extract<Condition, { contacts: unknown }>, scope: Scope): Operand {
  const { where } = condition.contacts;
  const filter = where === undefined ? null : compileContactFilter(where, scope);
  const column = scope.base.aggregate('contacts', 'count(*)', filter);
  return { sql: `coalesce(${column}, 0)`, type: 'number' };
}

function compileContactFilter(where: Condition, scope: Scope): string {
  const leaf = (condition: Condition): string => {
    if (!('attribute' in condition)) throw new Error('check.ts lets only attributes stand inside contacts');
    const operand = readOwned(scope.attributes, 'person', 'p', condition.attribute);
    return compileTests(operand, condition, scope, percentileName('person', condition.attribute));
  };
  return compileLogic(where, { owner: 'person', attributes: scope.attributes, leaf, company: nested });
}

/** The type of what a deal measure gives. */
function measureType(measure: DealMeasure, attributes: AttributeIndex): AttributeType {
  const { aggregate, attribute } = aggregateOf(measure);
  if (attribute === null) return 'number';
  const type = attributes.get('deal', attribute)?.type ?? 'number';
  return aggregate === 'average' && type !== 'money' ? 'number' : type;
}

/** One number or value a subject, worked out in the grouped pass over its deals. */
export function compileDealMeasure(measure: DealMeasure, scope: Scope): Operand {
  const { base, attributes } = scope;
  const { aggregate, attribute } = aggregateOf(measure);
  const type = measureType(measure, attributes);
  const by = measure.scope ?? (base.subject === 'company' ? 'company' : 'credited');
  const conditions = compileDealFilter(measure.where ?? {}, scope);
  const isOrdered = aggregate === 'first' || aggregate === 'last';
  if (isOrdered) conditions.push('d.closed_at is not null');
  const filter = conditions.length === 0 ? null : conditions.join(' and ');
  if (attribute === null) {
    return { sql: `coalesce(${base.aggregate(by, 'count(*)', filter)}, 0)`, type };
  }
  const value = dealColumn(attribute, attributes).sql;
  if (aggregate === 'sum') {
    const zero = type === 'money' ? '0::numeric' : '0::double precision';
    return { sql: `coalesce(${base.aggregate(by, `sum(${value})`, filter)}, ${zero})`, type };
  }
  if (isOrdered) {
    const direction = aggregate === 'last' ? ' desc' : '';
    const ordered = `array_agg(${value} order by d.closed_at${direction}, d.id${direction})`;
    return { sql: `(${base.aggregate(by, ordered, filter)})[1]`, type };
  }
  const name = { average: 'avg', min: 'min', max: 'max' }[aggregate as 'average' | 'min' | 'max'];
  return { sql: base.aggregate(by, `${name}(${value})`, filter), type };
}

/** An amount stands for the revenue in the tenant's currency. */
function dealColumn(key: string, attributes: AttributeIndex): Operand {
  if (key === 'amount') return { sql: 'd.revenue', type: 'money' };
  return readOwned(attributes, 'deal', 'd', key);
}

export function compileDealFilter(where: DealFilter, scope: Scope): string[] {
  return Object.entries(where).map(([key, value]) => {
    const comparison = typeof value === 'object' ? value : Comparison.parse({ is: value });
    const compiled = compileTests(dealColumn(key, scope.attributes), comparison, scope);
    // Won deals are those that count as revenue under the connection's setting.
    return key === 'won' && comparison.is === true ? `(${compiled} and d.counts)` : compiled;
  });
}
