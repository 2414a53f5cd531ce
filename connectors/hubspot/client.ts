import { Client } from '@hubspot/api-client';
import { Request as SdkRequest } from '@hubspot/api-client/lib/src/services/http/Request.js';
import { z } from 'zod';
import { type AppError, RateLimitError, RemoteError } from '../../src/errors.ts';
import type { Context, LimitReport } from '../contract.ts';
import {
  allowedApiUrl,
  type Dialect,
  exchange,
  type HttpAnswer,
  type HttpRequest,
  pinnedFetch,
} from '../http.ts';
import { retryAfterMs } from '../retry.ts';
import { HUBSPOT_HOSTS, type HubSpotConfig } from './config.ts';

/**
 * Dated API version of every path. 2026-09 would enforce the admin's rules for whole records on each write of one
 * property. https://developers.hubspot.com/docs/developer-tooling/platform/versioning
 */
export const API_VERSION = '2026-03';

/**
 * What HubSpot lets a marketplace app do: 110 calls in 10 s for each account (the header says so, and more for
 * private apps), search apart with 5 a second, of which we use 3.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
export const BUDGETS = {
  general: { permits: 100, windowMs: 10_000, concurrency: 10, scope: 'account' },
  search: { permits: 3, windowMs: 1_000, concurrency: 3, scope: 'account' },
} as const;

/**
 * The SDK's client with its one transport method sent through our fetch: the SDK's own takes no signal, follows
 * redirects, and retries by a list that leaves out most of what fails (@hubspot/api-client 14.0.1).
 */
class SignalledClient extends Client {
  readonly #fetch: typeof fetch;
  readonly #signal: AbortSignal;

  constructor(options: { accessToken: string; basePath: string; fetch: typeof fetch; signal: AbortSignal }) {
    super({ accessToken: options.accessToken, basePath: options.basePath, numberOfApiCallRetries: 0 });
    this.#fetch = options.fetch;
    this.#signal = options.signal;
  }

  override apiRequest(options: Parameters<Client['apiRequest']>[0]): Promise<Response> {
    const request = new SdkRequest(this.config, options);
    return this.#fetch(request.getUrl(), { ...request.getSendData(), signal: this.#signal });
  }
}

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean>;
  body?: unknown;
  budget?: keyof typeof BUDGETS;
  write?: boolean;
  rows?: number;
  /** A POST that only reads, or writes the same values again. */
  idempotent?: boolean;
};

/** Calls HubSpot and reads its answer through a schema. */
export async function call<S extends z.ZodType>(
  context: Context<HubSpotConfig>,
  { budget = 'general', write = false, ...given }: Call,
  schema: S,
): Promise<{ data: z.infer<S>; headers: Headers }> {
  const basePath = allowedApiUrl(context.config.apiUrl, HUBSPOT_HOSTS);
  const request: HttpRequest = {
    method: given.method,
    path: given.path,
    budget,
    write,
    rows: given.rows,
    idempotent: given.idempotent ?? (given.method === 'POST' && !write ? true : undefined),
    expect: given.method === 'DELETE' ? 'nothing' : 'json',
  };
  const pinned = pinnedFetch(context.fetch, basePath);
  const answer = await exchange(context, DIALECT, request, ({ accessToken }, signal) =>
    new SignalledClient({ accessToken, basePath, fetch: pinned, signal }).apiRequest({
      method: given.method,
      path: given.path,
      qs: given.query,
      body: given.body,
    }),
  );
  return { data: shaped(schema, answer, given), headers: answer.headers };
}

function shaped<S extends z.ZodType>(schema: S, answer: HttpAnswer, given: Call): z.infer<S> {
  const parsed = schema.safeParse(answer.json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'unknown shape';
  throw new RemoteError(
    'unexpected_shape',
    `HubSpot's answer to ${given.method} ${given.path} is not what its reference says (${where}). Nothing was read from it.`,
    {
      status: answer.status,
      retryable: true,
      outcomeUnknown: given.write ?? false,
      action: 'Nothing to do: we try again. If it stays, report it with this message.',
      cause: parsed.error,
    },
  );
}

/** HubSpot's standard error body; every field may be missing. */
export const ErrorBody = z.object({
  message: z.string().catch(''),
  category: z.string().catch(''),
  subCategory: z.string().optional().catch(undefined),
  policyName: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ context: z.record(z.string(), z.array(z.string())).optional() }))
    .optional()
    .catch(undefined),
});

