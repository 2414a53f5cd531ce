import { badRequest } from './errors.ts';
import { type Field, isFilterable, TEXT_TYPES } from './fields.ts';
import { toId18 } from './ids.ts';
import type { SObject } from './objects.ts';
import type { Org, Reader } from './org.ts';
import { dateLiteral } from './soql-dates.ts';
import type { Comparison, Condition } from './soql-where.ts';
import type { Row, Value } from './table.ts';

/** Conditions to predicates over rows, with the types and the case rules of SOQL. */

export type Column = { field: Field; read: Reader };
export type Predicate = (row: Row) => boolean;
/** Runs a semi-join's inner query; gives the ids that it selects. */
export type RunInner = (comparison: Comparison) => Set<string>;

/** 'Account.Owner.Email' to the field at its end and how to get there; an unseen step is an unknown column. */
export function columnOf(org: Org, object: SObject, path: string[]): Column {
  const [name = '', ...further] = path;
  if (further.length === 0) {
    const one = org.visibleField(object, name);
    if (one) return { field: one, read: org.reader(object, one) };
    throw badRequest(
      'INVALID_FIELD',
      `No such column '${name}' on entity '${object.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  }
  const link = org
    .visibleFields(object)
    .find((one) => one.relationshipName?.toLowerCase() === name.toLowerCase());
  const target = link?.referenceTo[0];
  if (!link || !target) {
    throw badRequest(
      'INVALID_FIELD',
      `Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.`,
    );
  }
  const end = columnOf(org, org.visibleObject(target), further);
  const readLink = org.reader(object, link);
  const rows = org.table(target).rows;
  const read: Reader = (row) => {
    const id = readLink(row);
    const there = typeof id === 'string' ? rows.get(id) : undefined;
    return there ? end.read(there) : null;
  };
  return { field: end.field, read };
}

export function compile(org: Org, object: SObject, condition: Condition, runInner: RunInner): Predicate {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map((part) => compile(org, object, part, runInner));
      return (row) => parts.every((part) => part(row));
    }
    case 'or': {
      const parts = condition.parts.map((part) => compile(org, object, part, runInner));
      return (row) => parts.some((part) => part(row));
    }
    case 'not': {
      const part = compile(org, object, condition.part, runInner);
      return (row) => !part(row);
    }
    case 'compare':
      return comparison(org, object, condition, runInner);
  }
}

function comparison(org: Org, object: SObject, wanted: Comparison, runInner: RunInner): Predicate {
  const { field, read: readRaw } = columnOf(org, object, wanted.field.split('.'));
  if (!isFilterable(field))
    throw badRequest('INVALID_FIELD', `field '${field.name}' can not be filtered in a query call`);
  // Text compares without case; ids, dates and numbers as they are.
  const read: Reader = TEXT_TYPES.has(field.type) ? (row) => lower(readRaw(row)) : readRaw;
  const operator = wanted.operator.toUpperCase();
  if (wanted.literal === 'SUBQUERY') {
    const ids = runInner(wanted);
    const held = operator === 'IN';
    return (row) => ids.has(String(read(row))) === held;
  }
  if (wanted.literal.startsWith('DATE_')) return dateRange(org, field, read, operator, wanted);
  const values = wanted.values.map((value) => literalOf(field, value, wanted.literal));
  const [value = null] = values;
  switch (operator) {
    case '=':
      return (row) => read(row) === value;
    case '!=':
      return (row) => read(row) !== value;
    case 'IN':
    case 'NOT IN': {
      const set = new Set(values);
      const held = operator === 'IN';
      return (row) => set.has(read(row)) === held;
    }
    case 'INCLUDES':
    case 'EXCLUDES': {
      if (field.type !== 'multipicklist')
        throw badRequest('INVALID_FIELD', `${field.name} is not a multi-select picklist`);
      const wants = values.map((one) => String(one).split(';'));
      const held = operator === 'INCLUDES';
      return (row) => {
        const has = new Set(String(read(row) ?? '').split(';'));
        return wants.some((all) => all.every((one) => has.has(one))) === held;
      };
    }
    case 'LIKE': {
      const pattern = new RegExp(
        `^${String(value)
          .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replaceAll('%', '[^]*')
          .replaceAll('_', '[^]')}$`,
      );
      return (row) => pattern.test(String(read(row) ?? '\u0000'));
    }
    default:
      return ordered(operator, field, value, read);
  }
}

function ordered(operator: string, field: Field, value: Value, read: Reader): Predicate {
  if (value === null || field.type === 'boolean')
    throw badRequest(
      'INVALID_FIELD',
      `operator ${operator} cannot be used with ${field.name} and this value`,
    );
  const test =
    (probe: (a: Value) => boolean): Predicate =>
    (row) => {
      const has = read(row);
      return has !== null && probe(has);
    };
  switch (operator) {
    case '<':
      return test((has) => has !== null && has < value);
    case '<=':
      return test((has) => has !== null && has <= value);
    case '>':
      return test((has) => has !== null && has > value);
    default:
      return test((has) => has !== null && has >= value);
  }
}

function dateRange(org: Org, field: Field, read: Reader, operator: string, wanted: Comparison): Predicate {
  if (field.type !== 'date' && field.type !== 'datetime') throw wrongType(field);
  const { from, until } = dateLiteral(wanted.values[0] ?? '', wanted.count ?? 0, org.clock.now());
  const test =
    (probe: (day: string) => boolean): Predicate =>
    (row) => {
      const has = read(row);
      return typeof has === 'string' && probe(has.slice(0, 10));
    };
  switch (operator) {
    case '=':
      return test((day) => day >= from && day < until);
    case '!=':
      return test((day) => day < from || day >= until);
    case '<':
      return test((day) => day < from);
    case '<=':
      return test((day) => day < until);
    case '>':
      return test((day) => day >= until);
    default:
      return test((day) => day >= from);
  }
}

const lower = (value: Value): Value => (typeof value === 'string' ? value.toLowerCase() : value);

const wrongType = (field: Field) =>
  badRequest(
    'INVALID_FIELD',
    `value of filter criterion for field '${field.name}' must be of type ${field.type === 'datetime' ? 'dateTime' : field.type} and should not be enclosed in quotes`,
  );

function literalOf(field: Field, text: string, literal: string): Value {
  if (literal === 'NULL') return null;
  switch (field.type) {
    case 'boolean':
      if (literal !== 'BOOLEAN') throw wrongType(field);
      return text.toUpperCase() === 'TRUE';
    case 'int':
    case 'double':
    case 'currency':
    case 'percent':
      if (literal !== 'INTEGER' && literal !== 'DECIMAL') throw wrongType(field);
      return Number(text);
    case 'date':
      if (literal !== 'DATE') throw wrongType(field);
      return text;
    case 'datetime':
      if (literal !== 'DATETIME') throw wrongType(field);
      return instant(text);
    default: {
      if (literal !== 'STRING')
        throw badRequest(
          'INVALID_FIELD',
          `value of filter criterion for field '${field.name}' must be of type string and should be enclosed in quotes`,
        );
      const value = unquote(text);
      if (field.type !== 'id' && field.type !== 'reference') return value.toLowerCase();
      // A shorter id is a bound for a keyset, a longer one is a mistake.
      if (value.length > 18) throw badRequest('INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${value}`);
      return toId18(value) ?? value;
    }
  }
}

/** An instant in the stored form but with its milliseconds, so that '>' means what was written. */
export function instant(text: string): string {
  const ms = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  if (Number.isNaN(ms)) throw badRequest('MALFORMED_QUERY', `invalid dateTime ${text}`);
  return new Date(ms).toISOString().replace('Z', '+0000');
}

export function unquote(text: string): string {
  if (!text.startsWith("'")) return text;
  return text
    .slice(1, -1)
    .replace(/\\(.)/g, (_, c: string) => ({ n: '\n', r: '\r', t: '\t', '"': '"' })[c] ?? c);
}
