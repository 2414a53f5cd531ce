import type { Link, ObjectType, Scalar, SourceRecord } from '../../src/model/record.ts';
import type { Columns, SObject } from './objects.ts';
import { isoOf, type Row } from './soql.ts';

/** True as REST says it, or as a CSV does. */
export const isTrue = (value: Scalar) => value === true || value === 'true';

const idOf = (value: Scalar) => (typeof value === 'string' && value !== '' ? value : null);

/**
 * One of ours from a row. A converted lead is merged into its contact; person accounts are the contacts behind them,
 * and their account is no company.
 */
export function toRecord(object: ObjectType, sobject: SObject, row: Row, columns: Columns): SourceRecord {
  const isPerson = sobject === 'Contact' && isTrue(row('IsPersonAccount'));
  const updatedAt = isoOf(row('SystemModstamp')) ?? new Date(0).toISOString();
  const common = { object, id: String(row('Id')), createdAt: isoOf(row('CreatedDate')), updatedAt };
  if (sobject === 'Lead' && isTrue(row('IsConverted'))) {
    return { ...common, kind: 'lead', properties: {}, ...goneInto(idOf(row('ConvertedContactId'))) };
  }
  const properties: Record<string, Scalar> = {};
  for (const [property, { path, type }] of columns.properties) {
    // The account of a person has the person's own name, which is no company's.
    properties[property] = isPerson && path === 'Account.Name' ? null : plain(row(path), type);
  }
  return {
    ...common,
    kind: kindOf(object, sobject, isPerson),
    properties,
    state: 'live',
    mergedInto: null,
    ...linksOf(sobject, row, isPerson, columns),
  };
}

function kindOf(object: ObjectType, sobject: SObject, isPerson: boolean): string {
  if (sobject === 'Lead') return 'lead';
  return isPerson ? 'person_account' : object;
}

const goneInto = (survivor: string | null): Pick<SourceRecord, 'state' | 'mergedInto'> => ({
  state: survivor === null ? 'deleted' : 'merged',
  mergedInto: survivor,
});

const NUMBERS = new Set(['double', 'currency', 'percent', 'int', 'long']);

/** The same value for the same field, whichever API it came from: a CSV spells 12345678 as 1.2345678E7. */
function plain(value: Scalar, type: string): Scalar {
  if (typeof value !== 'string') return value;
  if (type === 'datetime') return isoOf(value) ?? value;
  if (type === 'boolean') return isTrue(value);
  return NUMBERS.has(type) && Number.isFinite(Number(value)) ? Number(value) : value;
}

/** Links that the row itself tells; contact roles of a deal come apart. Absent where the field is hidden. */
function linksOf(sobject: SObject, row: Row, isPerson: boolean, columns: Columns): { links?: Link[] } {
  if (sobject === 'Lead') return { links: [] };
  const field = sobject === 'Account' ? 'ParentId' : 'AccountId';
  if (!columns.select.includes(field)) return {};
  const id = idOf(row(field));
  if (id === null || isPerson) return { links: [] };
  if (sobject === 'Account') return { links: [{ to: 'company', id, primary: true, role: 'parent' }] };
  if (sobject === 'Opportunity' && isTrue(row('Account.IsPersonAccount'))) {
    const contact = idOf(row('Account.PersonContactId'));
    return { links: contact === null ? [] : [{ to: 'contact', id: contact, primary: false, role: null }] };
  }
  return { links: [{ to: 'company', id, primary: true, role: null }] };
}

export function tombstone(
  object: ObjectType,
  sobject: SObject | undefined,
  id: string,
  updatedAt: string,
  mergedInto: string | null,
): SourceRecord {
  return {
    object,
    id,
    kind: sobject === 'Lead' ? 'lead' : object,
    properties: {},
    createdAt: null,
    updatedAt,
    ...goneInto(mergedInto),
  };
}
