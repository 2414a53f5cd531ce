import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import { createPatience, parseWait } from '../../src/cli/patience.ts';
import { withSession } from '../../src/cli/session.ts';
import { connectAccount } from '../../src/pipeline/connection/connect.ts';
import { layEmbeddedStore } from '../database.ts';
import { cli } from './in-process.ts';

const SLOW_MS = 180_000;

let folder = '';
let hubspot: HubspotSandbox | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-patience-'));
  vi.stubEnv('DATA_DIR', folder);
  vi.stubEnv('DATABASE_URL', '');
  vi.stubEnv('REDIS_URL', '');
  await layEmbeddedStore(folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hubspot?.stop();
  await rm(folder, { recursive: true, force: true });
});

const DOWN = { message: 'HubSpot did not answer.' };

it('time runs only while nothing moves and something is waited for', () => {
  let now = 0;
  const look = createPatience(1_000, () => now);
  const at = (ms: number, moved: string, waitsFor: { message: string } | null = DOWN) => {
    now = ms;
    return () => look('Run 1', moved, waitsFor, 'Go on.');
  };
  expect(at(0, 'a')).not.toThrow();
  expect(at(900, 'a')).not.toThrow();
  expect(at(950, 'b')).not.toThrow();
  expect(at(1_949, 'b')).not.toThrow();
  expect(at(2_500, 'b', null)).not.toThrow();
  expect(at(2_500, 'b')).toThrow('Run 1 still waits: HubSpot did not answer. What was done so far is kept.');
});

it.each([
  [undefined, Number.POSITIVE_INFINITY],
  ['15', 900_000],
  ['0.5', 30_000],
])('waits %s minutes', (text, ms) => {
  expect(parseWait(text)).toBe(ms);
});

it.each(['0', '-1', 'long', '', '1e3', '10081'])('refuses to wait "%s" minutes', (text) => {
  expect(() => parseWait(text)).toThrow('is not a number of minutes');
});

it(
  'a run gives up waiting for a CRM that is down, is kept, and goes on once it is back; the connection says so',
  async () => {
    hubspot = await startHubspot();
    const { url, app } = hubspot;
    const { accessToken, refreshToken, expiresIn } = hubspot.issueInstall();
    const expiresAt = new Date(Date.now() + expiresIn * 1_000).toISOString();
    await withSession({ json: true }, async ({ app: { store, log }, tenant }) => {
      await connectAccount(
        { pool: store.pool, tenant, keys: store.keys, log },
        {
          system: 'hubspot',
          config: { apiUrl: url },
          secret: { accessToken, refreshToken, expiresAt, apiUrl: url },
          app,
        },
      );
    });
    hubspot.faults.replace({
      rules: [{ times: 1_000_000, fault: { kind: 'status', status: 503 } }],
    });
    await expect(cli('run', '--wait', '0.001', '--json')).rejects.toMatchObject({
      code: 'still_waiting',
      message: expect.stringMatching(/^Run 1 still waits: .*HubSpot/),
      action: expect.stringContaining('`cancel 1` ends it'),
    });
    const unreachable = { state: 'connected', reason: { code: 'unreachable' } };
    expect((await cli('status', '--json')).json).toMatchObject({ connections: [unreachable] });

    hubspot.faults.replace({});
    const { json } = await cli('run', '--json');
    expect(json).toMatchObject({ id: '1', state: 'done' });
    const reached = { state: 'connected', reason: null };
    expect((await cli('status', '--json')).json).toMatchObject({ connections: [reached] });
  },
  SLOW_MS,
);
