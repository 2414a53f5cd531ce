import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Clock, movableClock } from '../clock.ts';
import { controlRouter } from '../control.ts';
import { type FaultPlan, Faults } from '../faults.ts';
import { type ApiRequest, crmApp, listen, type Reply } from '../http.ts';
import { Journal } from '../journal.ts';
import { DailyQuota } from '../limits.ts';
import { adminOf, adminOperations, type SalesforceAdmin } from './admin.ts';
import { type BulkSettings, bulkCalls } from './bulk-calls.ts';
import { changeStream } from './change-stream.ts';
import { type Context, ok, type SalesforceEndpoint } from './context.ts';
import { SalesforceError } from './errors.ts';
import { listViewCalls } from './list-view-calls.ts';
import { ListViews } from './list-views.ts';
import { load, type SalesforceSeed } from './load.ts';
import { type Install, oauthOf } from './oauth.ts';
import { Org } from './org.ts';
import { queryCalls } from './query-calls.ts';
import { recordCalls } from './record-calls.ts';
import { soapCalls, soapFault, soapKind } from './soap-calls.ts';
import { toolingCalls } from './tooling-calls.ts';
import { writerOf } from './write.ts';

export type { SalesforceAdmin } from './admin.ts';
export type { SalesforceSeed } from './load.ts';

export type SalesforceOptions = {
  seed?: SalesforceSeed;
  /** 0, the default, takes a free one. */
  port?: number;
  clock?: Clock;
  faults?: FaultPlan;
  /** API calls of the org in a day; by default those of an Enterprise Edition with 15 licences. */
  dailyCalls?: number;
  clientId?: string;
  clientSecret?: string;
  /** Two hours by default. */
  tokenLifeSeconds?: number;
  bulk?: Partial<BulkSettings>;
  /** API versions that the org offers (31 stands for 31.0); those up to Spring '26 and one more by default. */
  versions?: number[];
  /** How often a query page has fewer rows than it could; 5 % by default. */
  shortPages?: number;
};

export type SalesforceSandbox = {
  url: string;
  port: number;
  orgId: string;
  app: { clientId: string; clientSecret: string };
  journal: Journal;
  faults: Faults;
  clock: Clock;
  quota: DailyQuota;
  admin: SalesforceAdmin;
  issueInstall(): Install;
  stop(): Promise<void>;
};

const VERSIONS = Array.from({ length: 68 - 31 }, (_, n) => 31 + n);
const OLDEST_KNOWN = 21;
const TWO_HOURS = 7_200;

