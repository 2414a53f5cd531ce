import type { ApiRequest, Reply } from '../http.ts';
import type { DailyQuota, SlidingWindow } from '../limits.ts';
import type { Api, HubspotEndpoint } from './api.ts';
import { errorReply } from './errors.ts';

export const VERSIONS = ['2026-03', '2026-09', 'v1', 'v3', 'v4'];

/** What is in front of the API takes no longer address; a safe figure, HubSpot names none. */
const LONGEST_ADDRESS = 8_000;

export type Budgets = { general: SlidingWindow; search: SlidingWindow; day: DailyQuota };

/** Every call passes here first: version, token, scope, limits, in this order. */
export const guard =
  (api: Api, budgets: Budgets, versions: readonly string[]) =>
  (request: ApiRequest, endpoint: HubspotEndpoint): Reply | undefined => {
    const { version } = request.params;
    if (version !== undefined && !versions.includes(version)) {
      api.broken(request, 'unknown_version', `there is no API version ${version}`);
      return errorReply(404, 'OBJECT_NOT_FOUND', `There is no version ${version} of this API`);
    }
    const length = request.path.length + request.query.toString().length;
    if (length > LONGEST_ADDRESS) {
      api.broken(request, 'address_too_long', `an address of ${length} characters`);
      return { status: 414, contentType: 'text/html; charset=utf-8', text: '<h1>URI Too Long</h1>' };
    }
    if (endpoint.isOpen) return undefined;
    return refusedToken(api, request, endpoint) ?? overLimit(api, budgets, request, endpoint);
  };

const refusedToken = (api: Api, request: ApiRequest, endpoint: HubspotEndpoint): Reply | undefined => {
  const header = request.headers.authorization ?? '';
  const token = header.replace(/^Bearer /i, '');
  if (token === '' || token === header) {
    api.broken(request, 'missing_token', 'no Authorization header with a bearer token');
    return errorReply(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found.');
  }
  const found = api.installs.state(token);
  switch (found.state) {
    case 'unknown':
      api.broken(request, 'unknown_token', 'a token that was never given out');
      return errorReply(401, 'INVALID_AUTHENTICATION', 'The OAuth token is invalid.');
    case 'revoked':
      api.journal.revoked();
      return errorReply(401, 'INVALID_AUTHENTICATION', 'The app is not installed in this account.');
    case 'expired': {
      const seconds = Math.floor(found.forMs / 1000);
      api.broken(request, 'expired_token', `used ${seconds} s after its end`);
      return errorReply(
        401,
        'EXPIRED_AUTHENTICATION',
        `The OAuth token used to make this call expired ${seconds} second(s) ago.`,
      );
    }
    case 'valid': {
      const scope = typeof endpoint.scope === 'function' ? endpoint.scope(request) : endpoint.scope;
      return scope === undefined || found.install.scopes.has(scope) ? undefined : missingScope(scope);
    }
  }
};

const missingScope = (scope: string): Reply =>
  errorReply(403, 'MISSING_SCOPES', "This app hasn't been granted all required scopes to make this call.", {
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: [scope] },
      },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
  });

const overLimit = (
  api: Api,
  budgets: Budgets,
  request: ApiRequest,
  endpoint: HubspotEndpoint,
): Reply | undefined => {
  if (endpoint.budget === 'none') return undefined;
  const day = budgets.day.take(request.now);
  if (!day.taken) return tooMany(api, request, 'DAILY', `${budgets.day.limit} calls a day`);
  const window = budgets[endpoint.budget];
  if (window.take(request.now).taken) return undefined;
  const policy = endpoint.budget === 'search' ? 'SECONDLY' : 'TEN_SECONDLY_ROLLING';
  return tooMany(api, request, policy, `${window.limit} calls in ${window.windowMs / 1000} s`);
};

const tooMany = (api: Api, request: ApiRequest, policy: string, limit: string): Reply => {
  api.journal.throttled();
  api.broken(request, 'over_limit', `${policy}: more than ${limit}`);
  return throttledReply(policy, undefined);
};

const MESSAGES: Record<string, string> = {
  DAILY: 'You have reached your daily limit.',
  SECONDLY: 'You have reached your secondly limit.',
  TEN_SECONDLY_ROLLING: 'You have reached your ten_secondly_rolling limit.',
};

export const throttledReply = (policyName: string, retryAfter: string | undefined): Reply => {
  const reply = errorReply(429, 'RATE_LIMITS', MESSAGES[policyName] ?? 'You have reached your limit.', {
    errorType: 'RATE_LIMIT',
    policyName,
  });
  return retryAfter === undefined ? reply : { ...reply, headers: { 'retry-after': retryAfter } };
};

/** What is left of the limit, on every answer but those of search and OAuth. */
export const rateHeaders =
  (budgets: Budgets) =>
  (request: ApiRequest, endpoint: HubspotEndpoint): Record<string, string> => {
    if (endpoint.budget !== 'general' || budgets.general.limit === Number.POSITIVE_INFINITY) return {};
    const headers: Record<string, string> = {
      'x-hubspot-ratelimit-max': String(budgets.general.limit),
      'x-hubspot-ratelimit-remaining': String(budgets.general.remaining(request.now)),
      'x-hubspot-ratelimit-interval-milliseconds': String(budgets.general.windowMs),
    };
    if (budgets.day.limit === Number.POSITIVE_INFINITY) return headers;
    headers['x-hubspot-ratelimit-daily'] = String(budgets.day.limit);
    headers['x-hubspot-ratelimit-daily-remaining'] = String(
      Math.max(0, budgets.day.limit - budgets.day.used),
    );
    return headers;
  };
