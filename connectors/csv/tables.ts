import type { ObjectType } from '../../src/model/record.ts';

/** What a column must hold; empty is allowed except where it identifies the row. */
export type ColumnType = 'id' | 'email' | 'text' | 'number' | 'currency' | 'date';

export type Table = {
  file: string;
  object: ObjectType;
  kind: string;
  /** The columns that must be there; any other column is a property of its own name. */
  columns: Record<string, ColumnType>;
  /** The column that names the row. */
  key: string;
  /** May the whole file be missing? */
  isOptional: boolean;
};

export const CONTACTS: Table = {
  file: 'contacts.csv',
  object: 'contact',
  kind: 'contact',
  columns: { contact_id: 'id', email: 'text', first_name: 'text', last_name: 'text', created_at: 'date' },
  key: 'contact_id',
  isOptional: false,
};

export const DEALS: Table = {
  file: 'deals.csv',
  object: 'deal',
  kind: 'deal',
  columns: {
    deal_id: 'id',
    contact_id: 'text',
    amount: 'number',
    currency: 'currency',
    stage: 'text',
    closed_at: 'date',
  },
  key: 'deal_id',
  isOptional: false,
};

/** More columns for people who are known already, by e-mail. It never makes a person. */
const ATTRIBUTES: Table = {
  file: 'attributes.csv',
  object: 'contact',
  kind: 'attributes',
  columns: { email: 'email' },
  key: 'email',
  isOptional: true,
};

export const TABLES: Partial<Record<ObjectType, readonly Table[]>> = {
  contact: [CONTACTS, ATTRIBUTES],
  deal: [DEALS],
};

/** What each type accepts, and how to mend what it does not. */
export const COLUMN_CHECKS: Record<
  ColumnType,
  { accepts(value: string): boolean; what: string; mend: string }
> = {
  id: {
    accepts: (value) => value !== '' && value.length <= 200,
    what: 'is no id',
    mend: 'Give each row an id of its own of at most 200 characters.',
  },
  email: {
    accepts: (value) => /^[^\s@]+@[^\s@]+$/.test(value) && value.length <= 320,
    what: 'is no e-mail address',
    mend: 'Write one address, such as ann@example.com.',
  },
  text: { accepts: () => true, what: '', mend: '' },
  number: {
    accepts: (value) => value === '' || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i.test(value),
    what: 'is no number',
    mend: 'Write numbers as 1234.50, without thousands separators or currency signs.',
  },
  currency: {
    accepts: (value) => value === '' || /^[A-Z]{3}$/.test(value),
    what: 'is no currency code',
    mend: 'Write the three letters of ISO 4217, such as USD or EUR.',
  },
  date: {
    accepts: (value) => value === '' || isDate(value),
    what: 'is no date',
    mend: 'Write dates as 2026-01-31, or with a time as 2026-01-31T12:00:00Z.',
  },
};

function isDate(value: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(value);
  if (!match) return false;
  const day = new Date(`${match[1]}T00:00:00Z`);
  // 2026-02-31 rolls over in Date; a day that does not exist is no date.
  return !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === match[1];
}
