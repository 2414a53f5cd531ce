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
  refusal(answer, request) {
    const error = errorOf(answer);
    if (error === undefined) return undefined;
    const { code, message } = error;
    if (code === 'INVALID_SESSION_ID' || code === 'INVALID_AUTH_HEADER') {
      return new AuthError('unauthorized', 'Salesforce no longer accepts our token.', {
        action: 'Reconnect Salesforce under Connections.',
      });
    }
    if (code === 'REQUEST_LIMIT_EXCEEDED') return tooMany(answer, request);
    if (answer.status === 401 || answer.status >= 500 || answer.status === 420) return undefined;
    return refused(answer.status, code, message, request);
  },
};

/** The first error of an answer: JSON from REST, XML from the Metadata API. */
function errorOf(answer: HttpAnswer): { code: string; message: string } | undefined {
  const body = ErrorBody.safeParse(answer.json);
  if (body.success) return { code: body.data[0]?.errorCode ?? '', message: body.data[0]?.message ?? '' };
  const [, code, message] =
    /<faultcode>(?:\w+:)?(\w+)<\/faultcode>\s*<faultstring>([^<]*)/.exec(answer.text) ?? [];
  return code === undefined ? undefined : { code, message: message ?? '' };
}

function tooMany(answer: HttpAnswer, request: HttpRequest): RateLimitError {
  const usage = usageOf(answer.headers);
  const isSpent = usage === undefined || usage.used >= usage.limit;
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
const PASSING = new Set(['UNABLE_TO_LOCK_ROW', 'QUERY_TIMEOUT', 'SERVER_UNAVAILABLE']);

function refused(status: number, code: string, message: string, request: HttpRequest): AppError {
  const said = message.slice(0, 500);
  return new RemoteError(
    code,
    `Salesforce refused ${request.method} ${request.path} (${status} ${code}): ${said}`,
    {
      status,
      said,
      retryable: PASSING.has(code),
      action:
        status === 403
          ? 'Ask an admin of the org to give the connected user this right.'
          : 'Look at the reason that Salesforce gives, and mend it there.',
    },
  );
}

/** Did Salesforce say that the thing does not exist? */
export const isNotFound = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && (error.status === 404 || error.code === 'NOT_FOUND');

/** The object is not in this org (a feature that is off), or hidden from us. */
export const isUnknownObject = (error: unknown): error is RemoteError =>
  isNotFound(error) || (error instanceof RemoteError && error.code === 'INVALID_TYPE');

export const isUnknownField = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && error.code === 'INVALID_FIELD';
