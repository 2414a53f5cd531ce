import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { adoptKey } from '../../src/store/keys.ts';
import { getRun, listRuns, type Run } from '../../src/store/runs.ts';
import { keyring } from '../../src/store/secrets.ts';
import type { Tenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { eventually } from '../jobs/queue.ts';
import { type Child, endMarked, processesMarked, start } from './child.ts';
import { openShop } from './shop.ts';

/** Only with TEST_DATABASE_URL: several processes need a server. */
const onServer = describe.runIf(process.env.TEST_DATABASE_URL);

// Each wait has a limit of its own; this one ends what none of them does.
vi.setConfig({ testTimeout: 600_000 });

const KEY = Buffer.alloc(32, 3);
const TIMES = { sliceMs: 20, leaseMs: 2_000, lockMs: 2_000 };

let database: TestDatabase;
let folder = '';
let mark = '';

const openAll = async () => {
  mark = randomBytes(8).toString('hex');
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-workers-'));
  database = await openTestDatabase();
  await adoptKey(database.pool, keyring(KEY));
};
const closeAll = async () => {
  endMarked(mark);
  await database.close();
  await rm(folder, { recursive: true, force: true });
};

const env = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url ?? '',
  ENCRYPTION_KEY: KEY.toString('base64'),
  LOG_LEVEL: 'debug',
  PORT: '0',
  ...more,
});
/** With `waits` it begins at SIGUSR2, so that several begin together. */
const worker = (times: Partial<typeof TIMES> & { waits?: boolean } = {}, concurrency = 1): Child =>
  start(process.execPath, ['test/processes/worker-child.ts', JSON.stringify({ ...TIMES, ...times })], {
    mark,
    env: env({ WORKER_CONCURRENCY: String(concurrency) }),
  });

const shop = (id: string, contacts: number) =>
  openShop({ pool: database.pool, keys: keyring(KEY) }, { id, folder: join(folder, id), contacts });

const ended = (tenant: Tenant, run: Run, limitMs = 300_000): Promise<Run> =>
  eventually(
    `the run of ${tenant.id} ended`,
    async () => {
      const now = await getRun(database.pool, tenant, run.id);
      return now.endedAt ? now : null;
    },
    limitMs,
  );

/** What a run leaves behind, without the order in which it came to it. */
async function outcome(tenant: Tenant) {
  const { rows } = await database.pool.query<Record<string, string>>(
    `select
       (select count(*) from ${tenant.schema}.person) as persons,
       (select count(*) from ${tenant.schema}.deal) as deals,
       (select sum(revenue) from ${tenant.schema}.deal where counts) as revenue,
       (select count(*) from ${tenant.schema}.label_change) as changes,
       (select count(*) from ${tenant.schema}.push_log) as writes,
       (select count(*) from ${tenant.schema}.ledger where unconfirmed <> '{}') as unconfirmed`,
  );
  const labels = await readFile(join(folder, tenant.id, 'labels.csv'), 'utf8');
  return { ...rows[0], labels: labels.trim().split('\n').sort() };
}

/** By table; grows with every row that anybody writes. */
async function lastWrites(tenant: Tenant): Promise<Record<string, string>> {
  const tables = ['run', 'contact_record', 'person', 'deal', 'label_change', 'ledger', 'push_log', 'cursor'];
  const parts = tables.map(
    (table) => `(select max(xmin::text::bigint) from ${tenant.schema}.${table}) as ${table}`,
  );
  const { rows } = await database.pool.query<Record<string, string>>(`select ${parts.join(', ')}`);
  return rows[0] ?? {};
}

