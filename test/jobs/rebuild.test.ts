import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextTimes, rebuildQueue } from '../../jobs/schedules.ts';
import { startWorker } from '../../jobs/worker.ts';
import { activeRun, getRun, listRuns, requestRun } from '../../src/store/runs.ts';
import { putSchedule, removeSchedule, type Schedule } from '../../src/store/schedules.ts';
import { createTenant, dropTenant, type Tenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { eventually, openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
let other: Tenant;

beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
  other = await createTenant(database.pool, { id: 'other', name: 'Other' });
});
afterAll(async () => {
  await backend.close();
  await database.close();
});

const OFTEN: Schedule = { id: 'a', job: 'run', timing: { everyMinutes: 30 }, paused: false };
const loseSchedulers = async (keys: string[]) => {
  for (const key of keys) await backend.whole.removeJobScheduler(key);
};

const log = pino({ level: 'silent' });
const rebuild = () => rebuildQueue({ pool: database.pool, queue: backend.queue, log });
/** Those that somebody set; what every tenant has besides is named with two dashes. */
const schedulers = async () =>
  (await backend.queue.getJobSchedulers(0, -1))
    .filter(({ key }) => !key.includes('--'))
    .map(({ key, pattern, tz, every }) => ({
      key,
      ...(pattern ? { pattern, tz } : { every: Number(every) }),
    }))
    .sort((a, b) => a.key.localeCompare(b.key));
const nextFirings = async () =>
  Object.fromEntries(
    (await backend.queue.getJobSchedulers(0, -1))
      .filter(({ key }) => !key.includes('--'))
      .map(({ key, next }) => [key, Number(next)]),
  );
const builtIn = async () =>
  (await backend.queue.getJobSchedulers(0, -1)).map(({ key }) => key).filter((key) => key.includes('--'));
const waiting = async () => (await backend.queue.getJobCounts('waiting')).waiting;

/** What a server loses: everything. */
async function loseQueue(): Promise<void> {
  if (backend.redisUrl !== null) {
    const redis = new Redis(backend.redisUrl);
    await redis.flushall();
    redis.disconnect();
    return;
  }
  await database.pool.query(
    `do $$ declare name text; begin
       for name in select tablename from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%' loop
         execute format('truncate bullmq.%I cascade', name);
       end loop;
     end $$`,
  );
}

const pause = (tenant: Tenant, id: string, isPaused: boolean) =>
  database.pool.query(`update ${tenant.schema}.schedule set paused = $2 where id = $1`, [id, isPaused]);

