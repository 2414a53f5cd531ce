import { randomUUID } from 'node:crypto';
import { movableClock } from '../clock.ts';
import { controlRouter } from '../control.ts';
import { type FaultPlan, Faults } from '../faults.ts';
import { crmApp, listen } from '../http.ts';
import { Journal } from '../journal.ts';
import { DailyQuota, SlidingWindow } from '../limits.ts';
import type { CrmSeed } from '../seed.ts';
import { accountEndpoints } from './account.ts';
import { adminOperations, hubspotAdmin } from './admin.ts';
import { Api, type HubspotEndpoint } from './api.ts';
import { associationEndpoints } from './associations.ts';
import { batchEndpoints } from './batch.ts';
import { errorReply } from './errors.ts';
import { guard, rateHeaders, throttledReply, VERSIONS } from './guard.ts';
import { Installs } from './installs.ts';
import { ListStore } from './list-store.ts';
import { listEndpoints } from './lists.ts';
import { loadSeed } from './load.ts';
import { oauthEndpoints } from './oauth.ts';
import { objectEndpoints } from './objects.ts';
import { Portal } from './portal.ts';
import { propertyEndpoints } from './properties.ts';
import { searchEndpoints } from './search.ts';
import { taskEndpoints } from './tasks.ts';
import { WebhookSender } from './webhooks.ts';

/** Defaults: a marketplace OAuth app. Infinity lifts a limit. */
export type HubspotLimits = { perTenSeconds: number; searchPerSecond: number; perDay: number };

const MARKETPLACE_APP: HubspotLimits = {
  perTenSeconds: 110,
  searchPerSecond: 5,
  perDay: Number.POSITIVE_INFINITY,
};

export type HubspotOptions = {
  seed?: CrmSeed;
  /** 0 or none: any free one. */
  port?: number;
  portalId?: number;
  limits?: Partial<HubspotLimits>;
  faults?: FaultPlan;
  tokenLifeSeconds?: number;
  /** Each refresh gives a new refresh token and kills the old one. */
  rotateRefreshTokens?: boolean;
  /** How long search goes on showing a record as it was. */
  searchIndexDelayMs?: number;
  /** Whether a merge keeps the primary's id instead of making a new one. */
  mergeKeepsId?: boolean;
  /** API versions that paths may name. */
  versions?: string[];
  currency?: string;
  timeZone?: string;
  clientId?: string;
  clientSecret?: string;
};

export type HubspotSandbox = Awaited<ReturnType<typeof startHubspot>>;

/** Bodies that name no row. */
const NO_ROWS = new Set(['[]', '{"inputs":[]}']);

/** A HubSpot portal over real HTTP on the loopback interface. */
export const startHubspot = async (options: HubspotOptions = {}) => {
  const clock = movableClock();
  const journal = new Journal();
  const faults = new Faults(options.faults);
  const portal = new Portal(options.portalId ?? 48_200_001, clock, options.searchIndexDelayMs ?? 0);
  portal.currency = options.currency ?? portal.currency;
  portal.timeZone = options.timeZone ?? portal.timeZone;
  const lists = new ListStore(portal);
  const ids = loadSeed(portal, options.seed ?? EMPTY_SEED);
  const installs = new Installs({
    clock,
    tokenLifeMs: (options.tokenLifeSeconds ?? 1_800) * 1_000,
    rotates: options.rotateRefreshTokens ?? false,
  });
  const app = {
    id: 3_100_001,
    clientId: options.clientId ?? 'sandbox-client',
    clientSecret: options.clientSecret ?? 'sandbox-secret',
  };
  const api = new Api({ portal, installs, journal, app, mergeKeepsId: options.mergeKeepsId ?? false });
  const limits = { ...MARKETPLACE_APP, ...options.limits };
  const budgets = {
    general: new SlidingWindow(limits.perTenSeconds, 10_000),
    search: new SlidingWindow(limits.searchPerSecond, 1_000),
    day: new DailyQuota(limits.perDay),
  };
  const webhooks = new WebhookSender(portal, app);
  const admin = hubspotAdmin(api, lists, ids, webhooks);
  const endpoints: HubspotEndpoint[] = [
    ...oauthEndpoints(api),
    ...taskEndpoints(api),
    ...searchEndpoints(api),
    ...batchEndpoints(api),
    ...objectEndpoints(api),
    ...associationEndpoints(api),
    ...propertyEndpoints(api),
    ...listEndpoints(api, lists),
    ...accountEndpoints(api),
  ];
  const control = controlRouter({ journal, faults, clock, operations: adminOperations(admin) });
  const server = await listen(
    crmApp<HubspotEndpoint>({
      endpoints,
      journal,
      faults,
      clock,
      bodyLimitBytes: 10_000_000,
      canonicalPath: datedPath,
      guard: guard(api, budgets, options.versions ?? VERSIONS),
      // A call about no row asks for leave and changes nothing: it is not a write.
      kindOf: ({ body }, { kind }) =>
        kind === 'write' && NO_ROWS.has(body.toString('utf8').trim()) ? 'read' : kind,
      headers: rateHeaders(budgets),
      unknownPath: () => errorReply(404, 'OBJECT_NOT_FOUND', 'Unable to find the resource'),
      tooLarge: () => errorReply(413, 'VALIDATION_ERROR', 'Request entity too large'),
      serverError: (status) => ({
        status,
        json: { status: 'error', message: 'internal error', correlationId: randomUUID() },
      }),
      throttled: (retryAfter) => throttledReply('TEN_SECONDLY_ROLLING', retryAfter),
      emptied: (reply) => ({ ...reply, json: { total: 0, results: [] } }),
      admin: control,
    }),
    options.port ?? 0,
  );
  const stop = async () => {
    webhooks.stop();
    await server.stop();
  };
  return {
    ...server,
    stop,
    webhooks,
    portalId: portal.id,
    app,
    journal,
    faults,
    clock,
    budgets,
    admin,
    issueInstall: admin.issueInstall,
  };
};

const EMPTY_SEED: CrmSeed = {
  contacts: [],
  companies: [],
  deals: [],
  leads: [],
  owners: [],
  pipelines: [],
  properties: [],
};

/** Numbered paths in the order of the dated ones: /crm/v3/objects/x becomes /crm/objects/v3/x. */
const datedPath = (path: string): string => path.replace(/^\/crm\/(v\d)\/([^/?]+)/, '/crm/$2/$1');
