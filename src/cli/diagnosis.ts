import { nextTimes } from '../../jobs/schedules.ts';
import { toAppError } from '../errors.ts';
import { preflight } from '../pipeline/connection/preflight.ts';
import { pinsNow, readPlans } from '../pipeline/publish/plans.ts';
import { listFalls } from '../pipeline/pull/falls.ts';
import { listRefusals } from '../pipeline/push/refusals.ts';
import { indexAttributes } from '../segmentation/attribute-index.ts';
import { unmetSegments } from '../segmentation/requirements.ts';
import { listAttributes } from '../store/columns.ts';
import { type ConnectionRow, listConnections } from '../store/connections.ts';
import { listMappings } from '../store/mappings.ts';
import { listRuns } from '../store/runs.ts';
import { listSchedules } from '../store/schedules.ts';
import { listPublished } from '../store/segmentations.ts';
import { listTargets, type TargetRow } from '../store/targets.ts';
import { unknownRates } from '../views/unknown-rates.ts';
import pc from './colours.ts';
import { count, counted, type Output } from './output.ts';
import type { Session } from './session.ts';

export type Finding = { area: string; level: 'ok' | 'warning' | 'error'; message: string; action: string };

type Findings = AsyncGenerator<Omit<Finding, 'area'>, void, void>;

/** A schedule may fire this late before somebody is told. */
const LATE_MS = 15 * 60_000;

const ok = (message: string) => ({ level: 'ok' as const, message, action: '' });
const warning = (message: string, action: string) => ({ level: 'warning' as const, message, action });
const error = (message: string, action: string) => ({ level: 'error' as const, message, action });

/** Everything that is missing or wrong, area by area, each with its mend. */
export async function* diagnose(
  session: Session,
  options: { offline: boolean },
): AsyncGenerator<Finding, void, void> {
  const areas: [string, Findings][] = [
    ['Settings and store', checkStore(session)],
    ['Connections', checkConnections(session, options.offline)],
    ['Data', checkData(session)],
    ['Segments', checkSegments(session)],
    ['Targets', checkTargets(session)],
    ['Runs', checkRuns(session)],
  ];
  for (const [area, findings] of areas) for await (const finding of findings) yield { area, ...finding };
}

const MARKS = { ok: pc.green('✓'), warning: pc.yellow('!'), error: pc.red('✗') };

export function showFinding({ level, message, action }: Omit<Finding, 'area'>, output: Output): void {
  output.line(`  ${MARKS[level]} ${message}`);
  if (action !== '') output.line(`      ${action}`);
}

/** Where the data is kept, without passwords. */
export function describeSource({ app }: Pick<Session, 'app'>): string {
  const { databaseUrl, dataDir } = app.config;
  if (databaseUrl === undefined) return dataDir;
  const { host, pathname } = new URL(databaseUrl);
  return `${host}${pathname}`;
}

async function* checkStore({ app, tenant }: Session): Findings {
  const { config, backend } = app;
  const kind = config.databaseUrl === undefined ? 'embedded, in' : 'on the server';
  yield ok(
    `The store is open (${kind} ${describeSource({ app })}); tenant ${tenant.id}, ${tenant.zone}, ${tenant.currency}.`,
  );
  try {
    const counts = await backend.queue.getJobCounts('failed');
    yield ok(`The queue answers (${config.redis.url === undefined ? 'in Postgres' : 'Redis'}).`);
    const failed = counts.failed ?? 0;
    if (failed > 0)
      yield warning(`${counted(failed, 'job')} failed for good.`, 'Look at the runs below and at the log.');
  } catch (cause) {
    yield error(
      `The queue does not answer: ${toAppError(cause).message}`,
      'Check REDIS_URL, or unset it to keep the queue in Postgres.',
    );
  }
  if (config.publicUrl === undefined)
    yield ok('PUBLIC_URL is not set: no webhooks; changes are found by runs.');
}

