import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { withContactRoles } from './contact-roles.ts';
import { type Cursor, cursorOf, nextSource } from './cursor.ts';
import { columnsOf, liveWhere, SOBJECTS, type SObject, sourcesOf } from './objects.ts';
import { readByIds } from './pull-ids.ts';
import { toRecord } from './records.ts';
import { canRead, schemaOf } from './schema.ts';
import {
  chunks,
  IDS_IN_QUERY,
  inList,
  instant,
  isoOf,
  QUERY_PAGE,
  type QueryPage,
  query,
  quote,
  wholeQuery,
} from './soql.ts';

/** A transaction is seen when it ends, with the time at which it began: each pass begins this long before the last. */
export const OVERLAP_MS = 10 * 60_000;

const ROLES = 'OpportunityContactRole';
const CONSENT = 'Individual';
/** Contacts whose account changed. */
const ACCOUNTS = 'Contact.Account';

/** What tells that a record of ours changed: its own rows, and those that it takes values or links from. */
export const changeSources = (object: PullRequest['object']): string[] => {
  if (object === 'deal') return [...SOBJECTS.deal, ROLES];
  return object === 'contact' ? [...SOBJECTS.contact, CONSENT, ACCOUNTS] : [...SOBJECTS[object]];
};

/**
 * Records by change time, then id: any number may share a time, and one that changes meanwhile moves to the end.
 * A record also counts as changed when one did that it takes values from, which does not touch the record itself:
 * a deal's contact roles, a person's consent, their account.
 */
export async function* pullChanged(
  context: Context<SalesforceConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  const { object } = request;
  let cursor = cursorOf(request.cursor);
  const sources = await presentSources(context, request);
  const end = () => ({ since: cursor.since });
  for (let source = sources[cursor.source]; source !== undefined; source = sources[cursor.source]) {
    const part = await READERS[source](context, request, cursor);
    cursor = passed(cursor, source, part.page, STAMPS[source]);
    const isLast = isEnd(part.page);
    const done = isLast && cursor.source === sources.length - 1;
    if (isLast) cursor = nextSource(ended(cursor, source));
    const records = object === 'deal' ? await withContactRoles(context, part.records) : part.records;
    yield { records, cursor: done ? end() : cursor, done };
    if (done) return;
  }
  // What was still to be read was hidden from us meanwhile.
  yield { records: [], cursor: end(), done: true };
}

type Source = SObject | typeof ROLES | typeof CONSENT | typeof ACCOUNTS;

/** Those sources that the org has, shows us, and that what we read depends on. */
async function presentSources(
  context: Context<SalesforceConfig>,
  { object, properties }: PullRequest,
): Promise<Source[]> {
  const sources: Source[] = [...(await sourcesOf(context, object))];
  if (object === 'deal' && (await schemaOf(context, ROLES)) !== null) sources.push(ROLES);
  if (object !== 'contact') return sources;
  const paths = await Promise.all(
    (await sourcesOf(context, object)).map(
      async (sobject) => (await columnsOf(context, sobject, properties)).select,
    ),
  );
  const reads = (prefix: string) => paths.flat().some((path) => path.startsWith(prefix));
  if (reads(`${CONSENT}.`)) sources.push(CONSENT);
  // A person account is written as an account.
  const isBehind = reads('Account.') || reads('IsPersonAccount');
  if (isBehind && (await canRead(context, 'Contact', STAMPS[ACCOUNTS]))) sources.push(ACCOUNTS);
  return sources;
}

/** Where a row of each source says when it changed. */
const STAMPS: Record<Source, string> = {
  Contact: 'SystemModstamp',
  Lead: 'SystemModstamp',
  Account: 'SystemModstamp',
  Opportunity: 'SystemModstamp',
  [ROLES]: 'SystemModstamp',
  [CONSENT]: 'SystemModstamp',
  [ACCOUNTS]: 'Account.SystemModstamp',
};

type Part = { page: QueryPage; records: SourceRecord[] };
type Reader = (context: Context<SalesforceConfig>, request: PullRequest, cursor: Cursor) => Promise<Part>;

const changedRecords =
  (sobject: SObject): Reader =>
  async (context, { object, properties }, cursor) => {
    const columns = await columnsOf(context, sobject, properties);
    // A lead that was converted since is told as merged.
    const where = sobject === 'Lead' ? [] : await liveWhere(context, sobject);
    const page = await queryChanged(context, { select: columns.select, from: sobject, where }, cursor);
    return { page, records: page.rows.map((row) => toRecord(object, sobject, row, columns)) };
  };

