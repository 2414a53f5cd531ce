import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse';
import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context } from '../contract.ts';
import { allowedApiUrl, exchange, pinnedFetch } from '../http.ts';
import { API_VERSION, SALESFORCE_HOSTS } from './app.ts';
import { call, dataPath, headersOf, requestOf, urlOf } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import type { BulkJob } from './cursor.ts';
import { DIALECT, isNotFound } from './dialect.ts';
import type { Row } from './soql.ts';

/** Rows of one page of results: some 10 MB at most, as they are held at once. */
const RESULT_ROWS = 10_000;
const MAX_PAGE_BYTES = 256 * 1024 * 1024;
/** A page may be long, but not for ever. */
const PAGE_TIMEOUT_MS = 5 * 60_000;
/** Each look at a job is a call. Looks come further apart; after the last of them the caller may commit and go on. */
const POLL_MS = [150, 250, 400, 700, 1_100, 1_800];
/** A job that took longer is looked at once in each step. */
const LATER_MS = 4_000;

export type BulkAnswer =
  /** Made just now, or still at work. */
  { state: 'waiting'; job: BulkJob } | { state: 'rows'; job: BulkJob; rows: Row[] } | { state: 'failed' };

const JobAnswer = z.object({ id: z.string(), state: z.string(), errorMessage: z.string().nullish() });

/**
 * One step of a bulk query: without a job it makes one, with one it waits for it a little and gives the next page of
 * its results, after which `job.locator` is null at the end. A job that is gone, or not ours to read any more, failed.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
 */
export async function bulkRows(
  context: Context<SalesforceConfig>,
  soql: string,
  job: BulkJob | null,
): Promise<BulkAnswer> {
  try {
    if (job === null) return await begun(context, soql);
    if (job.locator === null) {
      const state = await settled(context, job);
      if (state === 'waiting') return { state, job: { ...job, polls: job.polls + 1 } };
      if (state === 'failed') return { state };
    }
    const page = await resultPage(context, job);
    return { state: 'rows', rows: page.rows, job: { ...job, locator: page.locator } };
  } catch (error) {
    const isLost = isNotFound(error) || (error instanceof RemoteError && error.status === 409);
    const isTooOld = error instanceof RemoteError && /LOCATOR/.test(error.code);
    if (job !== null && (isLost || isTooOld)) return { state: 'failed' };
    throw error;
  }
}

/** The org may have no bulk queries, or none left today: what is asked is then asked in another way. */
async function begun(context: Context<SalesforceConfig>, soql: string): Promise<BulkAnswer> {
  try {
    return { state: 'waiting', job: await createJob(context, soql) };
  } catch (error) {
    const isRefused =
      error instanceof RemoteError && !error.retryable && error.status >= 400 && error.status < 500;
    if (!isRefused) throw error;
    context.log.warn({ code: error.code }, 'bulk query refused');
    return { state: 'failed' };
  }
}

async function createJob(context: Context<SalesforceConfig>, soql: string): Promise<BulkJob> {
  const body = { operation: 'query', query: soql };
  const { data } = await call(context, { method: 'POST', path: dataPath('/jobs/query'), body }, JobAnswer);
  return { id: data.id, version: API_VERSION, locator: null, polls: 0 };
}

async function settled(
  context: Context<SalesforceConfig>,
  job: BulkJob,
): Promise<'done' | 'waiting' | 'failed'> {
  const path = dataPath(`/jobs/query/${job.id}`, job.version);
  const isLate = job.polls > 0;
  for (const waitMs of isLate ? [LATER_MS] : POLL_MS) {
    if (isLate) await sleep(waitMs, undefined, { signal: context.signal });
    const { data } = await call(context, { method: 'GET', path }, JobAnswer);
    if (data.state === 'JobComplete') return 'done';
    if (data.state === 'Failed' || data.state === 'Aborted') {
      context.log.warn({ job: job.id, state: data.state, reason: data.errorMessage }, 'bulk query failed');
      return 'failed';
    }
    if (!isLate) await sleep(waitMs, undefined, { signal: context.signal });
  }
  return 'waiting';
}

type ResultPage = { rows: Row[]; locator: string | null };

/**
 * A page of results. It is parsed as it comes in, inside the call: one that breaks off, or has other rows than it
 * says, is a failed call like any other and is asked for again.
 */
async function resultPage(context: Context<SalesforceConfig>, job: BulkJob): Promise<ResultPage> {
  const query = { maxRecords: RESULT_ROWS, ...(job.locator !== null && { locator: job.locator }) };
  const given = {
    method: 'GET' as const,
    path: dataPath(`/jobs/query/${job.id}/results`, job.version),
    query,
    rows: RESULT_ROWS,
    expect: 'text' as const,
  };
  let rows: Row[] = [];
  const request = { ...requestOf(given), timeoutMs: PAGE_TIMEOUT_MS };
  const answer = await exchange(context, DIALECT, request, async ({ accessToken, apiUrl }, signal) => {
    const origin = allowedApiUrl(apiUrl, SALESFORCE_HOSTS);
    const response = await pinnedFetch(context.fetch, origin)(urlOf(origin, given), {
      headers: { ...headersOf(given), authorization: `Bearer ${accessToken}`, accept: 'text/csv' },
      signal,
    });
    const { status, headers } = response;
    if (!response.ok || !(headers.get('content-type') ?? '').includes('csv')) return response;
    rows = await csvRows(response, job);
    return new Response(null, { status, headers });
  });
  const locator = answer.headers.get('sforce-locator');
  return { rows, locator: locator === null || locator === 'null' || locator === '' ? null : locator };
}

/** Rows of a CSV page; its first line, repeated on each page, names the columns. */
async function csvRows(response: Response, job: BulkJob): Promise<Row[]> {
  const rows: Row[] = [];
  let header: Map<string, number> | undefined;
  let bytes = 0;
  const capped = async function* (body: AsyncIterable<Uint8Array>) {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > MAX_PAGE_BYTES) throw broken(job, 'sent a page of more than 256 MB', false);
      yield chunk;
    }
  };
  try {
    // One delimiter: jsforce tries six, and breaks on a value of a multi-select list.
    const parser = parse({ bom: true });
    // An error on the way ends the parser, and so the loop; it is nobody else's.
    pipeline(capped(response.body ?? new ReadableStream()), parser, () => undefined);
    for await (const line of parser) {
      const cells = z.array(z.string()).parse(line);
      if (header === undefined) header = new Map(cells.map((name, index) => [name.toLowerCase(), index]));
      else rows.push(csvRow(header, cells));
    }
  } catch (cause) {
    if (cause instanceof RemoteError) throw cause;
    throw broken(job, 'sent a page that breaks off', true, cause);
  }
  const told = response.headers.get('sforce-numberofrecords');
  // Where nothing was found, not even the names of the columns may come.
  const isWhole = header !== undefined || told === '0';
  if (!isWhole || (told !== null && Number(told) !== rows.length)) {
    throw broken(job, `sent ${rows.length} rows where it said ${told ?? 'some'}`, true);
  }
  return rows;
}

function csvRow(header: Map<string, number>, cells: string[]): Row {
  return (path) => {
    const cell = cells[header.get(path.toLowerCase()) ?? -1];
    return cell === undefined || cell === '' ? null : cell;
  };
}

const broken = (job: BulkJob, what: string, retryable: boolean, cause?: unknown) =>
  new RemoteError('truncated', `Salesforce ${what} for the bulk query ${job.id}. Nothing was read from it.`, {
    status: 200,
    retryable,
    action: 'Nothing to do: we try again. If it stays, look at the status page of Salesforce.',
    cause,
  });
