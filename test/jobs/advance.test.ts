import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../connectors/contract.ts';
import { advance, queueSlice } from '../../jobs/advance.ts';
import {
  AppError,
  AuthError,
  FenceError,
  InputError,
  RateLimitError,
  RemoteError,
} from '../../src/errors.ts';
import { type Advanced, advanceRun, type ConnectionOpener, type Stages } from '../../src/pipeline/run.ts';
import type { SliceResult, Stage, StageContext } from '../../src/pipeline/stage.ts';
import { saveConnection, setConnectionState } from '../../src/store/connections.ts';
import { takeLease } from '../../src/store/lease.ts';
import type { Pool } from '../../src/store/pool.ts';
import { cancelRun, getRun, type Run, requestRun } from '../../src/store/runs.ts';
import { keyring } from '../../src/store/secrets.ts';
import { createTenant, type Tenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { eventually } from './queue.ts';

let database: TestDatabase;
let tenant: Tenant;
let tenants = 0;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  tenants += 1;
  tenant = await createTenant(database.pool, { id: `run${tenants}`, name: 'Runs' });
});

const done: Stage = async () => ({ position: {}, done: true, counts: {} });
const stage = (run: Stage, lease = 'subjects') => ({ run, lease });
const stagesWith = (given: Partial<Record<keyof Stages, Stage>>): Stages => ({
  pull: stage(given.pull ?? done, 'pull'),
  unify: stage(given.unify ?? done),
  profile: stage(given.profile ?? done),
  learn: stage(given.learn ?? done),
  label: stage(given.label ?? done),
  push: stage(given.push ?? done, 'push'),
});

let calls: Record<string, number> = {};
const openConnections: ConnectionOpener = () => ({
  open: () => Promise.reject(new Error('these stages open no connection')),
  calls: () => calls,
  close: async () => undefined,
});

type Given = { pool?: Pool; stages?: Stages; signal?: AbortSignal; leaseMs?: number };
const step = (run: Run, given: Given = {}): Promise<Advanced> =>
  advanceRun({
    pool: given.pool ?? database.pool,
    tenant,
    runId: run.id,
    openConnections,
    signal: given.signal ?? new AbortController().signal,
    log: pino({ level: 'silent' }),
    stages: given.stages ?? stagesWith({}),
    leaseMs: given.leaseMs,
  });

const newRun = async (): Promise<Run> =>
  (await requestRun(database.pool, tenant, { asOf: new Date(), requestedBy: 'test' })).run;

/** Steps until it has ended, or waits for more than a moment. */
async function toEnd(run: Run, stages: Stages): Promise<Advanced> {
  for (let slices = 0; slices < 100; slices += 1) {
    const advanced = await step(run, { stages });
    if (advanced.state === 'ended' || advanced.waitMs > 0) return advanced;
  }
  throw new Error('no end in 100 slices');
}

/** As if its time had come. */
const wake = (run: Run) =>
  database.pool.query(`update ${tenant.schema}.run set not_before = null where id = $1`, [run.id]);

