import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Outcome, PushAnswer, PushRequest } from '../contract.ts';
import { API_VERSION } from './app.ts';
import { type CsvPart, csvParts } from './bulk-csv.ts';
import { call, dataPath, send } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { isNotFound } from './dialect.ts';
import { failed, type PlannedRow, type PropertyWrite, planRows } from './push-rows.ts';

/** One job per object, or more where its rows are too many bytes; all of them are made before the first row is sent, so that the caller knows their ids. */
const Job = z.object({
  jobs: z.array(
    z.object({
      sobject: z.enum(['Contact', 'Lead', 'Account', 'Opportunity']),
      id: z.string(),
      version: z.string(),
      /** Which part of the object's rows it takes. */
      part: z.int().default(0),
    }),
  ),
  polls: z.int().default(0),
});
type Job = z.infer<typeof Job>;

const State = z.object({ id: z.string(), state: z.string(), errorMessage: z.string().nullish() });

/** For an upload, and for results that are as long. */
const LONG_CALL_MS = 10 * 60_000;
const MAX_RESULT_BYTES = 256 * 1024 * 1024;

const POLL = { firstMs: 200, factor: 1.6, maxMs: 30_000 };

/**
 * One step of a push by bulk jobs: make the jobs, send the rows, wait, read the results. Repeating a step is harmless.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/walkthrough_ingest.htm
 */
export async function pushBulk(
  context: Context<SalesforceConfig>,
  request: PushRequest,
  writes: PropertyWrite[],
  maxBytes?: number,
): Promise<PushAnswer> {
  const { rows, gone } = await planRows(context, writes, request.remotes);
  const groups = Map.groupBy(rows, ({ sobject }) => sobject);
  const partsOf = (sobject: PlannedRow['sobject']) => csvParts(groups.get(sobject) ?? [], maxBytes);
  if (request.job === null) {
    const counts = [...groups.keys()].map((sobject) => ({ sobject, parts: partsOf(sobject).length }));
    return { state: 'waiting', job: await createJobs(context, counts), retryAfterMs: 0 };
  }
  const job = Job.parse(request.job);
  const states = await Promise.all(job.jobs.map((each) => stateOf(context, each)));
  const isLost = states.some((state) => state === 'Lost' || state === 'Aborted' || state === 'Failed');
  if (isLost) return { state: 'done', outcomes: [...gone, ...lostOutcomes(rows)] };
  const open = job.jobs.filter((_each, index) => states[index] === 'Open');
  for (const each of open) await upload(context, each, partsOf(each.sobject)[each.part]);
  if (open.length > 0 || states.some((state) => state !== 'JobComplete')) {
    const polls = job.polls + 1;
    const retryAfterMs = Math.round(Math.min(POLL.maxMs, POLL.firstMs * POLL.factor ** job.polls));
    return { state: 'waiting', job: { ...job, polls }, retryAfterMs };
  }
  const outcomes: Outcome[] = [];
  for (const [sobject, jobs] of Map.groupBy(job.jobs, (each) => each.sobject)) {
    outcomes.push(...(await results(context, jobs, groups.get(sobject) ?? [])));
  }
  return { state: 'done', outcomes: [...gone, ...outcomes] };
}

async function createJobs(
  context: Context<SalesforceConfig>,
  counts: { sobject: PlannedRow['sobject']; parts: number }[],
): Promise<Job> {
  const jobs: Job['jobs'] = [];
  const wanted = counts.flatMap(({ sobject, parts }) =>
    Array.from({ length: parts }, (_, part) => ({ sobject, part })),
  );
  for (const { sobject, part } of wanted) {
    const body = { object: sobject, operation: 'update', contentType: 'CSV', lineEnding: 'LF' };
    const { data } = await call(
      context,
      // A job that nobody fills does nothing, and ends by itself.
      { method: 'POST', path: dataPath('/jobs/ingest'), body, write: true, idempotent: true },
      State,
    );
    jobs.push({ sobject, id: data.id, version: API_VERSION, part });
  }
  return { jobs, polls: 0 };
}

type OneJob = Job['jobs'][number];

const pathOf = ({ id, version }: OneJob, rest = '') => dataPath(`/jobs/ingest/${id}${rest}`, version);

async function stateOf(context: Context<SalesforceConfig>, job: OneJob): Promise<string> {
  try {
    const { data } = await call(context, { method: 'GET', path: pathOf(job) }, State);
    if (data.state === 'Failed') {
      context.log.warn({ job: job.id, reason: data.errorMessage }, 'bulk job failed');
    }
    return data.state;
  } catch (error) {
    if (isNotFound(error)) return 'Lost';
    throw error;
  }
}

