import { z } from 'zod';
import { AuthError, RemoteError } from '../../src/errors.ts';
import type { OAuthApp, Who } from '../contract.ts';
import { allowedApiUrl, type HttpRequest, pinnedFetch, send, toError } from '../http.ts';
import { SALESFORCE_HOSTS } from './app.ts';
import type { SalesforceConfig } from './config.ts';
import { DIALECT } from './dialect.ts';
import { authorizeUrl } from './oauth.ts';

/** As for a connection, but for the right only to know who it is. */
export function signInUrl(
  app: OAuthApp,
  options: { config: SalesforceConfig; redirectUri: string; state: string; challenge: string },
): string {
  const url = new URL(authorizeUrl(app, options));
  url.searchParams.set('scope', 'id');
  return url.href;
}

const TokenAnswer = z.object({ access_token: z.string().min(1), id: z.url() });

/** https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid.htm */
const Identity = z.object({
  organization_id: z.string().min(15),
  email: z.email(),
  email_verified: z.boolean().optional(),
  active: z.boolean().optional(),
});

const TOKEN: HttpRequest = {
  method: 'POST',
  path: '/services/oauth2/token',
  budget: 'api',
  write: true,
  expect: 'json',
};
const IDENTITY: HttpRequest = { method: 'GET', path: '/id', budget: 'api', write: false, expect: 'json' };

/**
 * Turns the code of a sign-in into the person, and forgets the token.
 * @throws AuthError where the code is not good, or the address is not verified
 */
export async function whoSignedIn(
  app: OAuthApp,
  options: {
    config: SalesforceConfig;
    code: string;
    redirectUri: string;
    verifier: string;
    fetch: typeof globalThis.fetch;
    signal: AbortSignal;
  },
): Promise<Who> {
  const loginUrl = allowedApiUrl(options.config.loginUrl, SALESFORCE_HOSTS);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: options.code,
    redirect_uri: options.redirectUri,
    code_verifier: options.verifier,
    client_id: app.clientId,
    client_secret: app.clientSecret,
  });
  const pinned = pinnedFetch(options.fetch, loginUrl);
  const answer = await send(DIALECT, TOKEN, options.signal, (signal) =>
    pinned(`${loginUrl}${TOKEN.path}`, { method: 'POST', body, signal }),
  );
  if (answer.status === 400 || answer.status === 401) throw notSignedIn('Salesforce refused the sign-in.');
  if (answer.status !== 200) throw toError(DIALECT, TOKEN, answer);
  const token = read(TokenAnswer, answer.json);
  let identity = await readIdentity(options, token.id, token.access_token);
  const moved = identity.status === 302 ? identity.headers.get('location') : null;
  if (moved !== null) identity = await readIdentity(options, moved, token.access_token);
  if (identity.status !== 200) throw toError(DIALECT, IDENTITY, identity);
  const who = read(Identity, identity.json);
  if (who.email_verified === false || who.active === false)
    throw notSignedIn('Salesforce has not verified your e-mail address.');
  return { accountId: who.organization_id, email: who.email.toLowerCase() };
}

/** The address comes in an answer, and may lead on to the org's own: the token goes to Salesforce's hosts only. */
function readIdentity(
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
  address: string,
  accessToken: string,
) {
  const origin = allowedApiUrl(address, SALESFORCE_HOSTS);
  const { pathname } = new URL(address);
  return send(DIALECT, IDENTITY, signal, (inner) =>
    pinnedFetch(fetch, origin)(`${origin}${pathname}`, {
      headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
      signal: inner,
    }),
  );
}

function read<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new RemoteError('unexpected_shape', 'Salesforce did not say who signed in.', {
    status: 200,
    retryable: true,
    action: 'Try again.',
    cause: parsed.error,
  });
}

const notSignedIn = (message: string) =>
  new AuthError('not_signed_in', `${message} You are not signed in.`, {
    action: 'Try again, or sign in another way.',
  });