describe('a run', () => {
  it('goes through all stages in order, slice by slice, and sums what each counted', async () => {
    const seen: string[] = [];
    const inThree =
      (name: string): Stage =>
      async (_work, position) => {
        const at = Number((position as { at?: number }).at ?? 0) + 1;
        seen.push(`${name} ${at}`);
        return { position: { at }, done: at === 3, counts: { rows: at } };
      };
    calls = { 'c1.calls': 2 };
    const run = await newRun();
    const stages = stagesWith({ pull: inThree('pull'), label: inThree('label') });
    const ended = await toEnd(run, stages);
    calls = {};
    expect(seen).toEqual(['pull 1', 'pull 2', 'pull 3', 'label 1', 'label 2', 'label 3']);
    expect(ended.run).toMatchObject({
      state: 'done',
      slices: 10,
      counts: { pull: { rows: 6 }, label: { rows: 6 }, calls: { 'c1.calls': 20 } },
    });
    expect(ended.run.endedAt).toBeInstanceOf(Date);
    expect((await step(run)).state).toBe('ended');
  });

  it('gives each stage the instant, options and versions that it was requested with', async () => {
    const works: StageContext[] = [];
    const look: Stage = async (work) => {
      works.push(work);
      return { position: {}, done: true, counts: {} };
    };
    await database.pool.query(
      `insert into ${tenant.schema}.segmentation (key, version, definition, state) values ('vip', 3, '{}', 'published')`,
    );
    const { run } = await requestRun(database.pool, tenant, {
      asOf: new Date('2026-03-01T00:00:00Z'),
      options: { full: true },
      requestedBy: 'test',
    });
    await database.pool.query(
      `update ${tenant.schema}.segmentation set state = 'replaced';
       insert into ${tenant.schema}.segmentation (key, version, definition, state) values ('vip', 4, '{}', 'published')`,
    );
    await toEnd(run, stagesWith({ pull: look, push: look }));
    for (const { run: scope } of works) {
      expect(scope).toMatchObject({
        asOf: new Date('2026-03-01T00:00:00Z'),
        options: { full: true, dirtyOnly: false },
        pins: { vip: { definition: 3, model: null } },
      });
    }
    expect(works).toHaveLength(2);
  });

  it('waits as long as a stage asks, and does nothing before', async () => {
    let slices = 0;
    const waits: Stage = async (): Promise<SliceResult> => {
      slices += 1;
      return {
        position: { slices },
        done: slices === 2,
        counts: {},
        ...(slices === 1 && { waitMs: 60_000 }),
      };
    };
    const stages = stagesWith({ pull: waits });
    const run = await newRun();
    const first = await step(run, { stages });
    expect(first).toMatchObject({ state: 'again', moved: true, run: { state: 'waiting' } });
    const early = await step(run, { stages });
    expect(early).toMatchObject({ state: 'again', moved: false });
    expect(early.state === 'again' && early.waitMs).toBeGreaterThan(50_000);
    expect(slices).toBe(1);
    await wake(run);
    expect((await toEnd(run, stages)).run).toMatchObject({ state: 'done', reason: null });
  });

  it('ends at the next slice when it is cancelled, with what it did kept, though it was waiting', async () => {
    const waits: Stage = async () => ({
      position: { at: 7 },
      done: false,
      counts: { rows: 1 },
      waitMs: 60_000,
    });
    const run = await newRun();
    await step(run, { stages: stagesWith({ pull: waits }) });
    await cancelRun(database.pool, tenant, run.id);
    const ended = await step(run, { stages: stagesWith({ pull: waits }) });
    expect(ended).toMatchObject({
      state: 'ended',
      run: { state: 'cancelled', stage: 'pull', position: { at: 7 }, counts: { pull: { rows: 1 } } },
    });
    await expect(cancelRun(database.pool, tenant, run.id)).rejects.toThrow(InputError);
    expect((await requestRun(database.pool, tenant, { asOf: new Date(), requestedBy: 'test' })).isNew).toBe(
      true,
    );
  });

  it('is one at a time: a second request answers the first run', async () => {
    const run = await newRun();
    const requests = await Promise.all(
      Array.from({ length: 5 }, () =>
        requestRun(database.pool, tenant, { asOf: new Date(), requestedBy: 'test' }),
      ),
    );
    expect(requests.map(({ run: { id }, isNew }) => ({ id, isNew }))).toEqual(
      Array.from({ length: 5 }, () => ({ id: run.id, isNew: false })),
    );
  });
});

const remote = (retryable: boolean) =>
  new RemoteError('server_error', 'The CRM answered 503.', {
    status: 503,
    retryable,
    action: 'Nothing to do.',
  });

