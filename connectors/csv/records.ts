import type { Link, SourceRecord } from '../../src/model/record.ts';
import { keyOf } from './files.ts';
import { CONTACTS, DEALS, type Table } from './tables.ts';

/** A row as a record. Columns that say what the row is and belongs to are not properties. */
export function toRecord(
  values: Record<string, string>,
  table: Table,
  updatedAt: string,
  properties: readonly string[] | 'none',
): SourceRecord {
  const record: SourceRecord = {
    object: table.object,
    id: table.kind === 'attributes' ? `email:${keyOf(values, table)}` : keyOf(values, table),
    kind: table.kind,
    properties: properties === 'none' ? {} : chosen(derived(values, table), properties),
    createdAt: table === CONTACTS ? instant(values.created_at) : null,
    updatedAt,
    state: 'live',
    mergedInto: null,
  };
  return table === DEALS ? { ...record, links: linksOf(values) } : record;
}

/** Read besides what is asked for: what a record can't be understood without. */
const ALWAYS = new Set(['email', 'created_at', 'amount', 'currency', 'stage', 'closed_at', 'won', 'closed']);

function chosen(values: Record<string, string>, properties: readonly string[]): Record<string, string> {
  const asked = new Set(properties);
  return Object.fromEntries(Object.entries(values).filter(([name]) => ALWAYS.has(name) || asked.has(name)));
}

/** Whether a deal is won and closed, by its stage, where the file has no columns that say so. */
function derived(values: Record<string, string>, table: Table): Record<string, string> {
  if (table !== DEALS) return values;
  const stage = (values.stage ?? '').toLowerCase().replace(/[\s_-]/g, '');
  const isWon = stage === 'won' || stage === 'closedwon';
  const isLost = stage === 'lost' || stage === 'closedlost';
  return { won: String(isWon), closed: String(isWon || isLost), ...values };
}

function linksOf(values: Record<string, string>): Link[] {
  const contactId = values.contact_id ?? '';
  return contactId === '' ? [] : [{ to: 'contact', id: contactId, primary: true, role: null }];
}

/** A date or time of a file, in UTC where it names no zone. */
function instant(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  const whole = text.length === 10 ? `${text}T00:00:00Z` : text.replace(' ', 'T') + (hasZone ? '' : 'Z');
  const date = new Date(whole.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
