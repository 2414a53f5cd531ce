import { type OrderByClause, parseQuery, type Query } from '@jetstreamapp/soql-parser-js';
import { badRequest, SalesforceError } from './errors.ts';
import { toId18 } from './ids.ts';
import type { SObject } from './objects.ts';
import type { Org } from './org.ts';
import { aggregate, isAggregate } from './soql-aggregate.ts';
import {
  type Column,
  columnOf,
  compile,
  instant,
  type Predicate,
  type RunInner,
  unquote,
} from './soql-compile.ts';
import { type Comparison, type Condition, conditionOf } from './soql-where.ts';
import type { Row, Value } from './table.ts';

/** Runs SOQL against the org, as the connected user sees it. */

export type Selected = { path: string[]; column: Column };
export type QueryResult =
  | { kind: 'rows'; object: SObject; selected: Selected[]; rows: Row[] }
  | { kind: 'count'; total: number }
  | { kind: 'groups'; records: Record<string, Value>[] };

const MAX_LENGTH = 100_000;

export function runSoql(org: Org, text: string, includeDeleted: boolean): QueryResult {
  if (text.length > MAX_LENGTH)
    throw badRequest('QUERY_TOO_COMPLICATED', `SOQL is limited to ${MAX_LENGTH} characters`);
  return runQuery(org, parse(text), includeDeleted);
}

function parse(text: string): Query {
  try {
    return parseQuery(text);
  } catch (error) {
    if (error instanceof Error)
      throw badRequest('MALFORMED_QUERY', error.message.split('\n')[0] ?? 'malformed query');
    throw error;
  }
}

function runQuery(org: Org, query: Query, includeDeleted: boolean): QueryResult {
  const object = queryable(org, query.sObject ?? '');
  const condition = conditionOf(query.where);
  const runInner: RunInner = (comparison) => innerIds(org, comparison, includeDeleted);
  const matches = condition ? compile(org, object, condition, runInner) : () => true;
  const keep: Predicate = includeDeleted ? matches : (row) => !row.f.IsDeleted && matches(row);
  if (isAggregate(query)) return aggregate(org, object, query, find(org, object, condition, keep, [], null));

  const selected = selectedOf(org, object, query);
  const orderBy = [query.orderBy ?? []].flat().map((one) => order(org, object, one));
  const { limit = null, offset = 0 } = query;
  if (offset > 2000) throw badRequest('NUMBER_OUTSIDE_VALID_RANGE', 'Maximum SOQL offset allowed is 2000');
  const rows = find(org, object, condition, keep, orderBy, limit === null ? null : limit + offset);
  return { kind: 'rows', object, selected, rows: offset ? rows.slice(offset) : rows };
}

function queryable(org: Org, name: string): SObject {
  try {
    return org.visibleObject(name);
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    throw badRequest('INVALID_TYPE', `sObject type '${name}' is not supported.`);
  }
}

function innerIds(org: Org, comparison: Comparison, includeDeleted: boolean): Set<string> {
  const result = comparison.query && runQuery(org, comparison.query, includeDeleted);
  if (result?.kind !== 'rows' || result.selected.length !== 1)
    throw badRequest('MALFORMED_QUERY', 'a semi-join selects one id field');
  const read = result.selected[0]?.column.read;
  return new Set(result.rows.map((row) => String(read?.(row))));
}

// What is selected

function selectedOf(org: Org, object: SObject, query: Query): Selected[] {
  const selected: Selected[] = [];
  for (const one of query.fields ?? []) {
    switch (one.type) {
      case 'Field':
        selected.push({ path: [], column: columnOf(org, object, [one.field]) });
        break;
      case 'FieldRelationship':
        selected.push({
          path: one.relationships,
          column: columnOf(org, object, [...one.relationships, one.field]),
        });
        break;
      case 'FieldFunctionExpression': {
        if (one.functionName.toUpperCase() !== 'FIELDS')
          throw badRequest('MALFORMED_QUERY', `function ${one.functionName} is not offered by this org`);
        const which = String(one.parameters[0]).toUpperCase();
        if (which !== 'STANDARD' && (query.limit ?? 201) > 200)
          throw badRequest('MALFORMED_QUERY', 'The SOQL FIELDS function must have a LIMIT of at most 200');
        for (const field of org.visibleFields(object)) {
          if (which !== 'ALL' && field.custom !== (which === 'CUSTOM')) continue;
          selected.push({ path: [], column: { field, read: org.reader(object, field) } });
        }
        break;
      }
      default:
        throw badRequest('MALFORMED_QUERY', 'sub-queries and TYPEOF are not offered by this org');
    }
  }
  return selected;
}

// Order, and the shortest way to the rows

type Order = { name: string; down: boolean; nullsFirst: boolean; read: Column['read'] };

function order(org: Org, object: SObject, clause: OrderByClause): Order {
  if (!('field' in clause)) throw badRequest('MALFORMED_QUERY', 'ORDER BY takes fields only in this org');
  const { field, read } = columnOf(org, object, clause.field.split('.'));
  if (field.type === 'multipicklist' || (field.type === 'textarea' && field.length > 255)) {
    throw badRequest('INVALID_FIELD', `field '${field.name}' can not be sorted in a query call`);
  }
  const down = clause.order === 'DESC';
  const name = clause.field.includes('.') ? clause.field : field.name;
  return { name, down, nullsFirst: clause.nulls ? clause.nulls === 'FIRST' : !down, read };
}