describe('a slice that fails', () => {
  it.each([
    ['a fault that may pass', remote(true), 'waiting', 1],
    ['a fault that will not', remote(false), 'failed', 1],
    ['something unforeseen', new TypeError('x is undefined'), 'failed', 1],
    ['a deadlock', Object.assign(new Error('deadlock detected'), { code: '40P01' }), 'waiting', 1],
    ['a full disk', Object.assign(new Error('could not extend file'), { code: '53100' }), 'waiting', 1],
    ['a wrong definition', new InputError('bad', 'It is wrong.', { action: 'Mend it.' }), 'failed', 1],
    [
      'a spent budget',
      new RateLimitError('spent', 'Spent.', { retryAfterMs: 9_000, action: 'Wait.' }),
      'waiting',
      0,
    ],
    ['a refused token', new AuthError('revoked', 'Shut out.', { action: 'Reconnect.' }), 'running', 1],
  ])(
    '%s: the run is left in the state that follows, with the reason',
    async (_name, error, state, failures) => {
      const run = await newRun();
      const { run: after } = await step(run, { stages: stagesWith({ pull: () => Promise.reject(error) }) });
      expect(after).toMatchObject({ state, failures, stage: 'pull', slices: 1 });
      expect(after.reason).toMatchObject(
        error instanceof AppError
          ? { code: error.code, message: error.message }
          : { code: expect.stringMatching(/^(unexpected|database_conflict|disk_full)$/) },
      );
      expect(after.reason?.action.length).toBeGreaterThan(0);
      expect(Date.parse(after.reason?.since ?? '')).toBeLessThanOrEqual(Date.now());
    },
  );

  it('is tried again after 1, 2, 4, 8 and 16 s, then asks for a person', async () => {
    const run = await newRun();
    const waits: number[] = [];
    const wholeSeconds = ({ notBefore, reason }: Run) => {
      const ms = (notBefore?.getTime() ?? 0) - Date.parse(reason?.since ?? '');
      return Math.floor(ms / 1_000);
    };
    for (;;) {
      const advanced = await step(run, { stages: stagesWith({ pull: () => Promise.reject(remote(true)) }) });
      if (advanced.state === 'ended') {
        expect(advanced.run).toMatchObject({
          state: 'failed',
          failures: 6,
          reason: { code: 'server_error' },
        });
        break;
      }
      waits.push(wholeSeconds(advanced.run));
      await wake(run);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16]);
  });

  it('forgets its failures once a slice succeeds', async () => {
    let tries = 0;
    const shaky: Stage = async (_work, position) => {
      tries += 1;
      if (tries % 2 === 1) throw remote(true);
      return { position, done: tries >= 16, counts: {} };
    };
    const run = await newRun();
    let advanced = await step(run, { stages: stagesWith({ pull: shaky }) });
    while (advanced.state !== 'ended') {
      await wake(run);
      advanced = await step(run, { stages: stagesWith({ pull: shaky }) });
    }
    expect(advanced.run).toMatchObject({ state: 'done', failures: 0, reason: null });
  });

  it('waits for a budget as long as it takes, without ever giving up', async () => {
    const spent: Stage = () =>
      Promise.reject(new RateLimitError('spent', 'Spent.', { retryAfterMs: 3_600_000, action: 'Wait.' }));
    const run = await newRun();
    for (let tries = 0; tries < 8; tries += 1) {
      const advanced = await step(run, { stages: stagesWith({ push: spent, pull: spent }) });
      expect(advanced).toMatchObject({ state: 'again', run: { state: 'waiting', failures: 0 } });
      await wake(run);
    }
  });

  it('leaves the connection out that refuses us, and goes on with the others', async () => {
    const keys = keyring(Buffer.alloc(32, 1));
    for (const accountId of ['a', 'b']) {
      await saveConnection(database.pool, tenant, keys, { system: 'csv', name: accountId, accountId }, null);
    }
    const seen: string[][] = [];
    const pull: Stage = async (work) => {
      seen.push(work.connections.map(({ id }) => id));
      const refused = work.connections.find(({ id }) => id.endsWith('-a'));
      if (!refused) return { position: {}, done: true, counts: {} };
      const reason = { code: 'revoked', message: 'Shut out.', action: 'Reconnect.' };
      await setConnectionState(database.pool, tenant, refused.id, 'needs_you', reason);
      throw new AuthError(reason.code, reason.message, { action: reason.action });
    };
    const run = await newRun();
    const ended = await toEnd(run, stagesWith({ pull }));
    expect(ended.run.state).toBe('done');
    // Whoever looks at the run alone sees that it is not the whole of it.
    expect(ended.run.reason).toMatchObject({
      code: 'connection_left_out',
      message: 'Left out, as it needs somebody: a. What is shown there stays as it was.',
      action: 'Reconnect.',
    });
    expect(seen).toEqual([[`${tenant.id}-csv-a`, `${tenant.id}-csv-b`], [`${tenant.id}-csv-b`]]);
  });

  it('is no failure where the program is stopping: the run stays as it was', async () => {
    const stop = new AbortController();
    const pull: Stage = async (work) => {
      stop.abort();
      work.signal.throwIfAborted();
      return { position: {}, done: true, counts: {} };
    };
    const run = await newRun();
    const advanced = await step(run, { stages: stagesWith({ pull }), signal: stop.signal });
    expect(advanced).toMatchObject({ state: 'again', moved: false });
    expect(await getRun(database.pool, tenant, run.id)).toMatchObject({
      state: 'queued',
      slices: 0,
      reason: null,
    });
  });
});