async function* checkConnections(session: Session, offline: boolean): Findings {
  const { app, tenant } = session;
  const connections = await listConnections(app.store.pool, tenant);
  if (connections.length === 0)
    yield error(
      'No CRM is connected.',
      'Run `connect hubspot`, `connect salesforce` or `connect csv --folder PATH`.',
    );
  for (const connection of connections) {
    if (connection.state !== 'connected') {
      yield error(
        `${connection.name}: ${connection.reason?.message ?? connection.state}`,
        `${connection.reason?.action ?? ''} Here: \`connect ${connection.system}\`.`.trimStart(),
      );
    } else if (offline) yield ok(`${connection.name} (${connection.system}) is connected; it was not asked.`);
    else yield* askConnection(session, connection);
  }
}

/** The connector's own preflight, with what is mapped today. */
async function* askConnection({ app, tenant }: Session, connection: ConnectionRow): Findings {
  const stop = new AbortController();
  const connections = app.openConnections({ tenant, asOf: new Date(), signal: stop.signal });
  try {
    const items = await preflight(app.store.pool, tenant, await connections.open(connection.id));
    for (const { ok: isOk, level, message, action } of items) {
      const text = `${connection.name}: ${message}`;
      yield isOk ? ok(text) : level === 'error' ? error(text, action) : warning(text, action);
    }
  } catch (cause) {
    const { message, action } = toAppError(cause);
    yield error(`${connection.name}: ${message}`, action);
  } finally {
    await connections.close();
  }
}

async function* checkData({ app, tenant }: Session): Findings {
  const { pool } = app.store;
  const mappings = await listMappings(pool, tenant);
  for (const { object, attribute, problem } of mappings)
    if (problem !== null)
      yield error(
        `${object}.${attribute}: ${problem}`,
        'Bring the property back, or map another one. Segments that use it keep their labels.',
      );
  const filling = mappings.filter(({ filled, problem }) => !filled && problem === null);
  if (filling.length > 0)
    yield warning(
      `${counted(filling.length, 'attribute')} ${filling.length === 1 ? 'is' : 'are'} not read for all records yet.`,
      'The next run reads them.',
    );
  for (const { connectionId, object, missing, live } of await listFalls(pool, tenant)) {
    yield error(
      `${connectionId}: ${count(missing)} of ${counted(live, `${object} record`)} are suddenly gone; none was removed.`,
      `Look in the CRM. If they are really gone: \`accept-fall ${object}\`.`,
    );
  }
  for (const { currency, deals, isGiven } of await unknownRates(pool, tenant)) {
    yield warning(
      `${counted(deals, 'won deal')} in ${currency} can't be brought into ${tenant.currency}${isGiven ? ' yet' : ': no rate is known'}.`,
      isGiven
        ? 'The next run takes the rate that was given; deals closed before its first day need an earlier one.'
        : `Add the rate in the CRM, or give one under Mapping, or with \`rates set ${currency} RATE\`; until then their revenue counts as unknown.`,
    );
  }
  if (mappings.length > 0)
    yield ok(`${counted(mappings.length, 'mapping')} from CRM properties to attributes.`);
}

async function* checkSegments(session: Session): Findings {
  const { app, tenant } = session;
  const { pool } = app.store;
  const published = (await listPublished(pool, tenant)).map(({ definition }) => definition);
  if (published.length === 0)
    yield warning(
      'No segmentation is published.',
      'Run `templates`, then `apply --template KEY` or `apply FILE`.',
    );
  else yield ok(`${counted(published.length, 'segmentation')} published.`);
  for (const { segmentation, segment, missing } of unmetSegments(
    published,
    indexAttributes(await listAttributes(pool, tenant)),
  )) {
    yield warning(
      `${segmentation}.${segment} needs ${missing.join(', ')}; nobody gets it.`,
      `Feed ${missing.join(' and ')} from a CRM property, or take the segment out.`,
    );
  }
  yield* checkWaiting(session);
}

