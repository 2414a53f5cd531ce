import type { Query } from '@jetstreamapp/soql-parser-js';
import { badRequest } from './errors.ts';
import type { SObject } from './objects.ts';
import type { Org } from './org.ts';
import type { QueryResult } from './soql.ts';
import { columnOf } from './soql-compile.ts';
import type { Row, Value } from './table.ts';

/** COUNT(), and COUNT, SUM, AVG, MIN, MAX by group: what a preview needs. */

export const isAggregate = (query: Query): boolean =>
  query.groupBy !== undefined ||
  (query.fields ?? []).some((one) => one.type === 'FieldFunctionExpression' && one.isAggregateFn);

export function aggregate(org: Org, object: SObject, query: Query, rows: Row[]): QueryResult {
  const fields = query.fields ?? [];
  const [first] = fields;
  if (
    fields.length === 1 &&
    first?.type === 'FieldFunctionExpression' &&
    first.functionName.toUpperCase() === 'COUNT' &&
    !first.parameters.length
  ) {
    if (org.forbidden.has('count'))
      throw badRequest('QUERY_TIMEOUT', 'Your query request was running for too long.');
    return { kind: 'count', total: Math.min(rows.length, query.limit ?? rows.length) };
  }
  const keys = [query.groupBy ?? []].flat().map((clause) => {
    if (!('field' in clause)) throw badRequest('MALFORMED_QUERY', 'GROUP BY takes fields only in this org');
    return { name: clause.field, ...columnOf(org, object, clause.field.split('.')) };
  });
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((one) => one.read(row)));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  if (!keys.length && !groups.size) groups.set('[]', []);
  const records = [...groups.values()].map((group) => {
    const record: Record<string, Value> = {};
    let unnamed = 0;
    for (const one of fields) {
      if (one.type === 'Field' || one.type === 'FieldRelationship') {
        const name = one.type === 'Field' ? one.field : [...one.relationships, one.field].join('.');
        const key = keys.find((k) => k.name.toLowerCase() === name.toLowerCase());
        if (!key) throw badRequest('MALFORMED_QUERY', `Field must be grouped or aggregated: ${name}`);
        const [row] = group;
        record[('alias' in one && one.alias) || one.field] = row ? key.read(row) : null;
      } else if (one.type === 'FieldFunctionExpression') {
        const name = one.alias ?? `expr${unnamed++}`;
        record[name] = applyTo(
          org,
          object,
          one.functionName.toUpperCase(),
          String(one.parameters[0] ?? ''),
          group,
        );
      }
    }
    return record;
  });
  return { kind: 'groups', records: query.limit === undefined ? records : records.slice(0, query.limit) };
}

function applyTo(org: Org, object: SObject, name: string, parameter: string, rows: Row[]): Value {
  if (name === 'COUNT' && !parameter) return rows.length;
  const { read } = columnOf(org, object, parameter.split('.'));
  const values = rows.map(read).filter((value) => value !== null);
  if (name === 'COUNT') return values.length;
  if (name === 'COUNT_DISTINCT') return new Set(values).size;
  if (name === 'MIN') return values.reduce<Value>((a, b) => (a === null || b < a ? b : a), null);
  if (name === 'MAX') return values.reduce<Value>((a, b) => (a === null || b > a ? b : a), null);
  const sum = values.reduce<number>((total, value) => total + Number(value), 0);
  if (name === 'SUM') return values.length ? sum : null;
  if (name === 'AVG') return values.length ? sum / values.length : null;
  throw badRequest('MALFORMED_QUERY', `function ${name} is not offered by this org`);
}