describe('one writer at a time', () => {
  it('comes back later where another worker is at it', async () => {
    await takeLease(database.pool, tenant, { name: 'pull', holder: 'other', lengthMs: 60_000 });
    const run = await newRun();
    const never: Stage = () => Promise.reject(new Error('it must not start'));
    const advanced = await step(run, { stages: stagesWith({ pull: never }) });
    expect(advanced).toMatchObject({ state: 'again', moved: false, waitMs: 250 });
    expect(advanced.run.slices).toBe(0);
  });

  it('keeps its lease through a slice that takes longer than the lease', async () => {
    const looked = Promise.withResolvers<void>();
    const slow: Stage = async (work) => {
      await looked.promise;
      const client = await work.pool.connect();
      try {
        await work.checkFence(client);
      } finally {
        client.release();
      }
      return { position: {}, done: true, counts: {} };
    };
    const run = await newRun();
    // Long enough that it runs out on no machine between two renewals, a third of it apart.
    const slice = step(run, { stages: stagesWith({ pull: slow }), leaseMs: 6_000 });
    const until = async () => {
      const { rows } = await database.pool.query<{ at: Date }>(
        `select expires_at as at from ${tenant.schema}.lease where name = 'pull'`,
      );
      return rows[0]?.at.getTime();
    };
    const first = await eventually('it is taken', until);
    await eventually('it is renewed', async () => ((await until()) ?? 0) > first);
    expect(await takeLease(database.pool, tenant, { name: 'pull', holder: 'other', lengthMs: 1 })).toBeNull();
    looked.resolve();
    expect(await slice).toMatchObject({ moved: true, run: { stage: 'unify' } });
  });

  it.each<[string, Stage]>([
    ['succeeded', async () => ({ position: { at: 99 }, done: false, counts: { rows: 99 } })],
    ['failed', () => Promise.reject(remote(false))],
  ])('records nothing of a slice that %s after another worker took over', async (_name, after) => {
    const run = await newRun();
    let woken = 0;
    const stopped: Stage = async (work, position) => {
      // What a stop of the whole process does: the lease runs out, another takes it.
      await database.pool.query(
        `update ${tenant.schema}.lease set expires_at = '-infinity' where name = 'pull'`,
      );
      const other = await step(run, {
        stages: stagesWith({ pull: async () => ({ position: { at: 1 }, done: false, counts: { rows: 1 } }) }),
      });
      expect(other).toMatchObject({ moved: true });
      woken += 1;
      return after(work, position);
    };
    const advanced = await step(run, { stages: stagesWith({ pull: stopped }) });
    expect(woken).toBe(1);
    expect(advanced).toMatchObject({ state: 'again', moved: false });
    expect(await getRun(database.pool, tenant, run.id)).toMatchObject({
      state: 'running',
      position: { at: 1 },
      counts: { pull: { rows: 1 } },
      slices: 1,
      reason: null,
    });
  });

  it('does nothing for a worker that slept since it read the run, while others went on', async () => {
    const { pool } = database;
    const run = await newRun();
    let pulls = 0;
    const stages = stagesWith({
      pull: async () => {
        pulls += 1;
        return { position: {}, done: true, counts: {} };
      },
    });
    let slept = false;
    const sleepy: Pool = {
      kind: pool.kind,
      prepared: (text, values) => pool.prepared(text, values),
      connect: () => pool.connect(),
      end: () => pool.end(),
      query: async (text, values) => {
        if (!slept && text.includes('.lease')) {
          slept = true;
          await toEnd(run, stages);
        }
        return pool.query(text, values);
      },
    };
    expect(await step(run, { pool: sleepy, stages })).toMatchObject({ state: 'again', moved: false });
    expect([slept, pulls]).toEqual([true, 1]);
    expect(await step(run, { stages })).toMatchObject({ state: 'ended' });
  });

  it('makes one slice of two that are done at once', async () => {
    const run = await newRun();
    let running = 0;
    let answered = 0;
    const othersAnswered = Promise.withResolvers<void>();
    const pull: Stage = async () => {
      running += 1;
      // A second one would be wrong; it is not waited for.
      if (running > 1) othersAnswered.resolve();
      await othersAnswered.promise;
      return { position: { at: 1 }, done: false, counts: { rows: 1 } };
    };
    const tried = async () => {
      const advanced = await step(run, { stages: stagesWith({ pull }) });
      answered += 1;
      if (answered === 2) othersAnswered.resolve();
      return advanced;
    };
    const both = await Promise.all([tried(), tried(), tried()]);
    expect(running).toBe(1);
    expect(both.filter((advanced) => advanced.state === 'again' && advanced.moved)).toHaveLength(1);
    expect((await getRun(database.pool, tenant, run.id)).counts).toEqual({ pull: { rows: 1 }, calls: {} });
  });

  it('throws FenceError out of a stage whose lease is gone, before anything is committed', async () => {
    const run = await newRun();
    let thrown: unknown;
    const pull: Stage = async (work) => {
      await database.pool.query(
        `update ${tenant.schema}.lease set fence = fence + 1, holder = 'other' where name = 'pull'`,
      );
      const client = await work.pool.connect();
      try {
        await work.checkFence(client).catch((error: unknown) => {
          thrown = error;
          throw error;
        });
      } finally {
        client.release();
      }
      return { position: {}, done: true, counts: {} };
    };
    expect(await step(run, { stages: stagesWith({ pull }) })).toMatchObject({ moved: false });
    expect(thrown).toBeInstanceOf(FenceError);
  });
});

