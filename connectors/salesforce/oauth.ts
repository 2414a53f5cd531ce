import { z } from 'zod';
import { type AppError, AuthError, RateLimitError, RemoteError } from '../../src/errors.ts';
import type { OAuthApp, OAuthSecret } from '../contract.ts';
import { allowedApiUrl, type HttpAnswer, type HttpRequest, pinnedFetch, send, toError } from '../http.ts';
import { retry } from '../retry.ts';
import { SALESFORCE_HOSTS, SCOPES } from './app.ts';
import type { SalesforceConfig } from './config.ts';
import { DIALECT } from './dialect.ts';

type Options = { config: SalesforceConfig; fetch: typeof fetch; signal: AbortSignal; now: Date };

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  /** There with rotation, which is mandatory for an app of many orgs; the old one is then worth nothing. */
  refresh_token: z.string().min(1).optional(),
  instance_url: z.url(),
  /** By spaces. */
  scope: z.string().optional(),
});

/** Where the admin of an org is sent to allow the app. https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm */
export function authorizeUrl(
  app: OAuthApp,
  options: { config: SalesforceConfig; redirectUri: string; state: string; challenge: string },
): string {
  const url = new URL('/services/oauth2/authorize', allowedApiUrl(options.config.loginUrl, SALESFORCE_HOSTS));
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', app.clientId);
  url.searchParams.set('redirect_uri', options.redirectUri);
  url.searchParams.set('scope', SCOPES.map(({ name }) => name).join(' '));
  url.searchParams.set('state', options.state);
  url.searchParams.set('code_challenge', options.challenge);
  url.searchParams.set('code_challenge_method', 'S256');
  return url.href;
}

/** Turns the code of an authorisation into tokens, once. */
export async function exchangeCode(
  app: OAuthApp,
  options: Options & { code: string; redirectUri: string; verifier: string },
): Promise<OAuthSecret> {
  const form = {
    grant_type: 'authorization_code',
    code: options.code,
    redirect_uri: options.redirectUri,
    code_verifier: options.verifier,
  };
  const answer = await requestToken(app, form, options);
  if (answer.refresh_token !== undefined) return secretOf(answer, answer.refresh_token);
  throw new AuthError('no_refresh_token', 'Salesforce let us in, but gave us no refresh token.', {
    action: 'Allow the scope refresh_token for the app in the org, then connect again.',
  });
}

/** New tokens. The refresh token that comes back counts from now on: the old one used again ends all of them. */
export async function refreshSalesforce(
  app: OAuthApp,
  secret: OAuthSecret,
  options: Options,
): Promise<OAuthSecret> {
  const form = { grant_type: 'refresh_token', refresh_token: secret.refreshToken };
  const answer = await requestToken(app, form, options);
  const renewed = secretOf(answer, answer.refresh_token ?? secret.refreshToken);
  return { ...renewed, scopes: renewed.scopes ?? secret.scopes };
}

const secretOf = (answer: z.infer<typeof TokenAnswer>, refreshToken: string): OAuthSecret => ({
  accessToken: answer.access_token,
  refreshToken,
  // Salesforce does not say when a session ends: the first 401 does.
  expiresAt: null,
  apiUrl: allowedApiUrl(answer.instance_url, SALESFORCE_HOSTS),
  scopes: answer.scope?.split(' '),
});

const REVOKE: HttpRequest = {
  method: 'POST',
  path: '/services/oauth2/revoke',
  budget: 'api',
  write: true,
  idempotent: true,
  expect: 'text',
};

/** Ends the refresh token with all its access tokens; one that Salesforce does not know any more has ended. */
export async function revokeSalesforce(
  _app: OAuthApp,
  secret: OAuthSecret,
  { config, fetch, signal }: Omit<Options, 'now'>,
): Promise<void> {
  const loginUrl = allowedApiUrl(config.loginUrl, SALESFORCE_HOSTS);
  const pinned = pinnedFetch(fetch, loginUrl);
  const body = new URLSearchParams({ token: secret.refreshToken });
  const answer = await send(DIALECT, REVOKE, signal, (inner) =>
    pinned(`${loginUrl}${REVOKE.path}`, { method: 'POST', body, signal: inner }),
  );
  if (answer.status >= 300 && answer.status !== 400) throw toError(DIALECT, REVOKE, answer);
}

const REQUEST: HttpRequest = {
  method: 'POST',
  path: '/services/oauth2/token',
  budget: 'api',
  write: false,
  expect: 'json',
};

async function requestToken(
  app: OAuthApp,
  form: Record<string, string>,
  { config, fetch, signal }: Options,
): Promise<z.infer<typeof TokenAnswer>> {
  const loginUrl = allowedApiUrl(config.loginUrl, SALESFORCE_HOSTS);
  const pinned = pinnedFetch(fetch, loginUrl);
  const body = new URLSearchParams({ ...form, client_id: app.clientId, client_secret: app.clientSecret });
  const attempt = async () => {
    const answer = await send(DIALECT, REQUEST, signal, (inner) =>
      pinned(`${loginUrl}${REQUEST.path}`, { method: 'POST', body, signal: inner }),
    );
    if (answer.status !== 200) throw refusal(answer);
    return answer;
  };
  const log = { warn: () => undefined };
  // Where an answer was lost after the token had been rotated, the new one is lost as well: asking again harms nothing.
  const answer = await retry(attempt, { label: 'Salesforce token', idempotent: true, signal, log });
  const parsed = TokenAnswer.safeParse(answer.json);
  if (parsed.success) return parsed.data;
  throw new RemoteError(
    'unexpected_shape',
    'Salesforce answered the token request with something else than a token.',
    { status: answer.status, retryable: true, action: 'Nothing to do: we try again.', cause: parsed.error },
  );
}

const OAuthError = z.object({ error: z.string().default(''), error_description: z.string().default('') });

/** An earlier request with this token is still under way: https://github.com/forcedotcom/sfdx-core/pull/1342 */
const BUSY = /already being processed/i;

/** Salesforce did not get to it, or too many logins came at once: the token is as good as before. */
const PASSING = /^(unknown_error|server_error|temporarily_unavailable)$/;
const TOO_MANY = /login rate exceeded|too many requests/i;
const LOGIN_WAIT_MS = 15 * 60_000;
const PASSING_WAIT_MS = 30_000;

/** 400 invalid_grant: the app was blocked, or the token is used up. Anything else is the usual error of its status. */
function refusal(answer: HttpAnswer): AppError {
  if (answer.status !== 400 && answer.status !== 401) return toError(DIALECT, REQUEST, answer);
  const body = OAuthError.safeParse(answer.json);
  const reason = body.success ? body.data.error_description || body.data.error : '';
  const isTooMany = TOO_MANY.test(reason);
  if (isTooMany || (body.success && PASSING.test(body.data.error))) {
    return new RateLimitError('no_token_now', `Salesforce gives no token for now (${reason}).`, {
      retryAfterMs: isTooMany ? LOGIN_WAIT_MS : PASSING_WAIT_MS,
      said: reason,
      action: 'Nothing to do: we wait and go on by ourselves.',
    });
  }
  if (BUSY.test(reason)) {
    return new RemoteError('token_busy', 'Salesforce is still working on our last request for a token.', {
      status: answer.status,
      retryable: true,
      action: 'Nothing to do: we try again.',
    });
  }
  return new AuthError(
    'token_revoked',
    `Salesforce no longer lets us in${reason === '' ? '' : ` (${reason})`}.`,
    {
      said: reason,
      action: 'Reconnect Salesforce under Connections. Nothing is lost; the work goes on where it stopped.',
    },
  );
}
