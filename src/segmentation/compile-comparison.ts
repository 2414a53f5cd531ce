import type { AttributeType } from '../model/attribute.ts';
import type { Bindings } from './bindings.ts';
import type { Test } from './operators.ts';
import { anniversaries, type Calendar, type Span, spanOf } from './window.ts';

/** A learned cut point of a percentile test; null where nobody is in the group. */
export type CutPoint = number | null;

export type Operand = {
  /** SQL of the value. Text and enum values are compared in lower case A to Z. */
  sql: string;
  type: AttributeType;
  /** SQL of a text in lower case, where a column can carry it for all tests of the value. */
  folded?: () => string;
};

const sqlType: Record<AttributeType, string> = {
  text: 'text',
  enum: 'text',
  number: 'double precision',
  money: 'numeric',
  boolean: 'boolean',
  date: 'date',
  datetime: 'timestamptz',
  multi: 'text',
};

/** Lower case for A to Z only, the same on every server whatever its locale. */
function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * One operator as a boolean SQL expression, null where the value is unknown. Operand and operator fit each other:
 * check.ts has seen to it.
 */
export function compileTest(
  { sql, type, folded }: Operand,
  test: Test,
  bindings: Bindings,
  calendar: Calendar,
  cutPoint: () => CutPoint,
): string {
  const isText = type === 'text' || type === 'enum';
  const comparesText = isText && test.operator !== 'known' && test.operator !== 'unknown';
  const value = comparesText ? (folded?.() ?? `lower(${sql} collate "C")`) : sql;
  const one = (raw: string | number | boolean): string => bindings.bind(literal(raw, type), sqlType[type]);
  switch (test.operator) {
    case 'known':
      return `(${sql} is not null)`;
    case 'unknown':
      return `(${sql} is null)`;
    case 'is':
      return type === 'boolean'
        ? test.operand === true
          ? sql
          : `(not ${sql})`
        : `(${value} = ${one(test.operand)})`;
    case 'isNot':
      return type === 'boolean'
        ? test.operand === true
          ? `(not ${sql})`
          : sql
        : `(${value} <> ${one(test.operand)})`;
    case 'in':
    case 'notIn': {
      const list = test.operand.map((raw) => String(literal(raw, type)));
      const found = `(${value} = any(${bindings.bind(list, `${sqlType[type]}[]`)}))`;
      return test.operator === 'in' ? found : `(not ${found})`;
    }
    case 'contains':
      return `(strpos(${value}, ${bindings.bind(foldCase(test.operand), 'text')}) > 0)`;
    case 'startsWith':
      return `starts_with(${value}, ${bindings.bind(foldCase(test.operand), 'text')})`;
    case 'endsWith': {
      const text = foldCase(test.operand);
      return `(right(${value}, ${[...text].length}) = ${bindings.bind(text, 'text')})`;
    }
    case 'atLeast':
      return `(${sql} >= ${one(test.operand)})`;
    case 'atMost':
      return `(${sql} <= ${one(test.operand)})`;
    case 'above':
      return `(${sql} > ${one(test.operand)})`;
    case 'below':
      return `(${sql} < ${one(test.operand)})`;
    case 'topPercent':
    case 'bottomPercent': {
      const cut = cutPoint();
      // Nobody is in the group; an unknown value stays unknown.
      if (cut === null) return `(${sql} is null and null)`;
      return `(${sql} ${test.operator === 'topPercent' ? '>=' : '<='} ${one(cut)})`;
    }
    case 'includes':
      return `(${sql} @> ${bindings.bind([test.operand], 'text[]')})`;
    case 'includesAll':
      return `(${sql} @> ${bindings.bind(test.operand, 'text[]')})`;
    case 'includesAny':
      return `(${sql} && ${bindings.bind(test.operand, 'text[]')})`;
    case 'between':
      if (typeof test.operand[0] === 'number' && typeof test.operand[1] === 'number') {
        return `(${sql} >= ${one(test.operand[0])} and ${sql} <= ${one(test.operand[1])})`;
      }
      return inSpan(sql, type, test, bindings, calendar);
    case 'anniversaryInNext':
    case 'anniversaryInLast':
      return inAnniversaries(sql, type, test, bindings, calendar);
    case 'notInLast':
    case 'notInNext':
      return `(not ${inSpan(sql, type, test, bindings, calendar)})`;
    default:
      return inSpan(sql, type, test, bindings, calendar);
  }
}

function literal(raw: string | number | boolean, type: AttributeType): string | number | boolean {
  if (type === 'text' || type === 'enum') return foldCase(String(raw));
  if (type === 'money') return String(raw);
  return raw;
}

function inSpan(
  sql: string,
  type: AttributeType,
  test: Test,
  bindings: Bindings,
  calendar: Calendar,
): string {
  const span = spanOf(test, calendar);
  if (span === null) throw new Error(`no span of time for ${test.operator}`);
  const bounds = type === 'date' ? dayBounds(span) : instantBounds(span);
  const parts = bounds.map(
    ({ comparison, value }) => `${sql} ${comparison} ${bindings.bind(value, sqlType[type])}`,
  );
  return `(${parts.join(' and ')})`;
}

type Bound = { comparison: '>=' | '<' | '<='; value: string };

/** Bounds on a day: the day of an instant that ends the span inclusively still belongs to it. */
export function dayBounds({ from, to, toInclusive }: Span): Bound[] {
  const bounds: Bound[] = [];
  if (from !== null) bounds.push({ comparison: '>=', value: from.toISODate() ?? '' });
  if (to !== null) bounds.push({ comparison: toInclusive ? '<=' : '<', value: to.toISODate() ?? '' });
  return bounds;
}

function instantBounds({ from, to, toInclusive }: Span): Bound[] {
  const bounds: Bound[] = [];
  if (from !== null) bounds.push({ comparison: '>=', value: from.toJSDate().toISOString() });
  if (to !== null) bounds.push({ comparison: toInclusive ? '<=' : '<', value: to.toJSDate().toISOString() });
  return bounds;
}

function inAnniversaries(
  sql: string,
  type: AttributeType,
  test: Extract<Test, { operator: 'anniversaryInNext' | 'anniversaryInLast' }>,
  bindings: Bindings,
  calendar: Calendar,
): string {
  const spans = anniversaries(test.operator, test.operand, calendar);
  const day = type === 'date' ? sql : `(${sql} at time zone ${bindings.bind(calendar.zone, 'text')})`;
  if (spans === null) return `(extract(year from ${day}) is not null or null)`;
  const monthDay = `(extract(month from ${day}) * 100 + extract(day from ${day}))`;
  const kept = `(case ${monthDay} when 229 then 228 else ${monthDay} end)`;
  const parts = spans.map(([from, to]) => `${kept} between ${from} and ${to}`);
  return `(${parts.join(' or ')})`;
}