describe('the job', () => {
  const added: { id: string; data: Json }[] = [];
  const queue = {
    add: async (_name: string, data: Json, options: { jobId: string }) =>
      void added.push({ id: options.jobId, data }),
  } as unknown as Parameters<typeof queueSlice>[0];

  it('queues the next slice under a name of its own, with ids only', async () => {
    const run = await newRun();
    await queueSlice(queue, tenant.id, run);
    const again = await advance(
      { tenantId: tenant.id, runId: run.id },
      {
        pool: database.pool,
        queue,
        openConnections,
        signal: new AbortController().signal,
        log: pino({ level: 'silent' }),
      },
    );
    expect(again).toBeUndefined();
    await eventually('two are queued', () => added.length === 2);
    expect(added).toEqual([
      { id: `${tenant.id}-${run.id}-0`, data: { tenantId: tenant.id, runId: run.id } },
      { id: `${tenant.id}-${run.id}-1`, data: { tenantId: tenant.id, runId: run.id } },
    ]);
  });

  it('comes back by itself, with nothing queued, where it could not move', async () => {
    await takeLease(database.pool, tenant, { name: 'pull', holder: 'other', lengthMs: 60_000 });
    const run = await newRun();
    added.length = 0;
    const again = await advance(
      { tenantId: tenant.id, runId: run.id },
      {
        pool: database.pool,
        queue,
        openConnections,
        signal: new AbortController().signal,
        log: pino({ level: 'silent' }),
      },
    );
    expect(again).toEqual({ againInMs: 250 });
    expect(added).toEqual([]);
  });
});