const READERS: Record<Source, Reader> = {
  Contact: changedRecords('Contact'),
  Lead: changedRecords('Lead'),
  Account: changedRecords('Account'),
  Opportunity: changedRecords('Opportunity'),

  async [ROLES](context, request, cursor) {
    const select = ['Id', 'SystemModstamp', 'OpportunityId'];
    const page = await queryChanged(context, { select, from: ROLES, where: [], withDeleted: true }, cursor);
    const ids = [...new Set(page.rows.map((row) => String(row('OpportunityId'))))];
    return { page, records: await readByIds(context, request, 'Opportunity', ids) };
  },

  async [CONSENT](context, request, cursor) {
    const page = await queryChanged(
      context,
      { select: ['Id', 'SystemModstamp'], from: CONSENT, where: [] },
      cursor,
    );
    const individuals = page.rows.map((row) => String(row('Id')));
    const records: SourceRecord[] = [];
    for (const sobject of await sourcesOf(context, request.object)) {
      if (!(await canRead(context, sobject, 'IndividualId'))) continue;
      for (const some of chunks(individuals, IDS_IN_QUERY)) {
        const soql = `SELECT Id FROM ${sobject} WHERE IndividualId IN ${inList(some)}`;
        const ids = (await wholeQuery(context, soql)).map((row) => String(row('Id')));
        records.push(...(await readByIds(context, request, sobject, ids)));
      }
    }
    return { page, records };
  },

  async [ACCOUNTS](context, { object, properties }, cursor) {
    const stamp = STAMPS[ACCOUNTS];
    const columns = await columnsOf(context, 'Contact', properties);
    const isRead = columns.select.some((path) => path.startsWith('Account.'));
    const of = {
      select: [...columns.select, stamp],
      from: 'Contact',
      where: isRead ? [] : ['IsPersonAccount = true'],
      stamp,
    };
    const page = await queryChanged(context, of, cursor, sinceOf(cursor, ACCOUNTS));
    return { page, records: page.rows.map((row) => toRecord(object, 'Contact', row, columns)) };
  },
};

/** A source that a cursor of an earlier version does not know begins where the others stand. */
function sinceOf({ since }: Cursor, source: string): number {
  const others = Object.values(since);
  return since[source] ?? (others.length > 0 ? Math.min(...others) : 0);
}

/** A page of rows in order of change, from where the cursor stands. */
export function queryChanged(
  context: Context<SalesforceConfig>,
  of: { select: string[]; from: string; where: string[]; withDeleted?: boolean; stamp?: string },
  cursor: Cursor,
  since: number = sinceOf(cursor, of.from),
): Promise<QueryPage> {
  const { stamp = 'SystemModstamp' } = of;
  const after =
    cursor.at === null || cursor.afterId === null
      ? `${stamp} >= ${instant(since)}`
      : `(${stamp} > ${cursor.at} OR (${stamp} = ${cursor.at} AND Id > ${quote(cursor.afterId)}))`;
  const where = [...of.where, after].join(' AND ');
  const soql = `SELECT ${of.select.join(', ')} FROM ${of.from} WHERE ${where} ORDER BY ${stamp}, Id LIMIT ${QUERY_PAGE}`;
  return query(context, soql, { withDeleted: of.withDeleted });
}

/** The last page of an object: a short one that is whole. An empty page after others is asked for again. */
export const isEnd = ({ rows, isWhole }: QueryPage) =>
  rows.length === 0 || (isWhole && rows.length < QUERY_PAGE);

/** The cursor after a page. */
export function passed(cursor: Cursor, source: string, page: QueryPage, stamp = 'SystemModstamp'): Cursor {
  const last = page.rows.at(-1);
  const next = cursor.next ?? page.serverTime - OVERLAP_MS;
  if (last === undefined) return { ...cursor, next };
  const at = isoOf(last(stamp));
  if (at === null) throw new TypeError(`A row of ${source} has no ${stamp}.`);
  return { ...cursor, next, at, afterId: String(last('Id')), hasRows: true };
}

/** An object is through. If it gave nothing its time stays: an empty answer moves nothing. */
export const ended = (cursor: Cursor, source: string): Cursor =>
  cursor.hasRows && cursor.next !== null
    ? { ...cursor, since: { ...cursor.since, [source]: cursor.next } }
    : cursor;
