import type { Context, Page, PullRequest } from '../contract.ts';
import { type BulkAnswer, bulkRows } from './bulk-query.ts';
import type { SalesforceConfig } from './config.ts';
import { hasContactRoles, withContactRoles } from './contact-roles.ts';
import { type Cursor, cursorOf, nextSource } from './cursor.ts';
import { type Columns, columnsOf, liveWhere, type SObject, sourcesOf } from './objects.ts';
import { changeSources, OVERLAP_MS } from './pull-changed.ts';
import { toRecord } from './records.ts';
import { count, QUERY_PAGE, query, quote, type Row, whereOf } from './soql.ts';

/** Salesforce's own rule: more records than this are a matter for the Bulk API. */
const BULK_ABOVE = 2_000;
/** Records given at a time: a page of bulk results has several times as many, more than one transaction should take. */
const PART_ROWS = 2_000;
/** A job that failed twice is given up for queries, page by page. */
const MOST_BULK_FAILURES = 2;

/** All live records, or with mode `links` their ids and links. At its end the cursor begins the first `changes`. */
export async function* pullFull(
  context: Context<SalesforceConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  const { object } = request;
  const sources = await sourcesOf(context, object);
  const isLinksOnly = request.mode === 'links';
  let cursor = cursorOf(request.cursor);
  if (cursor.next === null) cursor = await begun(context, request);
  const begin = cursor.next ?? 0;
  const total = cursor.counts.reduce((sum, each) => sum + each, 0);
  const end = { since: Object.fromEntries(changeSources(object).map((name) => [name, begin])) };

  for (let sobject = sources[cursor.source]; sobject !== undefined; sobject = sources[cursor.source]) {
    const columns = await columnsOf(context, sobject, isLinksOnly ? [] : request.properties);
    const page = await readPart(context, sobject, columns, cursor);
    let skip = cursor.skip;
    do {
      const rows = page.rows.slice(skip, skip + PART_ROWS);
      skip += PART_ROWS;
      const hasMore = skip < page.rows.length;
      // Whoever goes on from within a page asks for the same page again.
      const next = hasMore ? { ...cursor, skip } : page.isLast ? nextSource(page.cursor) : page.cursor;
      const done = next.source === sources.length;
      const records = rows.map((row) => toRecord(object, sobject, row, columns));
      yield {
        records: next.hasRoles && object === 'deal' ? await withContactRoles(context, records) : records,
        cursor: done ? end : next,
        done,
        total,
      };
      cursor = next;
      if (done) return;
    } while (cursor.skip > 0);
  }
  // The object that was still to be read was hidden from us meanwhile.
  yield { records: [], cursor: end, done: true, total };
}

/** Counts what there is, and notes when the pass began. */
async function begun(context: Context<SalesforceConfig>, { object }: PullRequest): Promise<Cursor> {
  const counts: number[] = [];
  let next: number | null = null;
  for (const sobject of await sourcesOf(context, object)) {
    const found = await count(context, sobject, await liveWhere(context, sobject));
    counts.push(found.count);
    next ??= found.serverTime - OVERLAP_MS;
  }
  const hasRoles = object === 'deal' && (await hasContactRoles(context));
  return { ...cursorOf(null), next, counts, hasRoles };
}

type Part = { rows: Row[]; cursor: Cursor; isLast: boolean };

async function readPart(
  context: Context<SalesforceConfig>,
  sobject: SObject,
  columns: Columns,
  cursor: Cursor,
): Promise<Part> {
  const where = await liveWhere(context, sobject);
  const size = cursor.counts[cursor.source] ?? 0;
  if (size > BULK_ABOVE && cursor.failures < MOST_BULK_FAILURES) {
    const soql = `SELECT ${columns.select.join(', ')} FROM ${sobject}${whereOf(where)}`;
    return bulkPart(cursor, await bulkRows(context, soql, cursor.job));
  }
  if (cursor.afterId !== null) where.push(`Id > ${quote(cursor.afterId)}`);
  const soql = `SELECT ${columns.select.join(', ')} FROM ${sobject}${whereOf(where)} ORDER BY Id LIMIT ${QUERY_PAGE}`;
  const page = await query(context, soql, { expectsRows: size > 0 });
  const last = page.rows.at(-1);
  const isLast = last === undefined || (page.isWhole && page.rows.length < QUERY_PAGE);
  return { rows: page.rows, cursor: last ? { ...cursor, afterId: String(last('Id')) } : cursor, isLast };
}

/** The job's id is yielded before its results are read: whoever goes on from there does not begin it again. */
function bulkPart(cursor: Cursor, answer: BulkAnswer): Part {
  if (answer.state === 'failed') {
    return {
      rows: [],
      cursor: { ...cursor, job: null, skip: 0, failures: cursor.failures + 1 },
      isLast: false,
    };
  }
  const isLast = answer.state === 'rows' && answer.job.locator === null;
  return {
    rows: answer.state === 'rows' ? answer.rows : [],
    cursor: { ...cursor, job: answer.job, skip: 0 },
    isLast,
  };
}