/**
 * Sends the rows and closes the job. They are sent once: a job that was given rows twice can't be closed any more, so
 * where we do not know whether they came, it is closed with what it has. What a job has none of has to be read back.
 */
async function upload(
  context: Context<SalesforceConfig>,
  job: OneJob,
  { text, rows }: CsvPart = { text: 'Id\n', rows: 0 },
): Promise<void> {
  try {
    await send(context, {
      method: 'PUT',
      path: pathOf(job, '/batches'),
      text: { type: 'text/csv', of: () => text },
      write: true,
      idempotent: false,
      rows,
      expect: 'nothing',
      timeoutMs: LONG_CALL_MS,
    });
  } catch (error) {
    const isUnknown = error instanceof RemoteError && error.outcomeUnknown;
    if (!isUnknown && !isClosed(error)) throw error;
  }
  try {
    await changeState(context, job, 'UploadComplete');
  } catch (error) {
    // Closed by an earlier try whose answer was lost.
    if (isClosed(error)) return;
    if (!isFull(error)) throw error;
    context.log.warn({ job: job.id }, 'bulk job was given its rows twice');
    await changeState(context, job, 'Aborted');
  }
}

const isRefusal = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && error.status === 400;
const isClosed = (error: unknown) => isRefusal(error) && /STATE/i.test(error.code);
/** "Found multipe contents for job", as Salesforce spells it. */
const isFull = (error: unknown) => isRefusal(error) && /multip\w+ contents/i.test(error.message);

const changeState = (context: Context<SalesforceConfig>, job: OneJob, state: string) =>
  call(
    context,
    { method: 'PATCH', path: pathOf(job), body: { state }, write: true, idempotent: true },
    State,
  );

async function results(
  context: Context<SalesforceConfig>,
  jobs: OneJob[],
  rows: PlannedRow[],
): Promise<Outcome[]> {
  const done = new Set<string>();
  const errors = new Map<string, string>();
  const untouched = new Set<string>();
  for (const job of jobs) {
    const read = (rest: string) => resultRows(context, job, rest);
    for (const row of await read('/successfulResults')) done.add(short(row.sf__Id ?? ''));
    for (const row of await read('/failedResults')) {
      errors.set(short(row.sf__Id || row.Id || ''), row.sf__Error ?? '');
    }
    for (const row of await read('/unprocessedrecords')) untouched.add(short(row.Id ?? ''));
  }
  return rows.map((row): Outcome => {
    const id = short(row.rowId);
    if (done.has(id)) return { id: row.id, state: 'done' };
    const error = errors.get(id);
    if (error !== undefined) return failed(row, errorOf(error));
    if (untouched.has(id)) {
      return {
        id: row.id,
        state: 'refused',
        code: 'UNPROCESSED',
        message: 'Salesforce did not come to this row.',
      };
    }
    return {
      id: row.id,
      state: 'unknown',
      code: 'no_row',
      message: 'Salesforce did not answer for this record.',
    };
  });
}

const short = (id: string) => id.slice(0, 15);

/** "CODE:message:FIELD,FIELD --" as the results spell it. */
function errorOf(text: string): { code: string; message: string; fields: string[] } {
  const [code = ''] = text.split(':', 1);
  const last = text.slice(text.lastIndexOf(':') + 1).replace(/\s*--\s*$/, '');
  return { code, message: text.slice(code.length + 1), fields: last.split(',').map((name) => name.trim()) };
}

const ResultRows = z.array(z.record(z.string(), z.string()));

async function resultRows(context: Context<SalesforceConfig>, job: OneJob, rest: string) {
  const answer = await send(context, {
    method: 'GET',
    path: pathOf(job, rest),
    expect: 'text',
    timeoutMs: LONG_CALL_MS,
    maxBytes: MAX_RESULT_BYTES,
  });
  const told = answer.headers.get('sforce-numberofrecords');
  const truncated = (cause?: unknown) =>
    new RemoteError('truncated', `Salesforce sent a part only of the results of the job ${job.id}.`, {
      status: answer.status,
      retryable: true,
      action: 'Nothing to do: we read them again.',
      cause,
    });
  let rows: z.infer<typeof ResultRows>;
  try {
    rows = ResultRows.parse(parse(answer.text, { columns: true, bom: true, skip_empty_lines: true }));
  } catch (cause) {
    throw truncated(cause);
  }
  if (told !== null && Number(told) !== rows.length) throw truncated();
  return rows;
}

/** What became of a lost job's rows has to be read back. */
const lostOutcomes = (rows: PlannedRow[]): Outcome[] =>
  rows.map(({ id }) => ({
    id,
    state: 'unknown',
    code: 'bulk_job_failed',
    message: 'Salesforce gave up the bulk job that held this row.',
  }));
