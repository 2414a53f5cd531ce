import { z } from 'zod';
import type { RemoteError } from '../../src/errors.ts';
import type { Context, Outcome, PushRequest, TargetValue, Write } from '../contract.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { type SObject, sobjectOf } from './objects.ts';
import { FieldRemote } from './remotes.ts';
import { chunks } from './soql.ts';

export type PropertyWrite = Extract<Write, { kind: 'properties' }>;

/** One row as Salesforce takes it. `id` is the record that we were asked to write, `rowId` the row that holds it. */
export type PlannedRow = {
  id: string;
  sobject: SObject;
  rowId: string;
  parentId: string;
  /** Field to value; null clears. */
  values: Record<string, string | null>;
  /** Field to the target that it shows. */
  targets: Record<string, string>;
};

/**
 * Rows in an order that keeps those of one parent together, as parallel writes to children of one account lock each
 * other out; rows of one object stand together. A person account is written through its account.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_organize_data.htm
 */
export async function planRows(
  context: Context<SalesforceConfig>,
  writes: PropertyWrite[],
  remotes: PushRequest['remotes'],
): Promise<{ rows: PlannedRow[]; gone: Outcome[] }> {
  const persons = writes.filter(({ recordKind }) => recordKind === 'person_account').map(({ id }) => id);
  const accounts = await accountsOf(context, persons);
  const rows: PlannedRow[] = [];
  const gone: Outcome[] = [];
  for (const write of writes) {
    const isPerson = write.recordKind === 'person_account';
    const rowId = isPerson ? accounts.get(write.id) : write.id;
    const sobject = isPerson ? 'Account' : sobjectOf(write.id);
    if (rowId === undefined || sobject === undefined) {
      gone.push({
        id: write.id,
        state: 'gone',
        code: 'NOT_FOUND',
        message: 'Salesforce has no such record.',
      });
      continue;
    }
    const row: PlannedRow = {
      id: write.id,
      sobject,
      rowId,
      parentId: write.parentId ?? '',
      values: {},
      targets: {},
    };
    for (const [target, value] of Object.entries(write.values)) {
      const remote = FieldRemote.parse(remotes[target]);
      const name = isPerson ? remote.property.replace(/__c$/, '__pc') : remote.property;
      row.values[name] = cellOf(value, remote.type);
      row.targets[name] = target;
    }
    rows.push(row);
  }
  const key = ({ sobject, parentId, rowId }: PlannedRow) => `${sobject} ${parentId} ${rowId}`;
  return { rows: rows.sort((a, b) => (key(a) < key(b) ? -1 : 1)), gone };
}

const MAX_TEXT = 255;

/** Several values are joined by semicolons. */
function cellOf(value: TargetValue, type: FieldRemote['type']): string | null {
  if (value === null || (Array.isArray(value) && value.length === 0)) return null;
  const text = Array.isArray(value) ? value.join(';') : String(value);
  return type === 'TextArea' && text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

const Retrieved = z.array(z.object({ Id: z.string(), AccountId: z.string().nullable() }).nullable());
const RETRIEVE_IDS = 2_000;

/** The account of each person account, by its contact's id. */
async function accountsOf(context: Context<SalesforceConfig>, ids: string[]): Promise<Map<string, string>> {
  const accounts = new Map<string, string>();
  for (const some of chunks(ids, RETRIEVE_IDS)) {
    const body = { ids: some, fields: ['Id', 'AccountId'] };
    const path = dataPath('/composite/sobjects/Contact');
    const { data } = await call(context, { method: 'POST', path, body, rows: some.length }, Retrieved);
    for (const row of data) if (row?.AccountId) accounts.set(row.Id, row.AccountId);
  }
  return accounts;
}

/** Codes that say that the record is not there any more. */
const GONE = new Set([
  'ENTITY_IS_DELETED',
  'NOT_FOUND',
  'INVALID_CROSS_REFERENCE_KEY',
  'CANNOT_UPDATE_CONVERTED_LEAD',
  'MALFORMED_ID',
]);

export type RowError = { code: string; message: string; fields: string[] };

export const LOCKED = 'UNABLE_TO_LOCK_ROW';

/** The outcome of a row that Salesforce did not write. */
export function failed(row: PlannedRow, { code, message, fields }: RowError): Outcome {
  const isAboutField = fields.some((name) => row.targets[name] !== undefined);
  const state = GONE.has(code) && !isAboutField ? 'gone' : 'refused';
  const targetId = state === 'gone' ? undefined : targetAt(row, fields, message);
  return { id: row.id, state, code: code || 'refused', message: message.slice(0, 500), targetId };
}

/** The target whose field is at fault; the longest name wins, as one may begin another. */
function targetAt(row: PlannedRow, fields: string[], message: string): string | undefined {
  const names = Object.keys(row.targets).sort((a, b) => b.length - a.length);
  const name = names.find((each) => fields.includes(each)) ?? names.find((each) => message.includes(each));
  return name === undefined ? undefined : row.targets[name];
}

export const unknownRow = ({ id }: PlannedRow, error: RemoteError): Outcome => ({
  id,
  state: 'unknown',
  code: error.code,
  message: error.message,
});
