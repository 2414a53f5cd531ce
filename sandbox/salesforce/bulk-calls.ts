import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { cellOf, csvLine, type JobState, type JobTiming, stateAt } from './bulk-jobs.ts';
import {
  broken,
  type Context,
  checkAssignHeader,
  jsonBody,
  noContent,
  ok,
  type SalesforceEndpoint,
} from './context.ts';
import { badRequest, notFound, SalesforceError } from './errors.ts';
import type { SObject } from './objects.ts';
import { runSoql, type Selected } from './soql.ts';
import type { Row } from './table.ts';
import { failure, type RowResult } from './write.ts';

/** /jobs/query and /jobs/ingest of Bulk API 2.0. */

const MAX_UPLOAD_BYTES = 150_000_000;
const DEFAULT_RESULT_ROWS = 100_000;
const CHUNK_ROWS = 200;
const KEPT_MS = 7 * 86_400_000;

export type BulkSettings = {
  /** How long a job takes; the org's own clock. */
  delayMs: number;
  /** The next jobs end as Failed. */
  fail: boolean;
  /** Share of an ingest job's rows that end as unprocessed. */
  unprocessedShare: number;
  /** Chance that rows of one account in two chunks lock each other out. */
  lockShare: number;
};

type Job = JobTiming & {
  id: string;
  version: string;
  createdAt: number;
  object: string;
  operation: string;
  aborted: boolean;
};
type QueryJob = Job & { soql: string; selected: Selected[]; rows: Row[] };
type IngestRow = { cells: Record<string, string>; result: RowResult | null };
type IngestJob = Job & { columns: string[]; upload: Buffer | null; uploads: number; rows: IngestRow[] };

const QueryRequest = z.object({ operation: z.enum(['query', 'queryAll']), query: z.string() });
const IngestRequest = z.looseObject({
  object: z.string(),
  operation: z.enum(['insert', 'update', 'delete', 'upsert', 'hardDelete']),
  contentType: z.literal('CSV').optional(),
  lineEnding: z.enum(['LF', 'CRLF']).optional(),
  columnDelimiter: z.literal('COMMA').optional(),
});
const StateChange = z.object({ state: z.enum(['UploadComplete', 'Aborted']) });

