import { CronExpressionParser } from 'cron-parser';
import cronstrue from 'cronstrue';
import { IANAZone } from 'luxon';
import type { Logger } from 'pino';
import { connectors } from '../connectors/registry.ts';
import { InputError } from '../src/errors.ts';
import { isPolled } from '../src/pipeline/pull/pull.ts';
import { withLeases } from '../src/pipeline/with-leases.ts';
import { listConnections } from '../src/store/connections.ts';
import type { Pool } from '../src/store/pool.ts';
import { activeRun } from '../src/store/runs.ts';
import { listSchedules, type Schedule, type Timing } from '../src/store/schedules.ts';
import { hasReviewDates } from '../src/store/segmentations.ts';
import { listTenants, type Tenant } from '../src/store/tenant.ts';
import { activeUndo } from '../src/store/undos.ts';
import { queueSlice } from './advance.ts';
import { type JobQueue, TRIES } from './backend.ts';
import { queueDisconnect } from './disconnect.ts';
import { lookEveryMinutes } from './look-rhythm.ts';
import { queuePlayTasks } from './play-tasks.ts';
import { queueUndo } from './undo.ts';
import { recallNotes } from './webhook-refresh.ts';

/** A run that has not moved for this long is queued again; harmless where it is queued already. */
const STILL_MS = 30_000;
/** How often somebody looks whether something is wrong. */
const ALERTS_EVERY_MINUTES = 5;
/** Checks a timing before it is stored. @throws InputError that names what is wrong. */
export function checkTiming(timing: Timing): void {
  if ('everyMinutes' in timing) return;
  if (!IANAZone.isValidZone(timing.zone)) {
    throw new InputError('zone_invalid', `There is no time zone "${timing.zone}".`, {
      action: 'Use a name from the IANA list, such as Europe/Berlin or America/New_York.',
    });
  }
  try {
    // The parser takes nothing at all for every minute.
    if (timing.cron.trim() === '') throw new TypeError('no cron line');
    CronExpressionParser.parse(timing.cron, { tz: timing.zone }).next();
  } catch (error) {
    throw new InputError('cron_invalid', `"${timing.cron}" is not a cron line that ever fires.`, {
      action: 'Write minute, hour, day, month and weekday, such as "0 6 * * 1-5" for six on working days.',
      cause: error,
    });
  }
}

/** A timing in words: "At 06:00 AM, Monday through Friday (Europe/Berlin)". */
export function describeTiming(timing: Timing): string {
  if ('everyMinutes' in timing)
    return timing.everyMinutes === 1 ? 'Every minute' : `Every ${timing.everyMinutes} minutes`;
  return `${cronstrue.toString(timing.cron, { use24HourTimeFormat: true })} (${timing.zone})`;
}

/** The next times at which a schedule fires. */
export function nextTimes(timing: Timing, after: Date, count: number): Date[] {
  if ('everyMinutes' in timing) {
    const stepMs = timing.everyMinutes * 60_000;
    const first = Math.floor(after.getTime() / stepMs + 1) * stepMs;
    return Array.from({ length: count }, (_, index) => new Date(first + index * stepMs));
  }
  const line = CronExpressionParser.parse(timing.cron, { tz: timing.zone, currentDate: after });
  return Array.from({ length: count }, () => line.next().toDate());
}

export type QueueParts = { pool: Pool; queue: JobQueue; log: Logger };

/**
 * Makes the queue agree with Postgres, which is the truth: schedulers for all schedules, none too many, and
 * every run under way has a job. Cheap where nothing is missing; called when a worker starts and on each tick.
 * @throws AggregateError after all others were served, where it failed for some tenants; nothing is removed then
 */
export async function rebuildQueue({ pool, queue, log }: QueueParts): Promise<void> {
  const queued = new Map(
    (await queue.getJobSchedulers(0, -1)).map((scheduler) => [scheduler.key, scheduler]),
  );
  const wanted = new Set<string>();
  const failed: unknown[] = [];
  for (const tenant of await listTenants(pool)) {
    try {
      for (const key of await rebuildTenant({ pool, queue, log }, tenant, queued)) wanted.add(key);
    } catch (error) {
      failed.push(new Error(`The queue of tenant ${tenant.id} was not made complete.`, { cause: error }));
    }
  }
  if (failed.length > 0)
    throw new AggregateError(failed, `The queue lacks jobs of ${failed.length} tenants.`);
  for (const key of queued.keys()) if (!wanted.has(key)) await queue.removeJobScheduler(key);
}