const rank = (value: Value) => (typeof value === 'string' ? value.toLowerCase() : value);

function compareBy(orders: Order[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name, down, nullsFirst, read } of orders) {
      const byId = name === 'Id' || name === 'SystemModstamp';
      const x = byId ? read(a) : rank(read(a));
      const y = byId ? read(b) : rank(read(b));
      if (x === y) continue;
      if (x === null) return nullsFirst ? -1 : 1;
      if (y === null) return nullsFirst ? 1 : -1;
      return x < y !== down ? -1 : 1;
    }
    return 0;
  };
}

function find(
  org: Org,
  object: SObject,
  condition: Condition | null,
  keep: Predicate,
  orders: Order[],
  limit: number | null,
): Row[] {
  const table = org.table(object.name);
  const few = condition && named(org, object, condition);
  const names = orders.map((one) => (one.down ? `${one.name} desc` : one.name)).join();
  const rows: Row[] = [];
  const take = (source: Iterable<Row>, atMost: number | null) => {
    if (atMost === 0) return;
    for (const row of source) {
      if (!keep(row)) continue;
      rows.push(row);
      if (rows.length === atMost) return;
    }
  };
  const inStampOrder = names === 'SystemModstamp,Id' || names === 'SystemModstamp';
  const [stamp = '', id = ''] = condition ? lowestPlace(condition).split(' ') : [];
  if (!few && inStampOrder) take(table.inOrder(stamp, id), limit);
  else if (!few && (names === 'Id' || names === ''))
    take(table.inIdOrder(condition ? lowestId(condition) : ''), limit);
  else {
    take(few ?? (stamp ? table.inOrder(stamp, id) : table.rows.values()), orders.length ? null : limit);
    if (orders.length) rows.sort(compareBy(orders));
    if (limit !== null) rows.length = Math.min(rows.length, limit);
  }
  return rows;
}

/** The rows that an equality on an id or reference (or e-mail) names, if one must hold; else null. */
function named(org: Org, object: SObject, condition: Condition): Set<Row> | null {
  if (condition.kind === 'and') {
    for (const part of condition.parts) {
      const rows = named(org, object, part);
      if (rows) return rows;
    }
    return null;
  }
  if (condition.kind !== 'compare' || condition.literal !== 'STRING') return null;
  if (condition.operator !== '=' && condition.operator !== 'IN') return null;
  const field = object.fields.get(condition.field.toLowerCase());
  if (!field || !(field.type === 'id' || field.type === 'reference' || field.type === 'email')) return null;
  if (!field.createable && field.type !== 'id' && field.name !== 'ConvertedContactId') return null;
  if (field.contactField) return null;
  const table = org.table(object.name);
  const rows = new Set<Row>();
  for (const value of condition.values.map(unquote)) {
    if (field.type === 'id') {
      const row = org.row(object.name, value);
      if (row) rows.add(row);
      continue;
    }
    const key = field.type === 'reference' ? (toId18(value) ?? value) : value;
    for (const row of table.where(field.name, key)) rows.add(row);
  }
  return rows;
}

/** An id above which no row is: the value of no real id. */
const ABOVE_ALL = '~';

/**
 * The place below which no row matches, as `stamp id`: so a keyset page starts where the last one ended, even if
 * all rows share one second. '' where nothing is known.
 */
function lowestPlace(condition: Condition): string {
  switch (condition.kind) {
    case 'and': {
      const highest = condition.parts.map(lowestPlace).reduce((a, b) => (a > b ? a : b), '');
      const exact = condition.parts.find((part) => isStamp(part) && part.operator === '=');
      if (exact?.kind !== 'compare') return highest;
      const place = `${instant(exact.values[0] ?? '')} ${lowestId(condition)}`;
      return place > highest ? place : highest;
    }
    case 'or':
      return condition.parts.map(lowestPlace).reduce((a, b) => (a < b ? a : b));
    case 'not':
      return '';
    case 'compare': {
      if (!isStamp(condition)) return '';
      const stamp = instant(condition.values[0] ?? '');
      if (condition.operator === '>') return `${stamp} ${ABOVE_ALL}`;
      return condition.operator === '>=' || condition.operator === '=' ? `${stamp} ` : '';
    }
  }
}

const isStamp = (condition: Condition): condition is Comparison =>
  condition.kind === 'compare' &&
  condition.field.toLowerCase() === 'systemmodstamp' &&
  condition.literal === 'DATETIME';

/** The same for an order by Id. */
function lowestId(condition: Condition): string {
  switch (condition.kind) {
    case 'and':
      return condition.parts.map(lowestId).reduce((a, b) => (a > b ? a : b), '');
    case 'or':
      return condition.parts.map(lowestId).reduce((a, b) => (a < b ? a : b));
    case 'not':
      return '';
    case 'compare': {
      const { operator, literal, values, field } = condition;
      const bounded = operator === '>' || operator === '>=' || operator === '=';
      return bounded && literal === 'STRING' && field.toLowerCase() === 'id' ? unquote(values[0] ?? '') : '';
    }
  }
}
