import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { ApiRequest, Endpoint, Reply } from '../http.ts';
import type { Journal } from '../journal.ts';

/**
 * The web-server flow with PKCE S256 and refresh-token rotation, both mandatory. Using a refresh token that was
 * already exchanged revokes the whole family: the newest refresh token and every access token of it.
 * https://help.salesforce.com/s/articleView?id=005316711
 */

type Family = { live: boolean; refreshToken: string };
type Session = { family: Family; expiresAt: number; usesAfterEnd: number };
type Code = { challenge: string; redirectUri: string; clientId: string; scope: string; expiresAt: number };

export type OauthOptions = {
  clientId: string;
  clientSecret: string;
  accessTokenMs: number;
  /** Answers no token request for now. */
  isBusy?(): boolean;
};
export type Install = { accessToken: string; refreshToken: string; instanceUrl: string };

const CODE_MS = 15 * 60_000;
/** Salesforce does not say when a session ends, so a client learns it from a 401; it should not go on asking. */
const USES_ALLOWED_AFTER_END = 25;

export type Oauth = {
  endpoints: Endpoint[];
  issueInstall(instanceUrl: string): Install;
  check(request: ApiRequest): 'ok' | 'missing' | 'ended';
  expireAccessTokens(): void;
  revokeAll(): void;
  options: OauthOptions;
};

