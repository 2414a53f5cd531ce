import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Scalar } from '../../src/model/record.ts';
import type { Context } from '../contract.ts';
import { call, dataPath, serverTime } from './client.ts';
import type { SalesforceConfig } from './config.ts';

/** Rows of a query page; it may have fewer at any time. */
export const QUERY_PAGE = 2_000;

/** Salesforce gives a query two minutes. */
const QUERY_TIMEOUT_MS = 130_000;

/** Reads a field of a row by its name or path; null where it is empty. */
export type Row = (path: string) => Scalar;

const Value: z.ZodType<unknown> = z.unknown();
const RawRow = z.record(z.string(), Value);
const QueryAnswer = z.object({
  totalSize: z.int().min(0),
  done: z.boolean(),
  nextRecordsUrl: z.string().optional(),
  records: z.array(RawRow),
});

export const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Ids that a short query can name. */
export const IDS_IN_QUERY = 400;

/** Salesforce takes an address with its headers up to 16,384 bytes; an id, quoted and encoded, takes 27 of them. */
const ADDRESS_BYTES = 14_000;
const ID_BYTES = 27;

/** How many ids fit into a query beside its fields. */
export function idsBeside(fields: readonly string[]): number {
  const taken = encodeURIComponent(fields.join(', ')).length;
  return Math.max(10, Math.min(IDS_IN_QUERY, Math.floor((ADDRESS_BYTES - taken) / ID_BYTES)));
}

export function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

export const inList = (values: readonly string[]) => `(${values.map(quote).join(',')})`;

export type QueryPage = {
  rows: Row[];
  total: number;
  isWhole: boolean;
  next: string | null;
  serverTime: number;
};

/** One page. `withDeleted` reads the recycle bin too. */
export async function query(
  context: Context<SalesforceConfig>,
  soql: string,
  options: { withDeleted?: boolean; expectsRows?: boolean; hasOtherWay?: boolean } = {},
): Promise<QueryPage> {
  const path = dataPath(options.withDeleted ? '/queryAll' : '/query');
  const given = { method: 'GET' as const, path, query: { q: soql }, rows: QUERY_PAGE };
  const { hasOtherWay } = options;
  const ask = () => call(context, { ...given, timeoutMs: QUERY_TIMEOUT_MS, hasOtherWay }, QueryAnswer);
  let answer = await ask();
  // An empty page where rows were to be expected is asked for again before it is believed.
  if (answer.data.totalSize === 0 && options.expectsRows) answer = await ask();
  return pageOf(answer);
}

/** All rows of a query that names few: a page may always have fewer than there are. */
export async function wholeQuery(
  context: Context<SalesforceConfig>,
  soql: string,
  options: { withDeleted?: boolean } = {},
): Promise<Row[]> {
  let page = await query(context, soql, options);
  const rows = [...page.rows];
  while (!page.isWhole && page.next !== null) {
    page = await queryMore(context, page.next);
    rows.push(...page.rows);
  }
  return rows;
}

/** The page after, by the address that the one before gave. */
export async function queryMore(context: Context<SalesforceConfig>, next: string): Promise<QueryPage> {
  return pageOf(await call(context, { method: 'GET', path: next, rows: QUERY_PAGE }, QueryAnswer));
}

function pageOf({ data, headers }: { data: z.infer<typeof QueryAnswer>; headers: Headers }): QueryPage {
  return {
    rows: data.records.map(rowOf),
    total: data.totalSize,
    isWhole: data.done,
    next: data.nextRecordsUrl ?? null,
    serverTime: serverTime(headers),
  };
}

/** A row as REST gives it: what lies behind a relationship is nested. */
export function rowOf(record: Record<string, unknown>): Row {
  return (path) => {
    let value: unknown = record;
    for (const step of path.split('.')) {
      const parsed = RawRow.safeParse(value);
      value = parsed.success ? parsed.data[step] : undefined;
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    return null;
  };
}

/** How many rows there are; zero is asked for twice. Where counting takes Salesforce too long, how many it thinks there are. */
export async function count(
  context: Context<SalesforceConfig>,
  from: string,
  where: string[] = [],
): Promise<{ count: number; serverTime: number }> {
  const soql = `SELECT COUNT() FROM ${from}${whereOf(where)}`;
  try {
    const page = await query(context, soql, { expectsRows: true, hasOtherWay: true });
    return { count: page.total, serverTime: page.serverTime };
  } catch (error) {
    if (!(error instanceof RemoteError && TOO_LONG.has(error.code))) throw error;
    return roughCount(context, from);
  }
}

const TOO_LONG = new Set(['QUERY_TIMEOUT', 'timeout']);

const RecordCount = z.object({ sObjects: z.array(z.object({ name: z.string(), count: z.int() })) });

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_record_count.htm */
async function roughCount(context: Context<SalesforceConfig>, from: string) {
  const path = dataPath('/limits/recordCount');
  const given = { method: 'GET' as const, path, query: { sObjects: from } };
  const { data, headers } = await call(context, given, RecordCount);
  const found = data.sObjects.find(({ name }) => name === from);
  return { count: found?.count ?? 0, serverTime: serverTime(headers) };
}

export const whereOf = (conditions: string[]) =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;

/** All rows in the order of their ids, page by page; no locator that could grow old. `select` has the Id. */
export async function* allRows(
  context: Context<SalesforceConfig>,
  of: { select: string; from: string; where: string[]; withDeleted?: boolean },
): AsyncGenerator<Row[], void, void> {
  for (let after: string | null = null; ; ) {
    const where = after === null ? of.where : [...of.where, `Id > ${quote(after)}`];
    const soql = `SELECT ${of.select} FROM ${of.from}${whereOf(where)} ORDER BY Id LIMIT ${QUERY_PAGE}`;
    const { rows, isWhole } = await query(context, soql, { withDeleted: of.withDeleted });
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || (isWhole && rows.length < QUERY_PAGE)) return;
    after = String(last('Id'));
  }
}

/** An instant as Salesforce takes it in a query. */
export const instant = (ms: number) => new Date(ms).toISOString();

/** An instant as Salesforce gives it ("+0000"), in ISO 8601. */
export function isoOf(value: Scalar): string | null {
  if (typeof value !== 'string') return null;
  const time = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
