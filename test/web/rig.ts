/**
 * The workspace as people meet it: the real server with a worker, a test database, the stand-in CRMs that have a
 * seed, and Chromium.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { startWorker } from '../../jobs/worker.ts';
import { type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import {
  type SalesforceSandbox,
  type SalesforceSeed,
  startSalesforce,
} from '../../sandbox/salesforce/index.ts';
import type { CrmSeed } from '../../sandbox/seed.ts';
import { createLog } from '../../src/log.ts';
import { connectAccount } from '../../src/pipeline/connection/connect.ts';
import { applySegmentations } from '../../src/pipeline/publish/publish.ts';
import { releaseTargets } from '../../src/pipeline/publish/release.ts';
import type { Segmentation } from '../../src/segmentation/definition.ts';
import { getRun, type Run } from '../../src/store/runs.ts';
import { suppressionKey } from '../../src/store/suppressions.ts';
import { hubspotShop, salesforceShop, customers as shopCustomers } from '../integration/shop.ts';
import { withoutPace } from '../integration/without-pace.ts';
import { crmEnv } from '../server/crm-env.ts';
import { type ServerRig, startServer, type Visitor } from '../server/rig.ts';
import { openBrowser, watchPage } from './browser.ts';
import { builtWorkspace } from './built.ts';

type System = 'hubspot' | 'salesforce';

export type WebRig = ServerRig & {
  hubspot: HubspotSandbox;
  salesforce: SalesforceSandbox;
  /** A page of that visitor's own browser profile, signed in; null for nobody. Scheme and width as given. */
  page(
    visitor: Visitor | null,
    options?: { width?: number; height?: number; scheme?: 'light' | 'dark' },
  ): Promise<Page>;
  /** Console errors, exceptions and blocked things of all pages so far; a test ends with it empty. */
  problems: string[];
  /** Connects a stand-in CRM as an install would. Answers the connection's id. */
  connect(system: System): Promise<string>;
  publish(...definitions: Segmentation[]): Promise<void>;
  release(which?: 'all' | string[]): Promise<void>;
  /** Starts a run over the API and waits for its end. */
  run(as: Visitor, options?: { dryRun?: boolean; mayFail?: boolean }): Promise<Run>;
};

export type WebRigOptions = {
  /** Seeds; a number is that many customers of test/integration/shop.ts. */
  hubspot?: CrmSeed | number;
  salesforce?: SalesforceSeed | number;
  env?: Record<string, string>;
};

const NO_LIMITS = { perTenSeconds: Number.POSITIVE_INFINITY, searchPerSecond: Number.POSITIVE_INFINITY };

export async function startWebRig(options: WebRigOptions = {}): Promise<WebRig> {
  const log = createLog({ level: process.env.TEST_LOG ?? 'silent' });
  const [web, browser, hubspot, salesforce] = await Promise.all([
    builtWorkspace(log),
    openBrowser(),
    startHubspot({ ...seeded(options.hubspot, hubspotShop), limits: NO_LIMITS }),
    startSalesforce({
      ...seeded(options.salesforce, salesforceShop),
      dailyCalls: 1_000_000_000,
      bulk: { delayMs: 5 },
    }),
  ]);
  const server = await startServer({
    web,
    env: {
      ...crmEnv(hubspot, salesforce),
      ...options.env,
    },
    parts: { log },
  });
  const { parts, database } = server;
  const { pool, tenant } = database;
  parts.openConnections = withoutPace(parts.openConnections);
  const { keys } = parts.store;
  const worker = await startWorker({
    pool,
    backend: parts.backend,
    openConnections: parts.openConnections,
    suppressionKey: () => suppressionKey(pool, keys),
    concurrency: 2,
    log,
  });
  const problems: string[] = [];
  return {
    ...server,
    hubspot,
    salesforce,
    problems,
    page: (visitor, { width = 1280, height = 800, scheme = 'light' } = {}) =>
      openPage(browser, { url: server.url, visitor, width, height, scheme, problems }),
    connect: async (system) => {
      const crm = { hubspot, salesforce }[system];
      const { accessToken, refreshToken } = crm.issueInstall();
      const { connection } = await connectAccount(
        { pool, tenant, keys, log },
        {
          system,
          config: system === 'hubspot' ? { apiUrl: crm.url } : { loginUrl: crm.url },
          secret: { accessToken, refreshToken, expiresAt: null, apiUrl: crm.url },
          app: crm.app,
        },
      );
      return connection.id;
    },
    publish: async (...definitions) => {
      await applySegmentations(pool, tenant, definitions, { by: 'test' });
    },
    release: async (which = 'all') => {
      await releaseTargets(pool, tenant, which, 'test');
    },
    run: async (as, { dryRun = false, mayFail = false } = {}) => {
      const answer = await server.ask(as, 'POST', '/api/runs', { dryRun });
      const { id } = (await answer.json()) as { id: string };
      for (;;) {
        const run = await getRun(pool, tenant, id);
        if (run.endedAt && !mayFail) expect(run.state, run.reason?.message).toBe('done');
        if (run.endedAt) return run;
        await sleep(20);
      }
    },
    close: async () => {
      await browser.close();
      await worker.close();
      await server.close();
      await Promise.all([hubspot.stop(), salesforce.stop()]);
    },
  };
}

function seeded<Seed>(
  given: Seed | number | undefined,
  shop: (people: ReturnType<typeof shopCustomers>) => Seed,
): { seed?: Seed } {
  if (given === undefined) return {};
  return { seed: typeof given === 'number' ? shop(shopCustomers(given)) : given };
}

async function openPage(
  browser: Browser,
  given: {
    url: string;
    visitor: Visitor | null;
    width: number;
    height: number;
    scheme: 'light' | 'dark';
    problems: string[];
  },
): Promise<Page> {
  const context = await browser.newContext({
    baseURL: given.url,
    viewport: { width: given.width, height: given.height },
    colorScheme: given.scheme,
    reducedMotion: 'reduce',
  });
  if (given.visitor) {
    const [name = '', value = ''] = given.visitor.cookie.split('=');
    await context.addCookies([{ name, value, url: given.url, httpOnly: true, sameSite: 'Lax' }]);
  }
  const page = await context.newPage();
  // Machines are slow at times; what never comes fails all the same.
  page.setDefaultTimeout(60_000);
  watchPage(page, given.problems);
  return page;
}