export function oauthOf(
  org: { orgId: string; userId: string },
  clock: Clock,
  journal: Journal,
  options: OauthOptions,
): Oauth {
  const sessions = new Map<string, Session>();
  const refreshTokens = new Map<string, Family>();
  const codes = new Map<string, Code>();
  const secret = () => randomBytes(32).toString('base64url');

  const openSession = (family: Family): string => {
    const token = `${org.orgId.slice(0, 15)}!${secret()}`;
    sessions.set(token, { family, expiresAt: clock.now() + options.accessTokenMs, usesAfterEnd: 0 });
    return token;
  };
  const rotate = (family: Family): string => {
    family.refreshToken = `5Aep${secret()}`;
    refreshTokens.set(family.refreshToken, family);
    return family.refreshToken;
  };
  const kill = (family: Family) => {
    family.live = false;
  };
  const refused = (error: string, description: string, status = 400): Reply => ({
    status,
    json: { error, error_description: description },
  });
  const tokens = (family: Family, origin: string, scope: string): Reply => {
    const accessToken = openSession(family);
    const issuedAt = String(clock.now());
    const signature = createHash('sha256')
      .update(org.userId + issuedAt)
      .digest('base64');
    const json = {
      access_token: accessToken,
      refresh_token: rotate(family),
      signature,
      scope,
      instance_url: origin,
      id: `${origin}/id/${org.orgId}/${org.userId}`,
      token_type: 'Bearer',
      issued_at: issuedAt,
    };
    return { status: 200, json, headers: { 'cache-control': 'no-store' } };
  };

  const exchangeCode = (form: URLSearchParams, origin: string): Reply => {
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    if (!code || code.expiresAt < clock.now()) return refused('invalid_grant', 'expired authorization code');
    if (code.redirectUri !== form.get('redirect_uri'))
      return refused('redirect_uri_mismatch', 'redirect_uri must match configuration');
    const verifier = form.get('code_verifier') ?? '';
    if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return refused('invalid_grant', 'invalid code verifier');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (challenge !== code.challenge) return refused('invalid_grant', 'invalid code verifier');
    return tokens({ live: true, refreshToken: '' }, origin, code.scope);
  };

  const refresh = (form: URLSearchParams, origin: string): Reply => {
    const token = form.get('refresh_token') ?? '';
    const family = refreshTokens.get(token);
    if (!family) return refused('invalid_grant', 'expired access/refresh token');
    if (family.live && family.refreshToken === token) return tokens(family, origin, 'api refresh_token id');
    kill(family);
    return refused('invalid_grant', 'expired access/refresh token');
  };

  const token = (request: ApiRequest): Reply => {
    if (!String(request.headers['content-type']).startsWith('application/x-www-form-urlencoded')) {
      journal.broken(
        'token_request_not_a_form',
        String(request.headers['content-type']),
        `${request.method} ${request.path}`,
        request.now,
      );
      return refused('invalid_request', 'the token endpoint takes application/x-www-form-urlencoded');
    }
    if (options.isBusy?.()) return refused('unknown_error', 'retry your request');
    const form = new URLSearchParams(request.body.toString());
    if (form.get('client_id') !== options.clientId)
      return refused('invalid_client_id', 'client identifier invalid');
    if (form.get('client_secret') !== options.clientSecret)
      return refused('invalid_client', 'invalid client credentials');
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return exchangeCode(form, request.origin);
      case 'refresh_token':
        return refresh(form, request.origin);
      default:
        return refused('unsupported_grant_type', 'grant type not supported');
    }
  };

  /** A user who agrees at once. */
  const authorize = ({ query, method, path, now }: ApiRequest): Reply => {
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('client_id') !== options.clientId || !URL.canParse(redirectUri))
      return refused('invalid_client_id', 'client identifier invalid');
    const back = new URL(redirectUri);
    const state = query.get('state');
    if (state !== null) back.searchParams.set('state', state);
    const challenge = query.get('code_challenge') ?? '';
    if (query.get('code_challenge_method') !== 'S256' || challenge.length !== 43) {
      journal.broken(
        'authorize_without_pkce',
        'code_challenge with code_challenge_method=S256 is required',
        `${method} ${path}`,
        now,
      );
      back.searchParams.set('error', 'invalid_request');
      back.searchParams.set('error_description', 'missing required code challenge');
    } else {
      const code = `aPrx${secret()}`;
      const scope = query.get('scope') ?? 'api refresh_token id';
      codes.set(code, {
        challenge,
        redirectUri,
        clientId: options.clientId,
        scope,
        expiresAt: clock.now() + CODE_MS,
      });
      back.searchParams.set('code', code);
    }
    return { status: 302, text: '', headers: { location: back.href } };
  };

  const revoke = (request: ApiRequest): Reply => {
    const form = request.method === 'POST' ? new URLSearchParams(request.body.toString()) : request.query;
    const given = form.get('token') ?? '';
    const session = sessions.get(given);
    const family = refreshTokens.get(given);
    if (!session && !family) return refused('unsupported_token_type', 'this token is not known');
    // An access token ends alone, a refresh token takes its access tokens with it.
    if (family) kill(family);
    else sessions.delete(given);
    return { status: 200, text: '' };
  };

  const identity = (request: ApiRequest): Reply => {
    const json = {
      id: `${request.origin}/id/${org.orgId}/${org.userId}`,
      sub: `${request.origin}/id/${org.orgId}/${org.userId}`,
      user_id: org.userId,
      organization_id: org.orgId,
      username: 'integration@example.com',
      preferred_username: 'integration@example.com',
      display_name: 'Integration User',
      name: 'Integration User',
      email: 'integration@example.com',
      email_verified: true,
      active: true,
      user_type: 'STANDARD',
      urls: {
        rest: `${request.origin}/services/data/v{version}/`,
        query: `${request.origin}/services/data/v{version}/query/`,
      },
    };
    return { status: 200, json };
  };

  return {
    options,
    endpoints: [
      {
        method: 'get',
        path: '/services/oauth2/authorize',
        name: 'authorize',
        kind: 'token',
        handle: authorize,
      },
      { method: 'post', path: '/services/oauth2/token', name: 'token', kind: 'token', handle: token },
      { method: 'post', path: '/services/oauth2/revoke', name: 'revoke', kind: 'token', handle: revoke },
      { method: 'get', path: '/services/oauth2/revoke', name: 'revoke', kind: 'token', handle: revoke },
      { method: 'get', path: '/services/oauth2/userinfo', name: 'userinfo', kind: 'token', handle: identity },
      { method: 'get', path: '/id/:org/:user', name: 'identity', kind: 'token', handle: identity },
    ],
    issueInstall: (instanceUrl) => {
      const family = { live: true, refreshToken: '' };
      return { accessToken: openSession(family), refreshToken: rotate(family), instanceUrl };
    },
    check: ({ headers, body, method, path, now }) => {
      const bearer = /^(?:Bearer|OAuth) (.+)$/.exec(headers.authorization ?? '')?.[1];
      // SOAP carries the token in its header element.
      const given = bearer ?? /<sessionId>([^<]+)<\/sessionId>/.exec(body.toString('utf8', 0, 2000))?.[1];
      const session = given === undefined ? undefined : sessions.get(given);
      if (!session) return 'missing';
      const live = session.family.live && session.expiresAt > clock.now();
      if (live) return 'ok';
      if (!session.family.live) journal.revoked();
      if (++session.usesAfterEnd > USES_ALLOWED_AFTER_END) {
        journal.broken(
          'ended_session_used_on',
          `${session.usesAfterEnd} calls after the first 401`,
          `${method} ${path}`,
          now,
        );
      }
      return 'ended';
    },
    expireAccessTokens: () => {
      for (const session of sessions.values()) session.expiresAt = Math.min(session.expiresAt, clock.now());
    },
    revokeAll: () => {
      for (const session of sessions.values()) kill(session.family);
    },
  };
}