describe('the queue', () => {
  it('gets a scheduler for each schedule in Postgres, follows its changes, and keeps none too many', async () => {
    const daily = { cron: '0 6 * * 1-5', zone: 'Europe/Berlin' };
    await putSchedule(database.pool, database.tenant, { id: 'a', job: 'run', timing: daily, paused: false });
    await putSchedule(database.pool, other, OFTEN);
    const nextOf = (timing: Schedule['timing']) => nextTimes(timing, new Date(), 1)[0]?.getTime();
    const before = [nextOf(OFTEN.timing), nextOf(daily)];
    await rebuild();
    const both = [
      { key: 'other-a', every: 1_800_000 },
      { key: 't1-a', pattern: '0 6 * * 1-5', tz: 'Europe/Berlin' },
    ];
    expect(await schedulers()).toEqual(both);
    // The nightly upkeep needs nobody to set it.
    expect((await builtIn()).sort()).toEqual(['other--maintain', 't1--maintain']);
    const times = await nextFirings();
    expect(Object.keys(times).sort()).toEqual(['other-a', 't1-a']);
    // The half-hour may have passed meanwhile.
    expect([before[0], nextOf(OFTEN.timing)]).toContain(times['other-a']);
    expect([before[1], nextOf(daily)]).toContain(times['t1-a']);
    await rebuild();
    expect(await schedulers()).toEqual(both);
    expect(await nextFirings()).toEqual(times);

    await putSchedule(database.pool, database.tenant, {
      id: 'a',
      job: 'run',
      timing: { ...daily, zone: 'America/New_York' },
      paused: false,
    });
    await pause(other, 'a', true);
    await rebuild();
    expect(await schedulers()).toEqual([{ key: 't1-a', pattern: '0 6 * * 1-5', tz: 'America/New_York' }]);

    await pause(other, 'a', false);
    await removeSchedule(database.pool, database.tenant, 'a');
    await rebuild();
    expect(await schedulers()).toEqual([{ key: 'other-a', every: 1_800_000 }]);
  });

  it('has everything again after it was lost: schedules, and a job for each run under way', async () => {
    const { run } = await requestRun(database.pool, other, { asOf: new Date(), requestedBy: 'test' });
    await rebuild();
    expect(await waiting(), 'a run that was just requested is queued by who requested it').toBe(0);
    // A scheduler's own next job is delayed; what waits is the run's.
    await database.pool.query(
      `update ${other.schema}.run set requested_at = now() - interval '1 minute' where id = $1`,
      [run.id],
    );
    await rebuild();
    await rebuild();
    expect(await waiting()).toBe(1);
    const before = await schedulers();
    await loseQueue();
    expect(await schedulers()).toEqual([]);
    expect(await waiting()).toBe(0);
    await rebuild();
    expect(await schedulers()).toEqual(before);
    expect(await waiting()).toBe(1);
  });

  it('is left alone where it is as wanted', async () => {
    await rebuild();
    const all = async () =>
      (await backend.queue.getJobSchedulers(0, -1)).map(({ key, next, template }) => ({
        key,
        next,
        template,
      }));
    const before = await all();
    await rebuild();
    expect(await all()).toEqual(before);
    expect(before.map(({ template }) => template?.opts?.attempts)).toEqual(before.map(() => 5));
  });

  it('is made complete by several at once, as when workers start together', async () => {
    for (let time = 0; time < 20; time += 1) {
      await loseQueue();
      await Promise.all([rebuild(), rebuild(), rebuild()]);
      expect(await schedulers()).toEqual([{ key: 'other-a', every: 1_800_000 }]);
      expect((await builtIn()).sort()).toEqual(['other--maintain', 't1--maintain']);
      expect(await backend.queue.getJobCounts('delayed'), 'each has its next job').toEqual({ delayed: 3 });
    }
  });

  it('is complete for the others where it fails for one tenant, and loses nothing of that one', async () => {
    const broken = await createTenant(database.pool, { id: 'broken', name: 'Broken' });
    await rebuild();
    await removeSchedule(database.pool, other, 'a');
    await database.pool.query(`alter table ${broken.schema}.schedule rename to away`);
    await loseSchedulers(['other--maintain']);
    await expect(rebuild()).rejects.toMatchObject({
      errors: [{ message: 'The queue of tenant broken was not made complete.' }],
    });
    expect((await builtIn()).sort()).toEqual(['broken--maintain', 'other--maintain', 't1--maintain']);
    await database.pool.query(`alter table ${broken.schema}.away rename to schedule`);
    await dropTenant(database.pool, broken);
    await putSchedule(database.pool, other, OFTEN);
    await rebuild();
    expect((await builtIn()).sort()).toEqual(['other--maintain', 't1--maintain']);
  });

  it('is made complete by a worker that starts, which then does what was lost', async () => {
    const run = await activeRun(database.pool, other);
    await loseQueue();
    const worker = await startWorker({
      pool: database.pool,
      backend,
      openConnections: () => ({
        open: () => Promise.reject(new Error('no connections here')),
        calls: () => ({}),
        close: async () => undefined,
      }),
      concurrency: 2,
      log,
    });
    try {
      const ended = await eventually('the run ended', async () => {
        const now = await getRun(database.pool, other, run?.id ?? '');
        return now.endedAt ? now : null;
      });
      expect(ended).toMatchObject({ state: 'done', reason: null });
    } finally {
      await worker.close();
    }
  });

  it('begins a run when a schedule fires, and none while one is under way', async () => {
    const before = (await listRuns(database.pool, database.tenant)).length;
    const { run } = await requestRun(database.pool, database.tenant, {
      asOf: new Date(),
      requestedBy: 'test',
    });
    await database.pool.query(
      `update ${database.tenant.schema}.run set not_before = now() + interval '1 hour' where id = $1`,
      [run.id],
    );
    await backend.queue.upsertJobScheduler(
      't1-often',
      { every: 300 },
      { name: 'run', data: { tenantId: 't1' } },
    );
    const worker = await startWorker({
      pool: database.pool,
      // The tick would remove a scheduler that Postgres does not know.
      backend: {
        ...backend,
        queue: Object.assign(Object.create(backend.queue), { getJobSchedulers: async () => [] }),
      },
      openConnections: () => ({
        open: () => Promise.reject(new Error('no connections here')),
        calls: () => ({}),
        close: async () => undefined,
      }),
      concurrency: 2,
      log,
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, 900));
      expect(await listRuns(database.pool, database.tenant)).toHaveLength(before + 1);
      await database.pool.query(
        `update ${database.tenant.schema}.run set state = 'done', ended_at = now() where id = $1`,
        [run.id],
      );
      const fired = await eventually('a scheduled run ended', async () => {
        const [newest] = await listRuns(database.pool, database.tenant);
        return newest?.requestedBy === 'schedule' && newest.endedAt ? newest : null;
      });
      expect(fired.state).toBe('done');
    } finally {
      await worker.close();
    }
  });
});
