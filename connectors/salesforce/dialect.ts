import { z } from 'zod';
import { type AppError, AuthError, RateLimitError, RemoteError } from '../../src/errors.ts';
import type { LimitReport } from '../contract.ts';
import type { Dialect, HttpAnswer, HttpRequest } from '../http.ts';

const DAY_MS = 86_400_000;

/**
 * An org has a number of API calls in any 24 hours, which all its integrations share: we take a fifth at most, and
 * nothing once less than a quarter is left for everybody. Until the first answer tells the org's limit, that of a
 * small one stands.
 * https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
 */
export const BUDGETS = {
  api: { permits: 3_000, windowMs: DAY_MS, concurrency: 10, scope: 'account' },
} as const;

const OUR_SHARE = 0.2;
export const LEFT_FOR_ALL = 0.25;
/** The window slides: a look every so often finds room as soon as there is some. */
const SPENT_WAIT_MS = 15 * 60_000;
/** Too many long calls at once. */
const CROWDED_WAIT_MS = 1_000;

const USAGE = /(?:^|[^-\w])api-usage=(\d+)\/(\d+)/;

/** How much of the org's day is used, by `Sforce-Limit-Info: api-usage=18/5000`. */
function usageOf(headers: Headers): { used: number; limit: number } | undefined {
  const [, used, limit] = USAGE.exec(headers.get('sforce-limit-info') ?? '') ?? [];
  return used === undefined || !(Number(limit) > 0)
    ? undefined
    : { used: Number(used), limit: Number(limit) };
}

const ErrorBody = z.array(z.object({ errorCode: z.string(), message: z.string().default('') })).min(1);

export const DIALECT: Dialect = {
  name: 'Salesforce',
  limits(headers): LimitReport[] {
    const usage = usageOf(headers);
    if (usage === undefined) return [];
    const { used, limit } = usage;
    const isScarce = limit - used < limit * LEFT_FOR_ALL;
    return [
      {
        budget: 'api',
        limit: Math.floor(limit * OUR_SHARE),
        ...(isScarce && { retryAfterMs: SPENT_WAIT_MS }),
      },
    ];
  },
  refusal: (answer, request) => refusalOf(answer, request, PASSING),
};

/** For calls that there is another way for: asked again, the same query takes its two minutes again. */
export const IMPATIENT: Dialect = {
  ...DIALECT,
  refusal: (answer, request) => refusalOf(answer, request, PASSING_SOON),
};

function refusalOf(
  answer: HttpAnswer,
  request: HttpRequest,
  passing: ReadonlySet<string>,
): AppError | undefined {
  const error = errorOf(answer);
  if (error === undefined) return undefined;
  const { code, message } = error;
  if (code === 'INVALID_SESSION_ID' || code === 'INVALID_AUTH_HEADER') {
    return new AuthError('unauthorized', 'Salesforce no longer accepts our token.', {
      action: 'Reconnect Salesforce under Connections.',
    });
  }
  if (code === 'REQUEST_LIMIT_EXCEEDED') return tooMany(answer, request, message);
  // SOAP says everything with status 500: what its fault names is no failure of the server, unless that is its name.
  const isTheirs = answer.status >= 500 && !(error.isFault && !SERVER_FAULTS.has(code));
  if (answer.status === 401 || isTheirs || answer.status === 420) return undefined;
  return refused(error.isFault ? 400 : answer.status, code, message, request, passing.has(code));
}

/** Faults that say that Salesforce itself failed. */
const SERVER_FAULTS = new Set(['UNKNOWN_EXCEPTION', 'SERVER_UNAVAILABLE', 'Server']);

/** The first error of an answer: JSON from REST, XML from the Metadata API. */
function errorOf(answer: HttpAnswer): { code: string; message: string; isFault: boolean } | undefined {
  const body = ErrorBody.safeParse(answer.json);
  const [first] = body.success ? body.data : [];
  if (first) return { code: first.errorCode, message: first.message, isFault: false };
  const [, code, message] =
    /<faultcode>(?:\w+:)?(\w+)<\/faultcode>\s*<faultstring>([^<]*)/.exec(answer.text) ?? [];
  return code === undefined ? undefined : { code, message: message ?? '', isFault: true };
}

function tooMany(answer: HttpAnswer, request: HttpRequest, message: string): RateLimitError {
  const usage = usageOf(answer.headers);
  // The same code says that too many long calls are under way at once.
  const isCrowd = /concurrent/i.test(message);
  const isSpent = !isCrowd && (usage === undefined || usage.used >= usage.limit);
  const action = 'Nothing to do: we wait and go on by ourselves.';
  return isSpent
    ? new RateLimitError(
        'daily_limit',
        'The Salesforce org has used up its API calls of the last 24 hours.',
        {
          retryAfterMs: SPENT_WAIT_MS,
          action,
        },
      )
    : new RateLimitError(
        'rate_limited',
        `Salesforce asks us to slow down (${request.method} ${request.path}).`,
        {
          retryAfterMs: CROWDED_WAIT_MS,
          action,
        },
      );
}

/** Codes that pass by themselves although their status is one of the caller's faults. */
const PASSING_SOON = new Set(['UNABLE_TO_LOCK_ROW', 'SERVER_UNAVAILABLE']);
const PASSING = new Set([...PASSING_SOON, 'QUERY_TIMEOUT']);

function refused(
  status: number,
  code: string,
  message: string,
  request: HttpRequest,
  retryable: boolean,
): AppError {
  const said = message.slice(0, 500);
  return new RemoteError(
    code,
    `Salesforce refused ${request.method} ${request.path} (${status} ${code}): ${said}`,
    {
      status,
      said,
      retryable,
      action: actionOf(status, code),
    },
  );
}

const actionOf = (status: number, code: string) =>
  ACTIONS[code] ??
  (status === 403
    ? 'Ask an admin of the org to give the connected user this right.'
    : 'Look at the reason that Salesforce gives, and mend it there.');

const NO_API =
  'Segment Sync needs the API: Enterprise, Unlimited, Performance and Developer Edition have it, Professional Edition as an extra. Where the edition has it, give the connected user the permission API Enabled.';
const ACTIONS: Record<string, string> = {
  API_DISABLED_FOR_ORG: NO_API,
  API_CURRENTLY_DISABLED: NO_API,
  UNSUPPORTED_API_VERSION:
    'Salesforce has retired the API version that this release speaks: update Segment Sync.',
};

/** Did Salesforce say that the thing does not exist? */
export const isNotFound = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && (error.status === 404 || error.code === 'NOT_FOUND');

/** Did Salesforce say that it has retired the API version? */
export const isGone = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && error.status === 410;

/** The object is not in this org (a feature that is off), or hidden from us. */
export const isUnknownObject = (error: unknown): error is RemoteError =>
  isNotFound(error) || (error instanceof RemoteError && error.code === 'INVALID_TYPE');

export const isUnknownField = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && error.code === 'INVALID_FIELD';
