import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { withContactRoles } from './contact-roles.ts';
import { type Cursor, cursorOf, nextSource } from './cursor.ts';
import { columnsOf, liveWhere, SOBJECTS, type SObject } from './objects.ts';
import { readByIds } from './pull-ids.ts';
import { toRecord } from './records.ts';
import { schemaOf } from './schema.ts';
import { instant, isoOf, QUERY_PAGE, type QueryPage, query, quote } from './soql.ts';

/** A transaction is seen when it ends, with the time at which it began: each pass begins this long before the last. */
export const OVERLAP_MS = 10 * 60_000;

const ROLES = 'OpportunityContactRole';

/** Objects whose rows tell that a record of ours changed. */
export const changeSources = (object: PullRequest['object']): string[] =>
  object === 'deal' ? [...SOBJECTS.deal, ROLES] : [...SOBJECTS[object]];

/**
 * Records by change time, then id: any number may share a time, and one that changes meanwhile moves to the end.
 * A deal also counts as changed when one of its contact roles did, which does not touch the deal itself.
 */
export async function* pullChanged(
  context: Context<SalesforceConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  const { object } = request;
  const hasRoles = object === 'deal' && (await schemaOf(context, ROLES)) !== null;
  const sources = changeSources(object).filter((source) => source !== ROLES || hasRoles);
  let cursor = cursorOf(request.cursor);
  for (;;) {
    const source = sources[cursor.source] ?? ROLES;
    const part =
      source === ROLES
        ? await changedRoles(context, request, cursor)
        : await changedRecords(context, request, cursor, sobjectNamed(object, cursor.source));
    cursor = passed(cursor, source, part.page);
    const isLast = isEnd(part.page);
    const done = isLast && cursor.source === sources.length - 1;
    if (isLast) cursor = nextSource(ended(cursor, source));
    const records = object === 'deal' ? await withContactRoles(context, part.records) : part.records;
    yield { records, cursor: done ? { since: cursor.since } : cursor, done };
    if (done) return;
  }
}

const sobjectNamed = (object: PullRequest['object'], index: number): SObject =>
  SOBJECTS[object][index] ?? SOBJECTS[object][0] ?? 'Contact';

type Part = { page: QueryPage; records: SourceRecord[] };

async function changedRecords(
  context: Context<SalesforceConfig>,
  { object, properties }: PullRequest,
  cursor: Cursor,
  sobject: SObject,
): Promise<Part> {
  const columns = await columnsOf(context, sobject, properties);
  // A lead that was converted since is told as merged.
  const where = sobject === 'Lead' ? [] : await liveWhere(context, sobject);
  const page = await queryChanged(context, { select: columns.select, from: sobject, where }, cursor);
  return { page, records: page.rows.map((row) => toRecord(object, sobject, row, columns)) };
}

async function changedRoles(
  context: Context<SalesforceConfig>,
  request: PullRequest,
  cursor: Cursor,
): Promise<Part> {
  const select = ['Id', 'SystemModstamp', 'OpportunityId'];
  const page = await queryChanged(context, { select, from: ROLES, where: [], withDeleted: true }, cursor);
  const ids = [...new Set(page.rows.map((row) => String(row('OpportunityId'))))];
  return { page, records: await readByIds(context, request, 'Opportunity', ids) };
}

/** A page of rows in order of change, from where the cursor stands. */
export function queryChanged(
  context: Context<SalesforceConfig>,
  of: { select: string[]; from: string; where: string[]; withDeleted?: boolean },
  cursor: Cursor,
  since: number = cursor.since[of.from] ?? 0,
): Promise<QueryPage> {
  const after =
    cursor.at === null || cursor.afterId === null
      ? `SystemModstamp >= ${instant(since)}`
      : `(SystemModstamp > ${cursor.at} OR (SystemModstamp = ${cursor.at} AND Id > ${quote(cursor.afterId)}))`;
  const where = [...of.where, after].join(' AND ');
  const soql = `SELECT ${of.select.join(', ')} FROM ${of.from} WHERE ${where} ORDER BY SystemModstamp, Id LIMIT ${QUERY_PAGE}`;
  return query(context, soql, { withDeleted: of.withDeleted });
}

/** The last page of an object: a short one that is whole. An empty page after others is asked for again. */
export const isEnd = ({ rows, isWhole }: QueryPage) =>
  rows.length === 0 || (isWhole && rows.length < QUERY_PAGE);

/** The cursor after a page. */
export function passed(cursor: Cursor, source: string, page: QueryPage): Cursor {
  const last = page.rows.at(-1);
  const next = cursor.next ?? page.serverTime - OVERLAP_MS;
  if (last === undefined) return { ...cursor, next };
  const at = isoOf(last('SystemModstamp'));
  if (at === null) throw new TypeError(`A row of ${source} has no SystemModstamp.`);
  return { ...cursor, next, at, afterId: String(last('Id')), hasRows: true };
}

/** An object is through. If it gave nothing its time stays: an empty answer moves nothing. */
export const ended = (cursor: Cursor, source: string): Cursor =>
  cursor.hasRows && cursor.next !== null
    ? { ...cursor, since: { ...cursor.since, [source]: cursor.next } }
    : cursor;
