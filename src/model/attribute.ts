import { z } from 'zod';
import { ObjectType, type Scalar } from './record.ts';

/** What segments are made of. Contacts become persons. */
export const SubjectType = z.enum(['person', 'company']);
export type SubjectType = z.infer<typeof SubjectType>;

export const AttributeOwner = z.enum(['person', 'company', 'deal']);
export type AttributeOwner = z.infer<typeof AttributeOwner>;

export const AttributeType = z.enum([
  'text',
  'number',
  'money',
  'boolean',
  'date',
  'datetime',
  'enum',
  'multi',
]);
export type AttributeType = z.infer<typeof AttributeType>;

export const AttributeKind = z.enum([
  'demographic',
  'geographic',
  'psychographic',
  'behavioural',
  'needs',
  'value',
  'firmographic',
  'lifecycle',
  'identity',
  'consent',
]);
export type AttributeKind = z.infer<typeof AttributeKind>;

/** A permanent key: letters, digits and underscores, starting with a letter; also the column's name. */
export const Key = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,47}$/, 'use lower-case letters, digits and underscores, starting with a letter');

/** One column of a person, company or deal that segments can use. */
export const Attribute = z.object({
  key: Key,
  owner: AttributeOwner,
  name: z.string().min(1).max(100),
  type: AttributeType,
  kind: AttributeKind,
  description: z.string().default(''),
  /** What an empty CRM value means; unknown unless the catalogue says otherwise. */
  empty: z.enum(['unknown', 'false', 'zero']).default('unknown'),
  sensitivity: z.enum(['normal', 'proxy', 'sensitive']).default('normal'),
  /** May reps see the value in an explanation? Money and sensitive ones: no. */
  repVisible: z.boolean().default(true),
  /** mapped: fed by CRM properties; computed: by profile from deals; score: by learn. */
  source: z.enum(['mapped', 'computed', 'score']).default('mapped'),
  /** What the CRM calls its values, by value, as its options say; values stay what conditions, files and the API take. */
  valueNames: z.record(z.string(), z.string()).optional(),
});
export type Attribute = z.infer<typeof Attribute>;

/** Which CRM property feeds an attribute on one connection. */
export const Mapping = z.object({
  connectionId: z.string(),
  object: ObjectType,
  property: z.string().min(1),
  attribute: Key,
});
export type Mapping = z.infer<typeof Mapping>;

/** The owner of the attributes of an object's records. */
export const ownerOf: Record<ObjectType, AttributeOwner> = {
  contact: 'person',
  company: 'company',
  deal: 'deal',
};

/** The Postgres type of an attribute's column. */
export const columnType: Record<AttributeType, string> = {
  text: 'text',
  number: 'double precision',
  money: 'numeric',
  boolean: 'boolean',
  date: 'date',
  datetime: 'timestamptz',
  enum: 'text',
  multi: 'text[]',
};

/** Longest text kept; longer values are listed as invalid rather than cut. */
const MAX_TEXT_LENGTH = 10_000;

export type ParsedValue =
  | { state: 'known'; value: string | number | boolean | string[] }
  | { state: 'empty' }
  | { state: 'invalid' };

/**
 * Reads one CRM value as an attribute's type. Numbers of type money stay decimal strings, dates are
 * `YYYY-MM-DD`, datetimes ISO 8601 in UTC, multi values sorted without repeats.
 */
export function parseValue(type: AttributeType, raw: Scalar | undefined): ParsedValue {
  if (raw === null || raw === undefined) return { state: 'empty' };
  if (typeof raw === 'string' && raw.trim() === '') return { state: 'empty' };
  if (typeof raw === 'string' && raw.length > MAX_TEXT_LENGTH) return { state: 'invalid' };
  const value = parsers[type](typeof raw === 'string' ? raw.trim() : raw);
  return value === undefined ? { state: 'invalid' } : { state: 'known', value };
}

type Parser = (raw: string | number | boolean) => string | number | boolean | string[] | undefined;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;
const TRUE = new Set(['true', 'yes', '1', 'on']);
const FALSE = new Set(['false', 'no', '0', 'off']);

function text(raw: string | number | boolean): string | undefined {
  const value = String(raw);
  return value.includes('\u0000') ? undefined : value;
}

function decimal(raw: string | number | boolean): string | undefined {
  if (typeof raw === 'boolean') return undefined;
  const value = String(raw).replace(/(?<=\d)[ ,](?=\d{3}(\D|$))/g, '');
  return DECIMAL.test(value) && Number.isFinite(Number(value)) ? value : undefined;
}

function dateTime(raw: string | number | boolean): string | undefined {
  if (typeof raw === 'boolean') return undefined;
  const isEpochMs = typeof raw === 'number' || /^-?\d{9,15}$/.test(raw);
  if (!isEpochMs && !/^\d{4}-\d{2}-\d{2}/.test(String(raw))) return undefined;
  const text = isEpochMs ? '' : String(raw).replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  const date = new Date(isEpochMs ? Number(raw) : text);
  if (Number.isNaN(date.getTime())) return undefined;
  const year = date.getUTCFullYear();
  if (year < 1800 || year > 2300) return undefined;
  // 2026-02-31 rolls over in Date; a day that does not exist is not a date.
  if (!isEpochMs && new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() !== Number(text.slice(8, 10)))
    return undefined;
  return date.toISOString();
}

const parsers: Record<AttributeType, Parser> = {
  text,
  enum: text,
  number: (raw) => {
    const value = decimal(raw);
    return value === undefined ? undefined : Number(value);
  },
  money: decimal,
  boolean: (raw) => {
    if (typeof raw === 'boolean') return raw;
    const value = String(raw).toLowerCase();
    if (TRUE.has(value)) return true;
    return FALSE.has(value) ? false : undefined;
  },
  date: (raw) => {
    if (typeof raw === 'string' && /^\d{4}-\d{2}-\d{2}/.test(raw)) {
      return dateTime(raw.slice(0, 10)) === undefined ? undefined : raw.slice(0, 10);
    }
    return dateTime(raw)?.slice(0, 10);
  },
  datetime: dateTime,
  multi: (raw) => {
    const value = text(raw);
    if (value === undefined) return undefined;
    const parts = value.split(';').map((part) => part.trim());
    return [...new Set(parts.filter((part) => part !== ''))].sort();
  },
};