export async function startSalesforce(options: SalesforceOptions): Promise<SalesforceSandbox> {
  const clock = options.clock ?? movableClock();
  const app = {
    clientId: options.clientId ?? 'sandbox-client',
    clientSecret: options.clientSecret ?? 'sandbox-secret',
  };
  const journal = new Journal();
  const faults = new Faults(options.faults);
  const quota = new DailyQuota(options.dailyCalls ?? 115_000);
  const org = new Org(clock);
  load(org, options.seed ?? EMPTY_SEED);

  const random = xoroshiro128plus(11);
  const writer = writerOf(org);
  const listViews = new ListViews(org);
  const context: Context = { org, writer, journal, dice: () => uniformFloat64(random) };
  const oauth = oauthOf(org, clock, journal, {
    ...app,
    isBusy: () => org.forbidden.has('token'),
    accessTokenMs: (options.tokenLifeSeconds ?? TWO_HOURS) * 1000,
  });
  const bulk: BulkSettings = {
    delayMs: 200,
    fail: false,
    unprocessedShare: 0,
    lockShare: 0,
    ...options.bulk,
  };
  const queries = queryCalls(context, options.shortPages ?? 0.05);
  const { endpoint: cometd, ...changes } = changeStream(org, (request) => oauth.check(request) === 'ok');
  const admin = adminOf(org, writer, listViews, {
    ...changes,
    issueInstall: () => oauth.issueInstall(server.url),
    expireAccessTokens: oauth.expireAccessTokens,
    revokeInstalls: oauth.revokeAll,
    forgetLocators: queries.forgetLocators,
    useDailyCalls: (used) => {
      quota.used = used;
    },
    setBulk: (change) => void Object.assign(bulk, change),
  });

  const open = new Set([
    '/services/oauth2/authorize',
    '/services/oauth2/token',
    '/services/oauth2/revoke',
    '/services/data',
  ]);
  const limits = () =>
    ok({
      DailyApiRequests: { Max: quota.limit, Remaining: quota.limit - quota.used },
      DailyBulkV2QueryJobs: { Max: 10_000, Remaining: 10_000 },
      DailyBulkV2QueryFileStorageMB: { Max: 976_562, Remaining: 976_562 },
      DailyBulkApiBatches: { Max: 15_000, Remaining: 15_000 },
    });
  const recordCount = ({ query }: ApiRequest) => {
    const names = (query.get('sObjects') ?? '').split(',').filter(Boolean);
    const counts = names.map((name) => ({ count: org.table(org.visibleObject(name).name).rows.size, name }));
    return ok({ sObjects: counts });
  };
  const offered = options.versions ?? VERSIONS;
  const versions = () =>
    ok(offered.map((n) => ({ label: `Release ${n}`, url: `/services/data/v${n}.0`, version: `${n}.0` })));
  const calls: SalesforceEndpoint[] = [
    ...oauth.endpoints,
    { method: 'get', path: '/services/data', name: 'versions', kind: 'read', handle: versions },
    { method: 'get', path: '/services/data/:version/limits', name: 'limits', kind: 'read', handle: limits },
    {
      method: 'get',
      path: '/services/data/:version/limits/recordCount',
      name: 'record count',
      kind: 'read',
      handle: recordCount,
    },
    ...queries.endpoints,
    ...listViewCalls(context, listViews),
    ...toolingCalls(context),
    ...recordCalls(context),
    ...bulkCalls(context, bulk).endpoints,
    ...soapCalls(context, listViews),
  ];
  const endpoints: SalesforceEndpoint[] = [
    ...calls.map((call) => ({ ...call, handle: (request: ApiRequest) => toldBy(org, request, call) })),
    cometd,
  ];

  const refuse = (status: number, code: string, message: string): Reply =>
    new SalesforceError(status, code, message).reply;
  const isSoap = (request: ApiRequest) => request.path.startsWith('/services/Soap/');
  const guard = (request: ApiRequest, endpoint: SalesforceEndpoint): Reply | undefined => {
    // Bayeux refuses in its own words.
    if (open.has(request.path) || endpoint === cometd) return undefined;
    if (oauth.check(request) !== 'ok') {
      return isSoap(request)
        ? soapFault('INVALID_SESSION_ID', 'Invalid Session ID found in SessionHeader')
        : refuse(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    }
    if (isFree(endpoint)) return undefined;
    if (org.forbidden.has('api'))
      return refuse(403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled for this Organization.');
    if (isSoap(request) && org.forbidden.has('metadata'))
      return soapFault(
        'INSUFFICIENT_ACCESS',
        'use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions',
      );
    const version = Number(/^v?(\d+)\.0$/.exec(request.params.version ?? '')?.[1]);
    if (version >= OLDEST_KNOWN && version < (offered[0] ?? 0))
      return refuse(410, 'UNSUPPORTED_API_VERSION', 'GONE');
    if (!offered.includes(version)) return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
    if (!quota.take(request.now).taken) {
      journal.throttled();
      return throttled();
    }
    const media = endpoint.media ?? 'application/json';
    if (request.body.length > 0 && !String(request.headers['content-type']).startsWith(media)) {
      journal.broken(
        'wrong_content_type',
        String(request.headers['content-type']),
        `${request.method} ${request.path}`,
        request.now,
      );
      return refuse(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        `Content-Type header specified in HTTP request is not supported: ${String(request.headers['content-type'])}`,
      );
    }
    return undefined;
  };
  const throttled = () => refuse(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
  const emptied = (reply: Reply): Reply => {
    const { json } = reply;
    if (typeof json === 'object' && json !== null && 'records' in json)
      return ok({ totalSize: 0, done: true, records: [] });
    return reply.contentType === 'text/csv' ? { ...reply, text: '' } : reply;
  };

  const server = await listen(
    crmApp<SalesforceEndpoint>({
      endpoints,
      journal,
      faults,
      clock,
      bodyLimitBytes: 160_000_000,
      guard,
      kindOf: (request, endpoint) => (endpoint.name === 'metadata' ? soapKind(request) : endpoint.kind),
      headers: (request, endpoint): Record<string, string> => ({
        date: new Date(request.now).toUTCString(),
        ...(!isFree(endpoint) &&
          request.path !== '/services/data' &&
          !isSoap(request) && { 'sforce-limit-info': `api-usage=${quota.used}/${quota.limit}` }),
      }),
      unknownPath: () => refuse(404, 'NOT_FOUND', 'The requested resource does not exist'),
      tooLarge: () => refuse(413, 'REQUEST_ENTITY_TOO_LARGE', 'The request is too large'),
      serverError: (status) =>
        refuse(
          status,
          status === 503 ? 'SERVER_UNAVAILABLE' : 'UNKNOWN_EXCEPTION',
          'An unexpected error occurred. Please include this ErrorId if you contact support: 1',
        ),
      throttled,
      emptied,
      admin: controlRouter({
        journal,
        faults,
        clock,
        operations: adminOperations(admin),
      }),
    }),
    options.port ?? 0,
  );
  return {
    ...server,
    orgId: org.orgId,
    app,
    journal,
    faults,
    clock,
    quota,
    admin,
    issueInstall: admin.issueInstall,
  };
}

/** Change events say which API made the change, and the client by the name it gives itself. */
function toldBy(org: Org, request: ApiRequest, endpoint: SalesforceEndpoint): Reply | Promise<Reply> {
  const client = /client=([^,;]+)/.exec(String(request.headers['sforce-call-options'] ?? ''))?.[1];
  const version = request.params.version?.replace('v', '') ?? '';
  org.origin = `com/salesforce/api/rest/${version}${client ? `;client=${client}` : ''}`;
  try {
    return endpoint.handle(request);
  } finally {
    org.origin = '';
  }
}

const EMPTY_SEED: SalesforceSeed = {
  contacts: [],
  companies: [],
  deals: [],
  leads: [],
  owners: [],
  pipelines: [],
  properties: [],
};

/** Stands under no limit of calls, and says for itself whether a token is good. */
const isFree = ({ kind }: SalesforceEndpoint): boolean => kind === 'token' || kind === 'stream';