const tally = (names: string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

onServer('web and worker, apart', () => {
  beforeEach(openAll);
  afterEach(closeAll);

  it('run as two processes on one server; each stops on SIGTERM', async () => {
    const web = start('npm', ['run', '--silent', 'web'], { mark, env: env() });
    const work = start('npm', ['run', '--silent', 'worker'], { mark, env: env() });
    await Promise.all([web.said('started'), work.said('started')]);
    const { url } = await web.said('listening');
    expect(await (await fetch(`${String(url)}/readyz`)).json()).toMatchObject({ status: 'ready' });
    expect(work.log.some(({ msg }) => msg === 'listening')).toBe(false);
    web.process.kill('SIGTERM');
    work.process.kill('SIGTERM');
    await Promise.all([web.ended(), work.ended()]);
    await eventually('no process is left', () => processesMarked(mark).length === 0);
  });
});

onServer('two workers', () => {
  beforeEach(openAll);
  afterEach(closeAll);

  it('serve ten tenants fairly: none gets far ahead of another', async () => {
    const shops = [];
    for (let number = 0; number < 10; number += 1) {
      // One of them is far larger than the others.
      shops.push(await shop(`shop${number}`, number === 0 ? 3_000 : 60));
    }
    const workers = [worker({ waits: true }), worker({ waits: true })];
    await Promise.all(workers.map((each) => each.said('waits')));
    for (const each of workers) each.process.kill('SIGUSR2');
    const runs = await Promise.all(shops.map(({ tenant, run }) => ended(tenant, run)));
    expect(runs.map(({ state }) => state)).toEqual(runs.map(() => 'done'));

    const slices = workers
      .flatMap(({ log }) => log)
      .filter(({ msg }) => msg === 'slice')
      .map(({ tenant, time, ms }) => ({
        tenant: String(tenant),
        began: Date.parse(time) - Number(ms),
        ended: Date.parse(time),
      }));
    const byEach = workers.map(({ log }) => log.filter(({ msg }) => msg === 'slice').length);
    expect(Math.min(...byEach), 'both work').toBeGreaterThan(slices.length / 5);
    // While a tenant waits, nobody else has many slices: with taking turns it is one, and two workers overlap.
    // What the others have while a long slice of its own goes on is no wait.
    const most = shops.map(({ tenant: { id } }) => {
      const own = slices.filter(({ tenant }) => tenant === id).sort((a, b) => a.began - b.began);
      return Math.max(
        ...own.map(({ began }, index) => {
          const since = own[index - 1]?.ended ?? 0;
          const meanwhile = slices.filter((slice) => slice.began >= since && slice.ended <= began);
          return Math.max(0, ...tally(meanwhile.map(({ tenant }) => tenant)).values());
        }),
      );
    });
    expect(Math.max(...most)).toBeLessThanOrEqual(3);
  });

  it('end a run where one of them was killed in the middle, as if nothing had happened', async () => {
    const [whole, killed] = [await shop('whole', 1_500), await shop('killed', 1_500)];
    const first = worker();
    await eventually(
      'it is in the middle of both',
      () => first.log.filter(({ msg }) => msg === 'slice').length >= 6,
    );
    first.process.kill('SIGKILL');
    await first.ended();
    worker();
    const runs = await Promise.all([whole, killed].map(({ tenant, run }) => ended(tenant, run)));
    expect(runs.map(({ state, reason }) => ({ state, reason }))).toEqual(
      [1, 2].map(() => ({ state: 'done', reason: null })),
    );
    const expected = { persons: '1500', deals: '1500', writes: '750', changes: '750', unconfirmed: '0' };
    for (const { tenant } of [whole, killed]) {
      const result = await outcome(tenant);
      expect(result).toMatchObject(expected);
      expect(result.labels).toHaveLength(751);
    }
  });

  it('write nothing after they were stopped and others went on', async () => {
    const { tenant, run } = await shop('stopped', 3_000);
    const first = worker({ sliceMs: 300 });
    await first.said('slice');
    first.process.kill('SIGSTOP');
    const before = await getRun(database.pool, tenant, run.id);
    expect(before.endedAt, 'it was stopped in the middle').toBeNull();
    const second = worker();
    expect(await ended(tenant, run)).toMatchObject({ state: 'done', reason: null });
    expect(second.log.some(({ msg }) => msg === 'slice')).toBe(true);
    const [written, result] = [await lastWrites(tenant), await outcome(tenant)];
    first.process.kill('SIGCONT');
    await sleep(2_500);
    expect(await lastWrites(tenant)).toEqual(written);
    expect(await outcome(tenant)).toEqual(result);
    expect(await listRuns(database.pool, tenant)).toHaveLength(1);
    for (const child of [first, second]) {
      child.process.kill('SIGTERM');
      expect(await child.ended()).toBe(0);
    }
  });
});