export const DIALECT: Dialect = {
  name: 'HubSpot',
  limits(headers, request): LimitReport[] {
    const number = (name: string) => {
      const text = headers.get(`x-hubspot-ratelimit-${name}`);
      return text === null || text === '' ? Number.NaN : Number(text);
    };
    const [limit, remaining, windowMs] = [
      number('max'),
      number('remaining'),
      number('interval-milliseconds'),
    ];
    const isOurs = request.budget === 'general' && windowMs === BUDGETS.general.windowMs;
    if (!isOurs || !(limit > 0) || !(remaining >= 0)) return [];
    return [{ budget: 'general', limit, remaining }];
  },
  refusal(answer, request) {
    const body = ErrorBody.safeParse(answer.json);
    if (!body.success) return undefined;
    if (answer.status === 429) return tooMany(answer, request, body.data.policyName ?? '');
    if (answer.status === 403) return forbidden(request, body.data);
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 401) {
      return refused(answer, request, body.data);
    }
    return undefined;
  },
};

/** How long to wait where HubSpot does not say; its windows slide. */
const POLICY_WAIT_MS: Record<string, number> = {
  DAILY: 15 * 60_000,
  SECONDLY: 1_000,
  TEN_SECONDLY_ROLLING: 2_000,
};

function tooMany(answer: HttpAnswer, request: HttpRequest, policy: string): AppError {
  const isDaily = policy === 'DAILY';
  return new RateLimitError(
    isDaily ? 'daily_limit' : 'rate_limited',
    isDaily
      ? 'The HubSpot account has used up its calls of today.'
      : `HubSpot asks us to slow down (${request.method} ${request.path}).`,
    {
      retryAfterMs:
        retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? POLICY_WAIT_MS[policy] ?? 1_000,
      action: 'Nothing to do: we wait and go on by ourselves.',
    },
  );
}

function forbidden(request: HttpRequest, body: z.infer<typeof ErrorBody>): AppError {
  const scopes = (body.errors ?? []).flatMap(({ context }) => context?.requiredGranularScopes ?? []);
  const isScope = body.category === 'MISSING_SCOPES';
  const said = body.message.slice(0, 300);
  return new RemoteError(
    isScope ? 'missing_scope' : 'forbidden',
    isScope
      ? `HubSpot did not give us the right ${scopes.join(', ') || 'for this call'} (${request.method} ${request.path}).`
      : `HubSpot does not allow ${request.method} ${request.path}: ${said}`,
    {
      status: 403,
      said,
      action: isScope
        ? 'Reconnect HubSpot under Connections and allow all rights that it lists.'
        : 'Ask an admin of the HubSpot account whether its subscription and your rights cover this.',
    },
  );
}

function refused(
  answer: HttpAnswer,
  request: HttpRequest,
  body: z.infer<typeof ErrorBody>,
): AppError | undefined {
  // Locks and time-outs keep their usual, retryable error.
  if ([408, 423, 425, 477].includes(answer.status)) return undefined;
  const said = body.message.slice(0, 500);
  return new RemoteError(
    (body.subCategory ?? (body.category || 'refused')).toLowerCase(),
    `HubSpot refused ${request.method} ${request.path} (${answer.status}): ${said}`,
    { status: answer.status, said, action: 'Look at the reason that HubSpot gives, and mend it there.' },
  );
}

/** Did HubSpot say that there is nothing, or nothing any more, at the address? */
export const isUnknownAddress = ({ status }: { status: number }): boolean => status === 404 || status === 410;

/** At an address that every account has: the version in it is what HubSpot does not know, or any more. */
export const unknownVersion = (status: number): RemoteError =>
  new RemoteError(
    'api_version_unknown',
    `HubSpot does not offer its API version ${API_VERSION}, which this release of Segment Sync speaks. Nothing was read or written.`,
    { status, action: 'Update Segment Sync to a newer release; no account has to be connected again.' },
  );

/** Did HubSpot say that the thing does not exist? */
export const isNotFound = (error: unknown): boolean => error instanceof RemoteError && error.status === 404;
