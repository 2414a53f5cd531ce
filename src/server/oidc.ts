import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { AuthError, ConfigError, RemoteError } from '../errors.ts';
import { letIn } from './let-in.ts';
import type { Answer } from './oauth.ts';
import { noteBeginning, redirectUri } from './oauth-begin.ts';
import type { ServerParts } from './parts.ts';
import { HOME } from './return-paths.ts';

/** The system's name in addresses and states. */
export const OIDC = 'oidc';

const ANSWER_MS = 10_000;
/** Providers change their keys and addresses rarely; a day old is new enough. */
const KNOWN_MS = 3_600_000;

type Provider = { server: oauth.AuthorizationServer; client: oauth.Client; auth: oauth.ClientAuth };

const providers = new Map<string, { at: number; server: oauth.AuthorizationServer }>();

/** Answers the provider's page on which somebody says who they are. */
export async function beginAtProvider(
  parts: ServerParts,
  http: { request: Request; response: Response },
): Promise<string> {
  const { server, client } = await providerOf(parts.config);
  const nonce = randomBytes(32).toString('base64url');
  const { state, challenge } = await noteBeginning(parts, http, {
    purpose: 'sign_in',
    system: OIDC,
    tenantId: null,
    nonce,
    config: {},
    mode: 'production',
    returnTo: HOME,
    accountId: null,
    connectionId: null,
  });
  const url = new URL(server.authorization_endpoint ?? '');
  const query = {
    client_id: client.client_id,
    redirect_uri: redirectUri(parts, OIDC),
    response_type: 'code',
    scope: 'openid email profile',
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Ends a sign-in by the identity provider: its signed word, for this browser and this moment, on a verified address. */
export async function finishAtProvider(
  parts: ServerParts,
  http: { request: Request; response: Response },
  { url, taken: { pending } }: Answer,
): Promise<string> {
  const provider = await providerOf(parts.config);
  const claims = await claimsOf(parts, provider, url, pending);
  await letIn(parts, http, { email: verifiedEmail(provider.server.issuer, claims), by: 'identity provider' });
  return pending.returnTo;
}

async function claimsOf(
  parts: ServerParts,
  { server, client, auth }: Provider,
  url: URL,
  pending: Answer['taken']['pending'],
): Promise<oauth.IDToken> {
  const options = requestOptions(server.issuer);
  try {
    // The state was compared already, by its hash.
    const params = oauth.validateAuthResponse(server, client, url, url.searchParams.get('state') ?? '');
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      auth,
      params,
      redirectUri(parts, OIDC),
      pending.verifier,
      options,
    );
    const result = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: pending.nonce ?? oauth.expectNoNonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, options);
    const claims = oauth.getValidatedIdTokenClaims(result);
    if (!claims) throw new TypeError('no ID token');
    return claims;
  } catch (error) {
    throw new AuthError(
      'provider_refused',
      'The identity provider’s answer was not good. You are not signed in.',
      {
        action: 'Try again; if it stays, ask whoever runs this installation to check the OIDC settings.',
        cause: error,
      },
    );
  }
}

/** One Microsoft organisation: it gives its own people their addresses, and does not say that it did. */
const MICROSOFT_TENANT = /^https:\/\/login\.microsoftonline\.com\/[0-9a-f]{8}-[0-9a-f-]{27}\/v2\.0$/;

const Claims = z.object({
  email: z.email().optional(),
  email_verified: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  preferred_username: z.string().optional(),
});

/** The address that the provider vouches for. @throws AuthError where it does not */
export function verifiedEmail(issuer: string, given: Record<string, unknown>): string {
  const claims = Claims.safeParse(given).data ?? {};
  const isVerified = claims.email_verified === true || claims.email_verified === 'true';
  if (isVerified && claims.email) return claims.email.toLowerCase();
  if (claims.email_verified === undefined && MICROSOFT_TENANT.test(issuer)) {
    const address = z.email().safeParse(claims.email ?? claims.preferred_username);
    if (address.success) return address.data.toLowerCase();
  }
  throw new AuthError(
    'email_not_verified',
    'The identity provider does not vouch for your e-mail address. You are not signed in.',
    { action: 'Verify the address there, or ask an admin of your company here for a link.' },
  );
}

async function providerOf(config: Config): Promise<Provider> {
  const { oidc } = config;
  if (!oidc) {
    throw new ConfigError('oidc_missing', 'Single sign-on is not set up here.', {
      action: 'Sign in another way.',
    });
  }
  const server = await discover(oidc.issuer);
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return {
    server,
    client: { client_id: oidc.clientId },
    auth: methods.includes('client_secret_basic')
      ? oauth.ClientSecretBasic(oidc.clientSecret)
      : oauth.ClientSecretPost(oidc.clientSecret),
  };
}

async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const known = providers.get(issuer);
  if (known && Date.now() - known.at < KNOWN_MS) return known.server;
  try {
    const url = new URL(issuer);
    const response = await oauth.discoveryRequest(url, requestOptions(issuer));
    const server = await oauth.processDiscoveryResponse(url, response);
    if (!server.authorization_endpoint || !server.token_endpoint) throw new TypeError('no endpoints');
    providers.set(issuer, { at: Date.now(), server });
    return server;
  } catch (error) {
    if (known) return known.server;
    throw new RemoteError(
      'provider_silent',
      'The identity provider does not answer. You are not signed in.',
      {
        status: 0,
        retryable: true,
        action: 'Try again in a minute, or sign in another way.',
        cause: error,
      },
    );
  }
}

/** Without TLS only on this machine. */
function requestOptions(issuer: string) {
  const { protocol, hostname } = new URL(issuer);
  const isHere = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return { signal: AbortSignal.timeout(ANSWER_MS), [oauth.allowInsecureRequests]: isHere };
}