/** @returns the keys of its schedulers */
async function rebuildTenant(
  { pool, queue, log }: QueueParts,
  tenant: Tenant,
  queued: ReadonlyMap<string, Queued>,
): Promise<string[]> {
  const own = await listSchedules(pool, tenant);
  const schedules = [...own, ...(await builtIn(pool, tenant, own))].filter(({ paused }) => !paused);
  const keyOf = ({ id }: Schedule) => `${tenant.id}-${id}`;
  const changed = schedules.filter((schedule) => !isSame(queued.get(keyOf(schedule)), schedule));
  if (changed.length > 0)
    // Two that set the same scheduler at once block each other in BullMQ or leave it two next jobs, so one does; where
    // that is another, the next tick sees whether all is as wanted.
    await withLeases({ pool, tenant, log }, ['queue'], async () => {
      for (const schedule of changed) await upsert(queue, keyOf(schedule), tenant.id, schedule);
    });
  for (const kind of ['full', 'refresh'] as const) {
    const run = await activeRun(pool, tenant, kind);
    if (run && isStill(run.notBefore ?? run.advancedAt ?? run.requestedAt))
      await queueSlice(queue, tenant.id, run);
  }
  const undoing = await activeUndo(pool, tenant);
  if (undoing) await queueUndo(queue, tenant.id, undoing.id);
  for (const { id, state } of await listConnections(pool, tenant))
    if (state === 'disconnected') await queueDisconnect(queue, tenant.id, id);
  await queuePlayTasks(pool, queue, tenant);
  await recallNotes(pool, queue, tenant);
  return schedules.map(keyOf);
}

/** What nobody has to set: upkeep, review dates, alerts, digests, and questions to CRMs that do not tell. */
async function builtIn(pool: Pool, tenant: Tenant, own: readonly Schedule[]): Promise<Schedule[]> {
  const daily = (job: Schedule['job'], cron: string): Schedule => ({
    id: `-${job}`,
    job,
    timing: { cron, zone: tenant.zone },
    paused: false,
  });
  const reviews = (await hasReviewDates(pool, tenant)) ? [daily('review', '30 4 * * *')] : [];
  const connections = await listConnections(pool, tenant);
  const watching: Schedule[] =
    connections.length === 0
      ? []
      : [
          { id: '-alerts', job: 'alerts', timing: { everyMinutes: ALERTS_EVERY_MINUTES }, paused: false },
          daily('owners', '45 4 * * *'),
          // Monday morning, when the week is planned.
          daily('digest', '0 7 * * 1'),
        ];
  const polled = connections.filter(({ state, system }) => {
    // One of a system that this program does not know must not stop everybody's schedules.
    const connector = connectors[system];
    return state === 'connected' && connector !== undefined && isPolled(connector);
  });
  // A schedule of the tenant's own with the job `poll` takes its place.
  const isAsked = polled.length > 0 && !own.some(({ job }) => job === 'poll');
  const asking: Schedule[] = isAsked
    ? [
        {
          id: '-poll',
          job: 'poll',
          timing: { everyMinutes: await lookEveryMinutes(pool, polled) },
          paused: false,
        },
      ]
    : [];
  return [daily('maintain', '15 3 * * *'), ...reviews, ...watching, ...asking];
}

function isStill(since: Date): boolean {
  return Date.now() - since.getTime() > STILL_MS;
}

type Queued = Awaited<ReturnType<JobQueue['getJobSchedulers']>>[number];

function isSame(queued: Queued | undefined, { job, timing }: Schedule): boolean {
  if (queued?.template?.opts?.attempts !== attemptsOf(job)) return false;
  if ('everyMinutes' in timing) return Number(queued.every) === timing.everyMinutes * 60_000;
  return queued.pattern === timing.cron && queued.tz === timing.zone;
}

async function upsert(queue: JobQueue, key: string, tenantId: string, schedule: Schedule): Promise<void> {
  const { timing } = schedule;
  const repeat =
    'everyMinutes' in timing
      ? // Without a start it would fire at once, whenever the queue is rebuilt.
        { every: timing.everyMinutes * 60_000, startDate: nextTimes(timing, new Date(), 1)[0] }
      : { pattern: timing.cron, tz: timing.zone };
  const opts = { attempts: attemptsOf(schedule.job) };
  await queue.upsertJobScheduler(key, repeat, { name: schedule.job, data: { tenantId }, opts });
}

/** A look comes again by itself within minutes: a CRM that does not answer is not asked five times as often. */
const attemptsOf = (job: Schedule['job']): number =>
  job === 'poll' || job === 'alerts' ? 1 : TRIES.attempts;
