import { badRequest } from './errors.ts';
import type { Field } from './fields.ts';
import { stampFrom, toId18 } from './ids.ts';
import type { Org } from './org.ts';
import type { Value } from './table.ts';

/** What a field accepts. Throws the row error that Salesforce would give. */

const EMAIL = /^[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]{2,}$/;

/** `text`: the value comes from CSV, where everything is text. */
export function accepted(org: Org, field: Field, value: unknown, text: boolean): Value {
  if (value === null || value === '') return field.type === 'boolean' ? false : null;
  switch (field.type) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (text && /^(true|false|1|0)$/i.test(String(value))) return /^(true|1)$/i.test(String(value));
      throw cannotRead('boolean', field, value);
    case 'int':
    case 'double':
    case 'currency':
    case 'percent': {
      const number =
        typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
      if (!Number.isFinite(number)) throw cannotRead('double', field, value);
      return field.type === 'int' ? Math.round(number) : Number(number.toFixed(field.scale));
    }
    case 'date': {
      const day = typeof value === 'string' ? value.slice(0, 10) : '';
      const ms = Date.parse(`${day}T00:00:00Z`);
      if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(day))
        throw cannotRead('date', field, value);
      return day;
    }
    case 'datetime': {
      const stamp = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? stampFrom(value) : null;
      if (stamp === null) throw cannotRead('datetime', field, value);
      return stamp;
    }
    case 'reference':
      return reference(org, field, value);
    default:
      return textValue(field, value);
  }
}

function textValue(field: Field, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw cannotRead('string', field, value);
  const text = String(value);
  if (text.length > field.length) {
    throw badRequest(
      'STRING_TOO_LONG',
      `${field.label}: data value too large: ${text.slice(0, 40)}... (max length=${field.length})`,
      [field.name],
    );
  }
  if (field.type === 'email' && !EMAIL.test(text))
    throw badRequest('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${text}`, [field.name]);
  if (field.type === 'picklist' && field.restricted) check(field, [text]);
  if (field.type === 'multipicklist') {
    const parts = text.split(';').filter(Boolean);
    if (field.restricted) check(field, parts);
    // Stored in the order of the definition, each once, whatever was sent.
    const defined = field.picklist.map((one) => one.value).filter((one) => parts.includes(one));
    return [...defined, ...new Set(parts.filter((one) => !defined.includes(one)))].join(';');
  }
  return text;
}

function check(field: Field, values: string[]): void {
  const bad = values.find((value) => !field.picklist.some((one) => one.active && one.value === value));
  if (bad === undefined) return;
  throw badRequest(
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    `${field.label}: bad value for restricted picklist field: ${bad}`,
    [field.name],
  );
}

function reference(org: Org, field: Field, value: unknown): string {
  const id = typeof value === 'string' ? toId18(value) : null;
  if (id === null)
    throw badRequest('MALFORMED_ID', `${field.label}: id value of incorrect type: ${String(value)}`, [
      field.name,
    ]);
  const isThere = (target: string) => {
    const row = org.row(target, id);
    return row !== undefined && !row.f.IsDeleted;
  };
  if (field.referenceTo.length > 0 && !field.referenceTo.some(isThere))
    throw badRequest('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', [field.name]);
  return id;
}

const cannotRead = (type: string, field: Field, value: unknown) =>
  badRequest(
    'JSON_PARSER_ERROR',
    `Cannot deserialize instance of ${type} from value ${JSON.stringify(value)} of field ${field.name}`,
    [field.name],
  );