export function bulkCalls(context: Context, settings: BulkSettings): { endpoints: SalesforceEndpoint[] } {
  const { org, writer, journal } = context;
  const queries = new Map<string, QueryJob>();
  const ingests = new Map<string, IngestJob>();

  const stateOf = (job: Job, now: number): JobState => (job.aborted ? 'Aborted' : stateAt(job, now));
  const begin = (request: ApiRequest, object: string, operation: string): Job => ({
    id: org.newId('750'),
    version: request.params.version ?? '',
    createdAt: request.now,
    object,
    operation,
    aborted: false,
    startedAt: null,
    delayMs: settings.delayMs,
    fails: settings.fail,
  });
  const common = (job: Job, now: number) => ({
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: org.userId,
    createdDate: new Date(job.createdAt).toISOString().replace('Z', '+0000'),
    systemModstamp: new Date(job.createdAt).toISOString().replace('Z', '+0000'),
    state: stateOf(job, now),
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.version.slice(1)),
    lineEnding: 'LF',
    columnDelimiter: 'COMMA',
  });
  const find = <J extends Job>(jobs: Map<string, J>, request: ApiRequest): J => {
    const job = jobs.get(request.params.id ?? '');
    if (!job || job.createdAt + KEPT_MS < request.now) throw notFound();
    return job;
  };
  const finished = <J extends Job>(jobs: Map<string, J>, request: ApiRequest): J => {
    const job = find(jobs, request);
    if (job.version !== request.params.version)
      throw new SalesforceError(409, 'API_ERROR', `The job was created with API version ${job.version}`);
    if (stateOf(job, request.now) !== 'JobComplete')
      throw badRequest('INVALIDJOBSTATE', 'The job has no results in its present state');
    return job;
  };
  const drop =
    <J extends Job>(jobs: Map<string, J>) =>
    (request: ApiRequest): Reply => {
      const job = find(jobs, request);
      const state = stateOf(job, request.now);
      if (state === 'UploadComplete' || state === 'InProgress')
        throw badRequest('API_ERROR', 'The job is in progress and cannot be deleted');
      jobs.delete(job.id);
      return noContent;
    };

  // Query

  const createQuery = (request: ApiRequest): Reply => {
    if (org.forbidden.has('bulk'))
      throw badRequest('FEATURENOTENABLED', 'Bulk API is not enabled for the organization or user');
    const { operation, query } = jsonBody(request, QueryRequest);
    const result = runSoql(org, query, operation === 'queryAll');
    if (result.kind !== 'rows' || /\boffset\s+\d+\s*$/i.test(query))
      throw badRequest('API_ERROR', 'Aggregate relationships and OFFSET are not supported in a Bulk Query');
    const { object, selected, rows } = result;
    if (selected.some(({ column }) => column.field.type === 'address'))
      throw badRequest('FUNCTIONALITY_NOT_ENABLED', 'Selecting compound data not supported in Bulk Query');
    const job: QueryJob = {
      ...begin(request, object.name, operation),
      startedAt: request.now,
      soql: query,
      selected,
      rows,
    };
    queries.set(job.id, job);
    return ok({ ...common(job, request.now), state: 'UploadComplete' });
  };
  const queryState = (request: ApiRequest): Reply => {
    const job = find(queries, request);
    const state = stateOf(job, request.now);
    const counted = state === 'JobComplete' ? job.rows.length : 0;
    return ok({
      ...common(job, request.now),
      jobType: 'V2Query',
      numberRecordsProcessed: counted,
      retries: 0,
      totalProcessingTime: Math.min(job.delayMs, request.now - job.createdAt),
      ...(state === 'Failed' && { errorMessage: 'Unknown exception: the job failed' }),
    });
  };
  const queryResults = (request: ApiRequest): Reply => {
    const job = finished(queries, request);
    const locator = request.query.get('locator');
    const from = locator ? Number(Buffer.from(locator, 'base64url').toString()) : 0;
    if (!Number.isInteger(from) || from > job.rows.length)
      throw badRequest('INVALID_LOCATOR', 'invalid locator');
    const until = Math.min(
      job.rows.length,
      from + Math.max(1, Number(request.query.get('maxRecords') ?? DEFAULT_RESULT_ROWS)),
    );
    const lines = [csvLine(job.selected.map(({ path, column }) => [...path, column.field.name].join('.')))];
    for (let at = from; at < until; at++) {
      const row = job.rows[at];
      if (row) lines.push(csvLine(job.selected.map(({ column }) => cellOf(column.field, column.read(row)))));
    }
    journal.rowsRead(until - from);
    const next = until < job.rows.length ? Buffer.from(String(until)).toString('base64url') : 'null';
    const headers = { 'sforce-locator': next, 'sforce-numberofrecords': String(until - from) };
    // Nothing found is nothing sent, not even the names of the columns.
    const text = job.rows.length === 0 ? '' : lines.join('');
    return { status: 200, text, contentType: 'text/csv', headers };
  };
  const abortQuery = (request: ApiRequest): Reply => {
    const job = find(queries, request);
    jsonBody(request, StateChange);
    job.aborted = stateOf(job, request.now) !== 'JobComplete';
    return ok(common(job, request.now));
  };

  // Ingest

  const createIngest = (request: ApiRequest): Reply => {
    const { object: name, operation, lineEnding } = jsonBody(request, IngestRequest);
    if (operation !== 'insert' && operation !== 'update' && operation !== 'delete')
      throw badRequest('INVALIDJOB', `operation ${operation} is not offered by this org`);
    if (lineEnding === 'CRLF') throw badRequest('INVALIDJOB', 'this org takes line feeds only');
    const object = org.visibleObject(name);
    if (operation !== 'delete') checkAssignHeader(context, request, [object.name]);
    const job: IngestJob = {
      ...begin(request, object.name, operation),
      columns: [],
      upload: null,
      uploads: 0,
      rows: [],
    };
    ingests.set(job.id, job);
    return ok({
      ...common(job, request.now),
      contentUrl: `services/data/${job.version}/jobs/ingest/${job.id}/batches`,
    });
  };
  const upload = (request: ApiRequest): Reply => {
    const job = find(ingests, request);
    if (stateOf(job, request.now) !== 'Open')
      throw badRequest('INVALIDJOBSTATE', 'the job takes its upload while it is open');
    if (!String(request.headers['content-type']).startsWith('text/csv'))
      throw new SalesforceError(415, 'UNSUPPORTED_MEDIA_TYPE', 'Content-Type must be text/csv');
    if (request.body.length * 1.34 > MAX_UPLOAD_BYTES) {
      broken(context, request, 'oversized_batch', `${request.body.length} bytes, 100 MB at most`);
      throw badRequest('INVALIDBATCH', 'Batch data too large');
    }
    job.upload = request.body;
    job.uploads += 1;
    return { status: 201 };
  };
  const changeState = (request: ApiRequest): Reply => {
    const job = find(ingests, request);
    const { state } = jsonBody(request, StateChange);
    const now = stateOf(job, request.now);
    if (state === 'Aborted') {
      if (now === 'JobComplete' || now === 'Failed') throw badRequest('INVALIDJOBSTATE', 'the job has ended');
      job.aborted = true;
    } else {
      if (now !== 'Open') throw badRequest('INVALIDJOBSTATE', `Closing already closed job: ${job.id}`);
      // A second upload is taken, and closing is refused from then on.
      if (job.uploads > 1)
        throw badRequest(
          'INVALIDJOB',
          `Found multipe contents for job: <${job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you only do 'PUT' once on a given Job.`,
        );
      job.startedAt = request.now;
      if (!job.fails) process(job, request);
      job.upload = null;
    }
    return ok(common(job, request.now));
  };

  const process = (job: IngestJob, request: ApiRequest) => {
    const object = org.object(job.object);
    const lines: unknown = parse(job.upload ?? Buffer.alloc(0), {
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
    });
    const [columns = [], ...rest] = z.array(z.array(z.string())).parse(lines);
    job.columns = columns;
    const accounts = new Map<string, number>();
    job.rows = rest.map((values, n) => {
      const cells = Object.fromEntries(columns.map((name, at) => [name, values[at] ?? '']));
      if (values.length !== columns.length)
        return {
          cells,
          result: failure(
            'INVALID_FIELD',
            `the row has ${values.length} cells, the header ${columns.length}`,
          ),
        };
      if (context.dice() < settings.unprocessedShare) return { cells, result: null };
      if (request.refusesRow() || locked(object, cells, Math.floor(n / CHUNK_ROWS), accounts))
        return {
          cells,
          result: failure('UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record'),
        };
      return { cells, result: write(object, job.operation, cells) };
    });
    journal.rowsWritten(job.rows.filter((row) => row.result?.success).length);
  };
  const write = (object: SObject, operation: string, cells: Record<string, string>): RowResult => {
    const id = cells.Id ?? '';
    if (operation === 'delete') return writer.delete(id);
    if (operation === 'insert') return writer.create(object, cells, { text: true });
    return writer.update(object, id, cells, { text: true });
  };
  /** Contacts of one account in two chunks are written side by side, and wait for the same parent. */
  const locked = (
    object: SObject,
    cells: Record<string, string>,
    chunk: number,
    accounts: Map<string, number>,
  ): boolean => {
    if (settings.lockShare === 0 || object.name !== 'Contact') return false;
    const account = String(org.row('Contact', cells.Id ?? '')?.f.AccountId ?? '');
    if (!account) return false;
    const other = accounts.get(account);
    accounts.set(account, chunk);
    return other !== undefined && other !== chunk && context.dice() < settings.lockShare;
  };

  const ingestState = (request: ApiRequest): Reply => {
    const job = find(ingests, request);
    const done = stateOf(job, request.now) === 'JobComplete';
    const failed = done ? job.rows.filter((row) => row.result?.success === false).length : 0;
    return ok({
      ...common(job, request.now),
      jobType: 'V2Ingest',
      numberRecordsProcessed: done ? job.rows.filter((row) => row.result).length : 0,
      numberRecordsFailed: failed,
      retries: 0,
      ...(stateOf(job, request.now) === 'Failed' && { errorMessage: 'InvalidBatch : the job failed' }),
    });
  };
  /** In no order that the client knows. */
  const shuffled = <T>(rows: T[]): T[] => {
    const order = rows.map((row) => ({ row, at: context.dice() }));
    return order.sort((a, b) => a.at - b.at).map(({ row }) => row);
  };
  const results =
    (head: string[], keep: (row: IngestRow) => unknown[] | null) =>
    (request: ApiRequest): Reply => {
      const job = finished(ingests, request);
      const lines = [csvLine([...head, ...job.columns])];
      for (const row of shuffled(job.rows)) {
        const first = keep(row);
        if (first) lines.push(csvLine([...first, ...job.columns.map((name) => row.cells[name])]));
      }
      return {
        status: 200,
        text: lines.join(''),
        contentType: 'text/csv',
        headers: { 'sforce-numberofrecords': String(lines.length - 1) },
      };
    };
  const successful = results(['sf__Id', 'sf__Created'], ({ result }) =>
    result?.success ? [result.id, result.created === true] : null,
  );
  const failed = results(['sf__Id', 'sf__Error'], ({ result, cells }) => {
    const error = result?.errors[0];
    return error
      ? [cells.Id ?? '', `${error.statusCode}:${error.message}:${error.fields.join(',') || '--'}`]
      : null;
  });
  const unprocessed = results([], ({ result }) => (result === null ? [] : null));

  const q = '/services/data/:version/jobs/query';
  const i = '/services/data/:version/jobs/ingest';
  return {
    endpoints: [
      { method: 'post', path: q, name: 'bulk query create', kind: 'read', handle: createQuery },
      { method: 'get', path: `${q}/:id`, name: 'bulk query state', kind: 'read', handle: queryState },
      {
        method: 'get',
        path: `${q}/:id/results`,
        name: 'bulk query results',
        kind: 'read',
        handle: queryResults,
      },
      { method: 'patch', path: `${q}/:id`, name: 'bulk query abort', kind: 'read', handle: abortQuery },
      { method: 'delete', path: `${q}/:id`, name: 'bulk query delete', kind: 'read', handle: drop(queries) },
      { method: 'post', path: i, name: 'bulk ingest create', kind: 'write', handle: createIngest },
      {
        method: 'put',
        path: `${i}/:id/batches`,
        name: 'bulk ingest upload',
        kind: 'write',
        media: 'text/csv',
        handle: upload,
      },
      { method: 'patch', path: `${i}/:id`, name: 'bulk ingest close', kind: 'write', handle: changeState },
      { method: 'get', path: `${i}/:id`, name: 'bulk ingest state', kind: 'read', handle: ingestState },
      {
        method: 'get',
        path: `${i}/:id/successfulResults`,
        name: 'bulk ingest results',
        kind: 'read',
        handle: successful,
      },
      {
        method: 'get',
        path: `${i}/:id/failedResults`,
        name: 'bulk ingest results',
        kind: 'read',
        handle: failed,
      },
      {
        method: 'get',
        path: `${i}/:id/unprocessedrecords`,
        name: 'bulk ingest results',
        kind: 'read',
        handle: unprocessed,
      },
      { method: 'delete', path: `${i}/:id`, name: 'bulk ingest delete', kind: 'read', handle: drop(ingests) },
    ],
  };
}
