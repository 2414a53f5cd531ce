import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openStore } from '../../src/store/open.ts';
import { getRun } from '../../src/store/runs.ts';
import { getTenant } from '../../src/store/tenant.ts';
import { layEmbeddedStore } from '../database.ts';
import { eventually } from '../jobs/queue.ts';
import { type Child, endMarked, processesMarked, start } from './child.ts';
import { openShop } from './shop.ts';

// Each wait has a limit of its own; this one ends what none of them does.
vi.setConfig({ testTimeout: 600_000 });

let folder = '';
let dataDir = '';
let mark = '';

beforeEach(async () => {
  mark = randomBytes(8).toString('hex');
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-process-'));
  dataDir = join(folder, 'data');
  await layEmbeddedStore(dataDir);
});
afterEach(async () => {
  endMarked(mark);
  await rm(folder, { recursive: true, force: true });
});

const env = () => ({ DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'debug' });
const npmStart = (): Child => start('npm', ['start', '--silent'], { mark, env: env() });

async function urlOf(child: Child): Promise<string> {
  const { url } = await child.said('listening');
  return String(url);
}

async function figure(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^segment_sync_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** SIGTERM to npm itself, as a supervisor sends it. */
async function stop(child: Child): Promise<void> {
  child.process.kill('SIGTERM');
  await child.ended();
  await eventually('no process is left', () => processesMarked(mark).length === 0);
  // By its own clock: a stop that takes 10 s ends with other words.
  expect(child.log.at(-1)).toMatchObject({ msg: 'stopped' });
}

const withStore = async <T>(
  work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>,
): Promise<T> => {
  const store = await openStore(readConfig({ DATA_DIR: dataDir }));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
};

describe('npm start', () => {
  it('answers health, readiness and metrics, and stops within 10 s of SIGTERM, leaving no process', async () => {
    const child = npmStart();
    const url = await urlOf(child);
    const answers = await Promise.all(
      ['healthz', 'readyz', 'metrics', 'api/nothing'].map(async (path) => {
        const response = await fetch(`${url}/${path}`);
        return { status: response.status, body: await response.text() };
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404]);
    expect(JSON.parse(answers[1]?.body ?? '')).toEqual({
      status: 'ready',
      parts: { store: 'ok', queue: 'ok' },
    });
    expect(answers[2]?.body).toMatch(/^segment_sync_tenants 1$/m);
    expect(answers[2]?.body).toMatch(/^process_resident_memory_bytes \d+/m);
    await stop(child);
  });

  it('lets a second process on the same folder end with code 1, naming the first', async () => {
    const first = npmStart();
    const url = await urlOf(first);
    const second = start(process.execPath, ['src/main.ts'], { mark, env: env() });
    expect(await second.ended()).toBe(1);
    const inFolder = processesMarked(mark).filter((pid) => second.text().includes(String(pid)));
    expect(inFolder, second.text()).toHaveLength(1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await stop(first);
  });

  it('stops in the middle of a run, which goes on at the next start and ends with nothing lost', async () => {
    const crm = join(folder, 'crm');
    const contacts = 1_000;
    const run = await withStore(
      async (store) => (await openShop(store, { id: 'shop', folder: crm, contacts })).run,
    );
    const first = npmStart();
    await urlOf(first);
    await first.said('slice');
    await stop(first);
    const between = await withStore(async ({ pool }) => getRun(pool, await getTenant(pool, 'shop'), run.id));
    expect(between).toMatchObject({ reason: null, endedAt: null });
    expect(between.slices).toBeGreaterThan(0);

    const second = npmStart();
    const url = await urlOf(second);
    await eventually('the run is done', async () => (await figure(url, 'runs_done')) === 1, 150_000);
    await stop(second);
    const labels = (await readFile(join(crm, 'labels.csv'), 'utf8')).trim().split('\n');
    expect(labels).toHaveLength(1 + contacts / 2);
  });

  it('ends with code 1 where its port is taken, names it, and leaves the store to others', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as AddressInfo;
      const late = start(process.execPath, ['src/main.ts'], {
        mark,
        env: { ...env(), PORT: String(port), HOST: '127.0.0.1' },
      });
      expect(await late.ended()).toBe(1);
      expect(late.text()).toContain(`Port ${port} on 127.0.0.1 can't be used`);
      expect(late.text()).toContain('Set PORT to a free one.');
    } finally {
      other.close();
    }
    await withStore(({ pool }) => pool.query('select 1'));
  });

  it('ends with code 1 where it is set up wrongly, and says what to set', async () => {
    const wrong = start(process.execPath, ['src/main.ts'], { mark, env: { ...env(), PORT: 'http' } });
    expect(await wrong.ended()).toBe(1);
    expect(wrong.text()).toMatch(/PORT must be a whole number/);
    const alone = start(process.execPath, ['src/main.ts', 'worker'], { mark, env: env() });
    expect(await alone.ended()).toBe(1);
    expect(alone.text()).toMatch(/DATABASE_URL/);
  });
});
