import { z } from 'zod';
import type { Definition } from './definitions.ts';
import { OBJECTS, type ObjectType } from './object-types.ts';
import { type Indexed, shownValue } from './records.ts';
import { timeOf } from './values.ts';

const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const Filter = z.object({
  propertyName: z.string(),
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN',
    'NOT_CONTAINS_TOKEN',
  ]),
  value: Value.optional(),
  highValue: Value.optional(),
  values: z.array(Value).optional(),
});
export type Filter = z.infer<typeof Filter>;

type Comparable = string | number;
type Test = (record: Indexed) => boolean;

/** How the values of a property are compared: as numbers, as times, or as text without regard to case. */
const reader = (definition: Definition): ((text: string) => Comparable) => {
  if (definition.type === 'number') return Number;
  if (definition.type === 'date' || definition.type === 'datetime')
    return (text) => timeOf(text) ?? Number(text);
  return (text) => text.toLowerCase();
};

/** Which fields of a filter its operator needs; the answer to a filter without them is a 400. */
export const missingField = ({ operator, value, highValue, values }: Filter): string | undefined => {
  if (operator === 'HAS_PROPERTY' || operator === 'NOT_HAS_PROPERTY') return undefined;
  if (operator === 'IN' || operator === 'NOT_IN') return values?.length ? undefined : 'values';
  if (value === undefined) return 'value';
  return operator === 'BETWEEN' && highValue === undefined ? 'highValue' : undefined;
};

/** A filter as a function of a record. A record with no value passes NEQ, NOT_IN and the like. */
export const compileFilter = (type: ObjectType, definition: Definition, filter: Filter): Test => {
  const read = reader(definition);
  const get = rawReader(type, filter.propertyName, definition, read);
  const value = read(filter.value ?? '');
  const high = read(filter.highValue ?? '');
  const isChecked = definition.fieldType === 'checkbox';
  const values = new Set((filter.values ?? [filter.value ?? '']).map(read));
  const isOneOf: Test = (record) => {
    const seen = get(record);
    if (seen === undefined) return false;
    return isChecked
      ? String(seen)
          .split(';')
          .some((each) => values.has(each))
      : values.has(seen);
  };
  const compare =
    (holds: (seen: Comparable) => boolean): Test =>
    (record) => {
      const seen = get(record);
      return seen !== undefined && holds(seen);
    };
  switch (filter.operator) {
    case 'EQ':
    case 'IN':
      return isOneOf;
    case 'NEQ':
    case 'NOT_IN':
      return (record) => !isOneOf(record);
    case 'LT':
      return compare((seen) => seen < value);
    case 'LTE':
      return compare((seen) => seen <= value);
    case 'GT':
      return compare((seen) => seen > value);
    case 'GTE':
      return compare((seen) => seen >= value);
    case 'BETWEEN':
      return compare((seen) => seen >= value && seen <= high);
    case 'HAS_PROPERTY':
      return (record) => get(record) !== undefined;
    case 'NOT_HAS_PROPERTY':
      return (record) => get(record) === undefined;
    case 'CONTAINS_TOKEN':
      return containsToken(get, String(value));
    case 'NOT_CONTAINS_TOKEN': {
      const contains = containsToken(get, String(value));
      return (record) => !contains(record);
    }
  }
};

/** The comparable value; dates that the record keeps as numbers are not spelled out first. */
const rawReader = (
  type: ObjectType,
  name: string,
  definition: Definition,
  read: (text: string) => Comparable,
) => {
  if (name === 'hs_object_id') return (record: Indexed): Comparable => record.order;
  if (name === OBJECTS[type].modified) return (record: Indexed): Comparable => record.updatedAt;
  if (name === 'createdate' && definition.hubspotDefined)
    return (record: Indexed): Comparable => record.createdAt;
  return (record: Indexed): Comparable | undefined => {
    const text = shownValue(type, record, name);
    return text === null || text === '' ? undefined : read(text);
  };
};

const containsToken = (get: (record: Indexed) => Comparable | undefined, wanted: string): Test => {
  const pattern = wanted.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const whole = new RegExp(`^${pattern.join('.*')}$`);
  return (record) => {
    const seen = get(record);
    if (seen === undefined) return false;
    const text = String(seen);
    return whole.test(text) || text.split(/[^\p{L}\p{N}]+/u).some((token) => whole.test(token));
  };
};

/** The least value that a group of filters lets through for a number-like property: where a scan may begin. */
export const lowerBound = (filters: Filter[], name: string): number => {
  const bounds = filters.flatMap(({ propertyName, operator, value }) => {
    if (propertyName !== name || value === undefined) return [];
    const bound = timeOf(value) ?? Number(value);
    return ['GT', 'GTE', 'BETWEEN', 'EQ'].includes(operator) && Number.isFinite(bound) ? [bound] : [];
  });
  return bounds.length > 0 ? Math.max(...bounds) : 0;
};
