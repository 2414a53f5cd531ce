import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, expect, inject, it } from 'vitest';
import { type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import { connectAccount } from '../../src/pipeline/connection/connect.ts';
import { applySegmentations } from '../../src/pipeline/publish/publish.ts';
import { releaseTargets } from '../../src/pipeline/publish/release.ts';
import { openStore } from '../../src/store/open.ts';
import { STAGES, type StageName } from '../../src/store/runs.ts';
import { getTenant } from '../../src/store/tenant.ts';
import { layEmbeddedStore } from '../database.ts';
import { type CrmState, hubspotState } from './crm-state.ts';
import { customers, habits, hubspotShop, spend } from './shop.ts';

const SEED = Number(process.env.CRASH_SEED ?? 1);
/** Kills at a time of chance beside one at each stage. */
const RANDOM_KILLS = Number(process.env.CRASH_KILLS ?? 1);
const TENANT = 't1';
const child = fileURLToPath(new URL('run-child.ts', import.meta.url));

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A store on disk that is connected to a portal, with everything released and nothing pulled. */
async function connected(): Promise<{ dataDir: string; crm: HubspotSandbox }> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-kill-'));
  folders.push(folder);
  const dataDir = join(folder, 'data');
  await layEmbeddedStore(dataDir);
  const lifted = { perTenSeconds: Number.POSITIVE_INFINITY, searchPerSecond: Number.POSITIVE_INFINITY };
  const crm = await startHubspot({ seed: hubspotShop(customers(150)), limits: lifted });
  const install = crm.issueInstall();
  const store = await openStore({
    databaseUrl: undefined,
    dataDir,
    encryptionKey: undefined,
    oldEncryptionKeys: [],
  });
  const { pool, keys } = store;
  const tenant = await getTenant(pool, TENANT);
  await connectAccount(
    { pool, tenant, keys, log: pino({ level: 'silent' }) },
    {
      system: 'hubspot',
      config: { apiUrl: crm.url },
      app: crm.app,
      secret: {
        accessToken: install.accessToken,
        refreshToken: install.refreshToken,
        expiresAt: null,
        apiUrl: crm.url,
      },
    },
  );
  await applySegmentations(pool, tenant, [spend(), habits], { by: 'test' });
  await releaseTargets(pool, tenant, 'all', 'test');
  await store.close();
  return { dataDir, crm };
}

/** When to kill: so long after the process began, or after it came to a stage. */
type Kill = { stage?: StageName; afterMs: number };

/** Runs a process to its end or its death. @returns what it said last */
async function work(dataDir: string, crm: HubspotSandbox, kill?: Kill): Promise<string> {
  // Most of these processes die before the engine's better code for the database pays.
  const args = ['--liftoff-only', child, dataDir, TENANT, crm.app.clientId, crm.app.clientSecret];
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(running, 'exit');
  const die = (afterMs: number) => setTimeout(() => running.kill('SIGKILL'), afterMs);
  if (kill && !kill.stage) die(kill.afterMs);
  let last = '';
  for await (const line of createInterface({ input: running.stdout })) {
    last = line;
    if (kill?.stage && line === `stage ${kill.stage}`) die(kill.afterMs);
  }
  const [code, signal] = await exited;
  if (signal !== 'SIGKILL') expect(code, `said "${last}"`).toBe(0);
  return last;
}

async function endOf(kills: Kill[]): Promise<CrmState> {
  const { dataDir, crm } = await connected();
  try {
    for (const kill of kills) await work(dataDir, crm, kill);
    expect(await work(dataDir, crm)).toBe('done');
    expect(crm.journal.totals()).toMatchObject({ rulesBroken: 0 });
    if (kills.length === 0) return hubspotState(crm.admin);
    const before = crm.journal.totals().writes;
    expect(await work(dataDir, crm)).toBe('done');
    expect(crm.journal.totals().writes, 'writes with nothing changed').toBe(before);
    return hubspotState(crm.admin);
  } finally {
    await crm.stop();
  }
}

// The embedded store only: no dump is made for runs on a server.
it.skipIf(inject('testDatabase').template !== null)(
  'a process that is killed at each stage and at random ends with the same labels, and the store opens each time',
  async () => {
    const random = xoroshiro128plus(SEED);
    const kills = [
      ...STAGES.map((stage): Kill => ({ stage, afterMs: uniformInt(random, 0, 60) })),
      ...Array.from({ length: RANDOM_KILLS }, (): Kill => ({ afterMs: uniformInt(random, 300, 4_000) })),
    ];
    const expected = await endOf([]);
    expect(Object.keys(expected.records)).toHaveLength(150 + 100 + 50 + 1);
    expect(await endOf(kills), JSON.stringify(kills)).toEqual(expected);
  },
  240_000,
);
