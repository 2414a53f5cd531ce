import { z } from 'zod';
import { type AppError, AuthError, RemoteError } from '../../src/errors.ts';
import type { OAuthApp, OAuthSecret } from '../contract.ts';
import { allowedApiUrl, type HttpAnswer, type HttpRequest, toError } from '../http.ts';
import { retry } from '../retry.ts';
import { SCOPES } from './app.ts';
import { API_VERSION, DIALECT, isUnknownAddress, unknownVersion } from './client.ts';
import { HUBSPOT_HOSTS, type HubSpotConfig } from './config.ts';
import { sendTokenForm } from './token-form.ts';

type Options = { config: HubSpotConfig; fetch: typeof fetch; signal: AbortSignal; now: Date };

/** A renewal may leave the refresh token out: the old one then goes on. What is told of scopes is for people only. */
const TokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.coerce.number().positive(),
  scopes: z.array(z.string()).optional().catch(undefined),
});

/** Where the admin of an account is sent to allow the app. */
export function authorizeUrl(
  app: OAuthApp,
  options: { config: HubSpotConfig; redirectUri: string; state: string; challenge: string },
): string {
  const origin = allowedApiUrl(options.config.apiUrl, HUBSPOT_HOSTS);
  const base = origin.endsWith('hubapi.com') ? 'https://app.hubspot.com' : origin;
  const url = new URL('/oauth/authorize', base);
  const query = {
    client_id: app.clientId,
    redirect_uri: options.redirectUri,
    scope: SCOPES.required.join(' '),
    optional_scope: SCOPES.optional.join(' '),
    state: options.state,
    code_challenge: options.challenge,
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Turns the code of an authorisation into tokens, once. */
export function exchangeCode(
  app: OAuthApp,
  {
    code,
    redirectUri,
    verifier,
    ...options
  }: Options & { code: string; redirectUri: string; verifier: string },
): Promise<OAuthSecret> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
  // A code works once: asking again after an answer that was lost could only fail.
  return requestToken(app, form, options, false);
}

/** A new access token, with the refresh token that HubSpot gives back: the old one or a new one. */
export async function refreshHubSpot(
  app: OAuthApp,
  secret: OAuthSecret,
  options: Options,
): Promise<OAuthSecret> {
  const form = { grant_type: 'refresh_token', refresh_token: secret.refreshToken };
  // HubSpot hands out the same refresh token again, so that asking twice is harmless.
  return requestToken(app, form, options, true);
}

const REVOKE: HttpRequest = {
  method: 'POST',
  path: `/oauth/${API_VERSION}/token/revoke`,
  budget: 'general',
  write: true,
  idempotent: true,
  expect: 'nothing',
};

/** Ends the refresh token; one that HubSpot does not know any more has ended. */
export async function revokeHubSpot(
  app: OAuthApp,
  secret: OAuthSecret,
  options: Omit<Options, 'now'>,
): Promise<void> {
  const fields = { token: secret.refreshToken, token_type_hint: 'refresh_token' };
  const answer = await sendTokenForm(app, REVOKE, fields, options);
  if (answer.status >= 300 && answer.status !== 400 && answer.status !== 404)
    throw toError(DIALECT, REVOKE, answer);
}

const REQUEST: HttpRequest = {
  method: 'POST',
  path: `/oauth/${API_VERSION}/token`,
  budget: 'general',
  // It changes nothing in the CRM, but a code or a rotated token is used up.
  write: true,
  expect: 'json',
};

async function requestToken(
  app: OAuthApp,
  form: Record<string, string>,
  options: Options,
  idempotent: boolean,
): Promise<OAuthSecret> {
  const { config, signal, now } = options;
  const attempt = async () => {
    const answer = await sendTokenForm(app, REQUEST, form, options);
    if (answer.status !== 200) throw refusal(answer);
    return answer;
  };
  const log = { warn: () => undefined };
  const answer = await retry(attempt, { label: 'HubSpot token', idempotent, signal, log });
  const parsed = TokenAnswer.safeParse(answer.json);
  const refreshToken = parsed.data?.refresh_token ?? form.refresh_token;
  if (!parsed.success || refreshToken === undefined) {
    throw new RemoteError(
      'unexpected_shape',
      'HubSpot answered the token request with something else than a token.',
      {
        status: answer.status,
        retryable: true,
        action: 'Nothing to do: we try again.',
        cause: parsed.error,
      },
    );
  }
  const { access_token, expires_in, scopes } = parsed.data;
  const expiresAt = new Date(now.getTime() + expires_in * 1_000).toISOString();
  const apiUrl = allowedApiUrl(config.apiUrl, HUBSPOT_HOSTS);
  return { accessToken: access_token, refreshToken, expiresAt, apiUrl, scopes };
}

const OAuthError = z.object({ error: z.string().catch(''), error_description: z.string().catch('') });

/** It is this installation that HubSpot refuses, and not one account's token: no account has to be connected again. */
const REFUSES_APP = new Set(['invalid_client', 'unauthorized_client', 'BAD_CLIENT_ID', 'BAD_CLIENT_SECRET']);

/** 400 invalid_grant: the app was removed, or the token revoked. Anything else is the usual error of its status. */
function refusal(answer: HttpAnswer): AppError {
  const body = OAuthError.safeParse(answer.json);
  if (isUnknownAddress(answer)) return unknownVersion(answer.status);
  if (answer.status !== 400 && answer.status !== 401) return toError(DIALECT, REQUEST, answer);
  const reason = body.success ? body.data.error_description || body.data.error : '';
  if (body.success && REFUSES_APP.has(body.data.error)) {
    return new RemoteError('app_refused', `HubSpot refuses our app itself (${reason}). Nothing is lost.`, {
      status: answer.status,
      action: 'Check HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET; no account has to be connected again.',
    });
  }
  return new AuthError(
    'token_revoked',
    `HubSpot no longer lets us in${reason === '' ? '' : ` (${reason})`}.`,
    {
      said: reason,
      action: 'Reconnect HubSpot under Connections. Nothing is lost; the work goes on where it stopped.',
    },
  );
}
