import { z } from 'zod';
import { type AttributeType, Key, type SubjectType } from '../../model/attribute.ts';
import { compileDealMeasure, type Scope } from '../compile-condition.ts';
import { type Condition, DealMeasure } from '../condition.ts';
import type { Topic, Words } from '../explain-words.ts';
import { dealTopic, topicOf } from '../explain-words.ts';
import type { AttributeTable, AttributeValue, TableColumn } from '../statistics/attribute-table.ts';
import type { RuleTest, TreeRule } from '../statistics/rule-tree.ts';
import { localDay } from '../window.ts';

/** What a method learns from: an attribute of the subject, of the person's company, or something of its deals. */
export const Feature = z.union([
  Key.describe('The key of an attribute.'),
  z.strictObject({ company: Key }).describe("An attribute of the person's company."),
  z.strictObject({ deals: DealMeasure }).describe('Worked out from deals.'),
]);
export type Feature = z.infer<typeof Feature>;

export type FeatureKind = TableColumn['kind'];

/** A feature as a column: numbers (dates as days ago), choices as text (yes or no too), several choices as text[]. */
export type FeatureColumn = {
  name: string;
  kind: FeatureKind;
  /** float8, text or text[] over `l`. */
  sql: string;
  /** Is the number how many days ago the date was? */
  isAge: boolean;
};

/** The name of a feature in a model. */
export function featureName(feature: Feature, index: number): string {
  if (typeof feature === 'string') return feature;
  return 'company' in feature ? `company.${feature.company}` : `deals_${index + 1}`;
}

export function featureColumns(features: readonly Feature[], scope: Scope): FeatureColumn[] {
  return features.map((feature, index) => {
    if (typeof feature === 'string') {
      // A number that has to be made of something else is made once: methods ask for it several times.
      const inside = scope.base.ownInside(feature);
      const column = asColumn(inside.sql, inside.type, scope);
      const isMade = column.kind === 'number' && inside.type !== 'number';
      const sql = isMade
        ? scope.base.keep(column.sql)
        : asColumn(scope.base.own(feature).sql, inside.type, scope).sql;
      return { name: feature, ...column, sql };
    }
    const { sql, type } =
      'company' in feature ? scope.base.ofCompany(feature.company) : compileDealMeasure(feature.deals, scope);
    return { name: featureName(feature, index), ...asColumn(sql, type, scope) };
  });
}

function asColumn(sql: string, type: AttributeType, scope: Scope): Omit<FeatureColumn, 'name'> {
  const { bindings } = scope.base;
  switch (type) {
    case 'number':
      return { kind: 'number', sql: `(${sql})::double precision`, isAge: false };
    case 'money':
      return { kind: 'number', sql: moneySql(sql), isAge: false };
    case 'date':
    case 'datetime': {
      const day =
        type === 'date' ? sql : `(${sql} at time zone ${bindings.bind(scope.calendar.zone, 'text')})::date`;
      const today = bindings.bind(localDay(scope.calendar), 'date');
      return { kind: 'number', sql: `(${today} - ${day})::double precision`, isAge: true };
    }
    case 'boolean':
      return {
        kind: 'category',
        sql: `case when ${sql} then 'yes' when not ${sql} then 'no' end`,
        isAge: false,
      };
    case 'multi':
      return { kind: 'multi', sql, isAge: false };
    default:
      return { kind: 'category', sql, isAge: false };
  }
}

/**
 * An amount as a number, to a hundredth of a cent. Postgres writes a numeric out as text and reads that to make a
 * double of it, which takes as long as all else that a cluster or a card asks; by way of a whole number it is quick.
 */
function moneySql(sql: string): string {
  const isExact = `abs(${sql}) < 100000000000`;
  return `case when ${isExact} then (${sql} * 10000)::bigint::double precision / 10000 else (${sql})::double precision end`;
}

/** Select list of the features, as f0, f1 and so on. */
export function featureSelect(columns: readonly FeatureColumn[]): string {
  return columns.map(({ sql }, i) => `${sql} as f${i}`).join(', ');
}

/** The rows of featureSelect as a table. Kinds are told by the values, since rows come without types. */
export function featureTable(
  features: readonly Feature[],
  rows: readonly Record<string, unknown>[],
): AttributeTable {
  const columns = features.map((feature, i): TableColumn => {
    const name = featureName(feature, i);
    const values = rows.map((row) => Value.parse(row[`f${i}`] ?? null));
    const known = values.find((value) => value !== null);
    if (typeof known === 'string') return { name, kind: 'category', values: values.map(textOf) };
    if (Array.isArray(known)) return { name, kind: 'multi', values: values.map(listOf) };
    return { name, kind: 'number', values: values.map(numberOf) };
  });
  return { columns, rows: rows.length };
}

const Value = z.union([z.number(), z.string(), z.array(z.string())]).nullable();
type Value = z.infer<typeof Value>;
const textOf = (value: Value): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: Value): number | null => (typeof value === 'number' ? value : null);
const listOf = (value: Value): string[] | null => (Array.isArray(value) ? value : null);

/** What one row of a table holds. */
export function valueAt(table: AttributeTable, row: number): (column: string) => AttributeValue {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  return (name) => byName.get(name)?.values[row] ?? null;
}

export function featureTopic(feature: Feature, subject: SubjectType, words: Words): Topic {
  if (typeof feature === 'string') return topicOf({ attribute: feature, known: true }, subject, words);
  if ('company' in feature) return topicOf({ attribute: feature.company, known: true }, 'company', words);
  return dealTopic(feature.deals, words);
}

/**
 * A rule that was grown over features as a condition that rules segments take; null where there is no rule. Ages
 * become windows: `inLast: 90 days`.
 */
export function ruleCondition(
  rule: TreeRule,
  features: readonly Feature[],
  columns: readonly Pick<FeatureColumn, 'name' | 'kind' | 'isAge'>[],
): Condition | null {
  const tests = rule.branches.map((branch): Condition | null => {
    const parts = branch.flatMap((test) => {
      const index = columns.findIndex(({ name }) => name === test.column);
      const feature = features[index];
      const column = columns[index];
      return feature === undefined || column === undefined ? [] : [testCondition(test, feature, column)];
    });
    return parts.length === 0 ? null : parts.length === 1 ? (parts[0] ?? null) : { all: parts };
  });
  const found = tests.filter((test) => test !== null);
  return found.length === 0 ? null : found.length === 1 ? (found[0] ?? null) : { any: found };
}

function testCondition(
  test: RuleTest,
  feature: Feature,
  { kind, isAge }: Pick<FeatureColumn, 'kind' | 'isAge'>,
): Condition {
  if (typeof test.value === 'string') {
    const value = test.value === 'yes' ? true : test.value === 'no' ? false : test.value;
    if (kind === 'multi') {
      const has = compared(feature, { includes: test.value });
      return test.test === 'has' ? has : { not: has };
    }
    return compared(feature, test.test === 'has' ? { is: value } : { isNot: value });
  }
  if (isAge) {
    const window = `${Math.max(1, Math.floor(test.value))} days`;
    return compared(feature, test.test === 'at_most' ? { inLast: window } : { notInLast: window });
  }
  return compared(feature, test.test === 'at_most' ? { atMost: test.value } : { above: test.value });
}

function compared(feature: Feature, comparison: object): Condition {
  if (typeof feature === 'string') return { attribute: feature, ...comparison };
  if ('company' in feature) return { company: { attribute: feature.company, ...comparison } };
  return { deals: { ...feature.deals, ...comparison } };
}
