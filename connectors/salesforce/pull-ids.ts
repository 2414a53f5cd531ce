import { z } from 'zod';
import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { withContactRoles } from './contact-roles.ts';
import { type Columns, columnsOf, SOBJECTS, type SObject, sobjectOf, sourcesOf } from './objects.ts';
import { goneColumns, goneRecords } from './pull-deleted.ts';
import { isTrue, tombstone, toRecord } from './records.ts';
import { chunks, IDS_IN_QUERY, idsBeside, inList, type Row, rowOf, wholeQuery } from './soql.ts';

/** Ids in one call of the collections API. */
const RETRIEVE_IDS = 2_000;

type Asked = Pick<PullRequest, 'object' | 'properties'>;

/** Records by id as they are now. What is not there is looked for in the recycle bin; else it is deleted for good. */
export async function pullIds(context: Context<SalesforceConfig>, request: PullRequest): Promise<Page> {
  const { object } = request;
  const asked = [...new Set((request.ids ?? []).map(({ id }) => id))];
  const records: SourceRecord[] = [];
  const told = new Set<string>();
  const readable = await sourcesOf(context, object);
  for (const sobject of readable) {
    const ids = asked.filter((id) => sobjectOf(id) === sobject);
    if (ids.length === 0) continue;
    const live = await readByIds(context, request, sobject, ids);
    const seen = new Set(live.map(({ id }) => id));
    const gone = await readGone(
      context,
      object,
      sobject,
      ids.filter((id) => !seen.has(id)),
    );
    for (const record of [...live, ...gone]) {
      records.push(record);
      told.add(record.id);
    }
  }
  // What is hidden from us may well be there.
  const hidden = SOBJECTS[object].filter((sobject) => !readable.includes(sobject));
  const unreadable = asked.flatMap((id) => {
    const sobject = hidden.find((each) => each === sobjectOf(id));
    return sobject ? { id, reason: `The connected user can't read ${sobject} records.` } : [];
  });
  for (const { id } of unreadable) told.add(id);
  const now = new Date().toISOString();
  const lost = asked
    .filter((id) => !told.has(id))
    .map((id) => tombstone(object, sobjectOf(id), id, now, null));
  const linked = object === 'deal' ? await withContactRoles(context, records) : records;
  return {
    records: [...linked, ...lost],
    cursor: null,
    done: true,
    ...(unreadable.length > 0 && { unreadable }),
  };
}

/** Live records by id, without their contact roles; what is not there is left out. */
export async function readByIds(
  context: Context<SalesforceConfig>,
  { object, properties }: Asked,
  sobject: SObject,
  ids: string[],
): Promise<SourceRecord[]> {
  if (ids.length === 0) return [];
  const columns = await columnsOf(context, sobject, properties);
  // The collections API takes fields of the object itself; what lies behind a relationship needs a query.
  const isPlain = columns.select.every((path) => !path.includes('.'));
  const records: SourceRecord[] = [];
  for (const some of chunks(ids, isPlain ? RETRIEVE_IDS : idsBeside(columns.select))) {
    const rows = isPlain
      ? await retrieve(context, sobject, columns, some)
      : await select(context, sobject, columns, some);
    // A person account is no company, though its id is an account's.
    const ours = rows.filter((row) => !(sobject === 'Account' && isTrue(row('IsPersonAccount'))));
    records.push(...ours.map((row) => toRecord(object, sobject, row, columns)));
  }
  return records;
}

const Retrieved = z.array(z.record(z.string(), z.unknown()).nullable());

async function retrieve(
  context: Context<SalesforceConfig>,
  sobject: SObject,
  columns: Columns,
  ids: string[],
): Promise<Row[]> {
  const path = dataPath(`/composite/sobjects/${sobject}`);
  const body = { ids, fields: columns.select };
  const { data } = await call(context, { method: 'POST', path, body, rows: ids.length }, Retrieved);
  return data.flatMap((record) => (record === null ? [] : rowOf(record)));
}

function select(
  context: Context<SalesforceConfig>,
  sobject: SObject,
  columns: Columns,
  ids: string[],
): Promise<Row[]> {
  const soql = `SELECT ${columns.select.join(', ')} FROM ${sobject} WHERE Id IN ${inList(ids)}`;
  return wholeQuery(context, soql);
}

async function readGone(
  context: Context<SalesforceConfig>,
  object: SourceRecord['object'],
  sobject: SObject,
  ids: string[],
): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  for (const some of chunks(ids, IDS_IN_QUERY)) {
    const soql = `SELECT ${goneColumns(sobject).join(', ')} FROM ${sobject} WHERE Id IN ${inList(some)} AND IsDeleted = true`;
    const rows = await wholeQuery(context, soql, { withDeleted: true });
    records.push(...(await goneRecords(context, object, sobject, rows)));
  }
  return records;
}