/** Segmentations that no run can work out now. */
async function* checkWaiting({ app, tenant }: Session): Findings {
  const { pool } = app.store;
  const { waiting } = await readPlans(pool, tenant, { asOf: new Date(), pins: await pinsNow(pool, tenant) });
  for (const { segmentation, reason } of waiting)
    yield warning(
      `${segmentation} keeps its present labels: ${reason.replace(/\.$/, '')}.`,
      'The next run works it out, once that is mended.',
    );
}

/** What a run left out, and goes on leaving out until somebody mends it. No CRM is asked. */
export async function leftOut(session: Session): Promise<Omit<Finding, 'area'>[]> {
  const found: Omit<Finding, 'area'>[] = [];
  for (const findings of [checkConnections(session, true), checkData(session), checkTargets(session)])
    for await (const finding of findings) if (finding.level === 'error') found.push(finding);
  for await (const finding of checkWaiting(session)) found.push(finding);
  return found;
}

/** What keeps targets from being written, those with one reason together. */
function* checkReasons(targets: readonly TargetRow[]) {
  for (const alike of Object.values(
    Object.groupBy(targets, ({ state, reason }) => `${state} ${reason?.message}`),
  )) {
    const [first] = alike ?? [];
    if (!alike || !first?.reason) continue;
    const ids = alike.map(({ id }) => id);
    const shown =
      ids.length > 8 ? `${ids.slice(0, 8).join(', ')} and ${ids.length - 8} more` : ids.join(', ');
    const { message, action } = first.reason;
    if (first.state === 'paused') yield ok(`${shown}: paused. ${message}`);
    // Released, and yet not written: something is missing in the CRM.
    else if (first.state === 'live') yield error(`${shown}: ${message}`, action);
    else yield warning(`${shown}: ${message}`, action);
  }
}

async function* checkTargets({ app, tenant }: Session): Findings {
  const { pool } = app.store;
  const targets = await listTargets(pool, tenant);
  yield* checkReasons(targets);
  const live = targets.filter(({ state }) => state === 'live').length;
  if (targets.length > 0) yield ok(`${count(live)} of ${counted(targets.length, 'target')} live.`);
  for (const { connectionId, object, code, message, records } of await listRefusals(pool, tenant)) {
    yield warning(
      `${connectionId}: ${counted(records, `${object} record`)} refused (${code}): ${message}`,
      'Mend the records in the CRM; each run tries them again. `refusals` names them.',
    );
  }
}

async function* checkRuns({ app, tenant }: Session): Findings {
  const { pool } = app.store;
  const [last] = await listRuns(pool, tenant, 1);
  const schedules = (await listSchedules(pool, tenant)).filter(({ job }) => job === 'run');
  const active = schedules.filter(({ paused }) => !paused);
  if (last === undefined) yield warning('There was no run yet.', 'Start one: `run --dry-run`.');
  else if (last.state === 'failed')
    yield error(
      `Run ${last.id} failed: ${last.reason?.message ?? ''}`,
      last.reason?.action ?? 'Start another one.',
    );
  else
    yield ok(
      `Run ${last.id} is ${last.state} (${last.requestedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC).`,
    );
  if (schedules.length === 0)
    yield warning(
      'No schedule is set; runs start by hand.',
      'Set one: `schedule --cron "0 6 * * *"`, and keep `npm start` running.',
    );
  else if (active.length === 0) yield warning('All schedules are paused.', 'Set one again without --pause.');
  for (const { id, timing } of active) {
    const due = last && nextTimes(timing, last.requestedAt, 1)[0];
    if (due && Date.now() - due.getTime() > LATE_MS)
      yield error(
        `Schedule ${id} should have started a run at ${due.toISOString()}.`,
        'Keep `npm start` (or a worker) running.',
      );
    else yield ok(`Schedule ${id} is set.`);
  }
}
