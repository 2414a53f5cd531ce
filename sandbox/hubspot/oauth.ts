import type { ApiRequest, Reply } from '../http.ts';
import type { Api, HubspotEndpoint } from './api.ts';
import { errorReply } from './errors.ts';

/** Every scope that the portal knows; an authorize address with another one is refused. */
export const SCOPES = [
  'oauth',
  ...['contacts', 'companies', 'deals'].flatMap((path) =>
    ['objects', 'schemas'].flatMap((family) => [`crm.${family}.${path}.read`, `crm.${family}.${path}.write`]),
  ),
  'crm.objects.owners.read',
  'crm.lists.read',
  'crm.lists.write',
  'crm.export',
];

/** Version 1 answers in HubSpot's own words too; the dated versions only in those of RFC 6749. */
const refused = (request: ApiRequest, status: string, error: string, description: string): Reply =>
  request.params.version === 'v1'
    ? {
        ...errorReply(400, error, description),
        json: { status, message: description, error, error_description: description },
      }
    : { status: 400, json: { error, error_description: description } };

const authorize =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const { query } = request;
    const redirectUri = query.get('redirect_uri') ?? '';
    const asked = (name: string) => (query.get(name) ?? '').split(/[ ,]+/).filter((scope) => scope !== '');
    const scopes = [...asked('scope'), ...asked('optional_scope')];
    const unknown = scopes.filter((scope) => !SCOPES.includes(scope));
    const problem =
      query.get('client_id') !== api.app.clientId
        ? 'There is no app with this client_id.'
        : !URL.canParse(redirectUri)
          ? 'The redirect_uri is missing or no address.'
          : scopes.length === 0
            ? 'The address names no scope.'
            : unknown.length > 0
              ? `These scopes do not exist: ${unknown.join(', ')}.`
              : undefined;
    if (problem) {
      api.broken(request, 'authorize_refused', problem);
      return {
        status: 400,
        contentType: 'text/html; charset=utf-8',
        text: `<h1>Authorization failed</h1><p>${problem}</p>`,
      };
    }
    const target = new URL(redirectUri);
    target.searchParams.set('code', api.installs.code(new Set(scopes), redirectUri));
    const state = query.get('state');
    if (state !== null) target.searchParams.set('state', state);
    return { status: 302, headers: { location: target.href } };
  };

/** The form of a token request, or the refusal of anything else. */
const form = (api: Api, request: ApiRequest): URLSearchParams => {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded')) {
    const text = `The token endpoint takes a form, not "${type}"`;
    api.breach(
      request,
      'token_request_not_a_form',
      text,
      refused(request, 'BAD_REQUEST', 'invalid_request', text),
    );
  }
  return new URLSearchParams(request.body.toString('utf8'));
};

const knowsClient = (api: Api, fields: URLSearchParams) =>
  fields.get('client_id') === api.app.clientId && fields.get('client_secret') === api.app.clientSecret;

const token =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const fields = form(api, request);
    if (!knowsClient(api, fields)) {
      return refused(
        request,
        'BAD_CLIENT_SECRET',
        'invalid_client',
        'missing or unknown client id or client secret',
      );
    }
    const grant = fields.get('grant_type');
    if (grant === 'authorization_code') {
      const install = api.installs.redeem(fields.get('code') ?? '', fields.get('redirect_uri') ?? '');
      if (!install)
        return refused(request, 'BAD_AUTH_CODE', 'invalid_grant', 'missing, used or unknown auth code');
      return tokens(api, request, api.installs.issue(install), install.scopes);
    }
    if (grant === 'refresh_token') {
      const install = api.installs.byRefreshToken(fields.get('refresh_token') ?? '');
      if (!install)
        return refused(request, 'BAD_REFRESH_TOKEN', 'invalid_grant', 'missing or invalid refresh token');
      return tokens(api, request, api.installs.renew(install), install.scopes);
    }
    return refused(
      request,
      'BAD_GRANT_TYPE',
      'unsupported_grant_type',
      `grant type ${grant} is not supported`,
    );
  };

const tokens = (
  api: Api,
  request: ApiRequest,
  issued: { accessToken: string; refreshToken: string; expiresIn: number },
  scopes: Set<string>,
): Reply => ({
  status: 200,
  json: {
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    expires_in: issued.expiresIn,
    token_type: 'bearer',
    ...(request.params.version !== 'v1' && {
      hub_id: api.portal.id,
      scopes: [...scopes],
      user_id: 9001,
      token_use: 'access_token',
    }),
  },
});

const introspect =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const fields = form(api, request);
    if (!knowsClient(api, fields))
      return refused(request, 'BAD_CLIENT_SECRET', 'invalid_client', 'unknown client');
    const given = fields.get('token') ?? '';
    const access = api.installs.state(given);
    const common = {
      client_id: api.app.clientId,
      hub_id: api.portal.id,
      hub_domain: `sandbox-${api.portal.id}.example`,
      app_id: api.app.id,
      user_id: 9001,
      user: 'admin@sandbox.example',
    };
    if (access.state === 'valid') {
      const expires_in = Math.floor((access.expiresAt - request.now) / 1000);
      const scopes = [...access.install.scopes];
      return {
        status: 200,
        json: { active: true, token_use: 'access_token', ...common, scopes, expires_in },
      };
    }
    const install = api.installs.byRefreshToken(given);
    if (install)
      return {
        status: 200,
        json: { active: true, token_use: 'refresh_token', ...common, scopes: [...install.scopes] },
      };
    return { status: 200, json: { active: false } };
  };

const revoke =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const fields = form(api, request);
    if (!knowsClient(api, fields))
      return refused(request, 'BAD_CLIENT_SECRET', 'invalid_client', 'unknown client');
    api.installs.revokeRefreshToken(fields.get('token') ?? '');
    return { status: 200, json: {} };
  };

const tokenInfo =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const state = api.installs.state(request.params.token ?? '');
    if (state.state !== 'valid')
      return refused(request, 'BAD_ACCESS_TOKEN', 'invalid_token', 'the access token is not known');
    return {
      status: 200,
      json: {
        token: request.params.token,
        hub_id: api.portal.id,
        hub_domain: `sandbox-${api.portal.id}.example`,
        app_id: api.app.id,
        user_id: 9001,
        user: 'admin@sandbox.example',
        scopes: [...state.install.scopes],
        token_type: 'access',
        expires_in: Math.floor((state.expiresAt - request.now) / 1000),
      },
    };
  };

export const oauthEndpoints = (api: Api): HubspotEndpoint[] => {
  const open = { kind: 'token', budget: 'none', isOpen: true } as const;
  return [
    { ...open, method: 'get', path: '/oauth/authorize', name: 'oauth authorize', handle: authorize(api) },
    { ...open, method: 'post', path: '/oauth/:version/token', name: 'oauth token', handle: token(api) },
    {
      ...open,
      method: 'post',
      path: '/oauth/:version/token/introspect',
      name: 'oauth introspect',
      handle: introspect(api),
    },
    {
      ...open,
      method: 'post',
      path: '/oauth/:version/token/revoke',
      name: 'oauth revoke',
      handle: revoke(api),
    },
    {
      ...open,
      method: 'get',
      path: '/oauth/:version/access-tokens/:token',
      name: 'oauth token info',
      handle: tokenInfo(api),
    },
  ];
};
