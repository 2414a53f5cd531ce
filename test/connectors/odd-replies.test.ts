import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { memoryContext } from '../../connectors/context.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { label, labelTarget } from './conformance-rig.ts';

/** Single odd replies of the real hosts, which a sandbox on this machine can't play. Nothing leaves the machine. */
beforeAll(() => nock.disableNetConnect());
afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  expect(left).toEqual([]);
});
afterAll(() => nock.restore());

const HUBSPOT = 'https://api.hubapi.com';
const ACCOUNT = '/account-info/2026-03/details';
const TOKEN = 'canary-access';
const MAINTENANCE = '<!doctype html><title>We will be right back</title>';
const app = { clientId: 'client', clientSecret: 'canary-secret' };

const hubspotContext = () =>
  memoryContext({
    connector: hubspot,
    config: hubspot.config.parse({}),
    app,
    secret: {
      accessToken: TOKEN,
      refreshToken: 'canary-refresh',
      expiresAt: new Date(Date.now() + 1_800_000).toISOString(),
      apiUrl: HUBSPOT,
    },
  });
/** As HubSpot is asked: by our token, at its default address. */
const asked = () => nock(HUBSPOT, { reqheaders: { authorization: `Bearer ${TOKEN}` } });
const portal = { portalId: 4711 };
const known = { id: '4711', name: 'HubSpot account 4711' };

describe('HubSpot', () => {
  it('that moves an account for a day is left alone for a day', async () => {
    asked().get(ACCOUNT).reply(477, '', { 'retry-after': '86400' });
    await expect(hubspot.identify(hubspotContext())).rejects.toMatchObject({
      name: 'RateLimitError',
      retryAfterMs: 86_400_000,
    });
  });

  it.each([
    ['names no policy', { status: 'error', errorType: 'RATE_LIMIT', message: 'Slow down.' }],
    ['says nothing at all', ''],
  ])('that asks to slow down and %s is asked again', async (_, body) => {
    asked().get(ACCOUNT).reply(429, body);
    asked().get(ACCOUNT).reply(200, portal);
    const context = hubspotContext();
    expect(await hubspot.identify(context)).toEqual(known);
    expect(context.calls.byStatus).toEqual({ 200: 1, 429: 1 });
  });

  it('that shows a page of maintenance with status 200 is asked again, and nothing is read from the page', async () => {
    asked().get(ACCOUNT).reply(200, MAINTENANCE, { 'content-type': 'text/html; charset=utf-8' });
    asked().get(ACCOUNT).reply(200, portal);
    expect(await hubspot.identify(hubspotContext())).toEqual(known);
  });

  it('that shows such a page for what was to be made leaves open whether it was made', async () => {
    const properties = '/crm/properties/2026-03/contacts';
    asked().get(properties).query(true).reply(200, { results: [] });
    asked().get('/crm/limits/2026-03/custom-properties').reply(403, {});
    asked()
      .get(`${properties}/groups`)
      .reply(200, { results: [{ name: 'segment_sync' }] });
    // Once: a second try could make a second one.
    asked().post(properties).reply(200, MAINTENANCE, { 'content-type': 'text/html' });
    await expect(hubspot.prepare(hubspotContext(), [labelTarget('property')])).rejects.toMatchObject({
      code: 'wrong_type',
      retryable: true,
      outcomeUnknown: true,
    });
  });

  it('that packs its answer is understood', async () => {
    asked()
      .get(ACCOUNT)
      .reply(200, gzipSync(JSON.stringify(portal)), {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      });
    expect(await hubspot.identify(hubspotContext())).toEqual(known);
  });

  it.each([300, 301, 302, 303, 307, 308])(
    'that sends us elsewhere (%i) is not followed: the token goes nowhere else',
    async (status) => {
      // A call to any other host would fail, and not as a redirect.
      asked()
        .get(ACCOUNT)
        .reply(status, '', { location: `https://api.hubapi.com.example${ACCOUNT}` });
      await expect(hubspot.identify(hubspotContext())).rejects.toMatchObject({ code: 'redirected', status });
    },
  );

  it('that sends a write elsewhere leaves every row as it was', async () => {
    const update = '/crm/objects/2026-03/contacts/batch/update';
    asked()
      .post(update)
      .reply(307, '', { location: `https://api.hubapi.com.example${update}` });
    const { id } = labelTarget('property');
    await expect(
      hubspot.push(hubspotContext(), {
        writes: [label('1', 'gold')],
        remotes: { [id]: { kind: 'property', property: 'segment_sync_value_tiers', type: 'enumeration' } },
        job: null,
      }),
    ).rejects.toMatchObject({ code: 'redirected' });
  });
});

describe('Salesforce', () => {
  const LOGIN = 'https://login.salesforce.com';
  const old = {
    accessToken: TOKEN,
    refreshToken: 'canary-refresh',
    expiresAt: null,
    apiUrl: 'https://acme.my.salesforce.com',
  };
  const refresh = () =>
    salesforce.refresh(app, old, {
      config: salesforce.config.parse({}),
      fetch,
      signal: new AbortController().signal,
      now: new Date(),
    });
  const login = () =>
    nock(LOGIN).post('/services/oauth2/token', /^grant_type=refresh_token&refresh_token=canary-refresh&/);
  const granted = { access_token: 'new', refresh_token: 'rotated', instance_url: old.apiUrl };

  it('that is still working on our last request for a token is asked again, and nobody has to reconnect', async () => {
    login().reply(400, {
      error: 'invalid_grant',
      error_description: 'Token request is already being processed',
    });
    login().reply(200, granted);
    expect(await refresh()).toEqual({ ...old, accessToken: 'new', refreshToken: 'rotated' });
  });

  it('that no longer knows the token is not asked again', async () => {
    login().reply(400, { error: 'invalid_grant', error_description: 'expired access/refresh token' });
    await expect(refresh()).rejects.toMatchObject({ name: 'AuthError', code: 'token_revoked' });
  });

  it.each([
    'https://acme.my.salesforce.com.example',
    'http://acme.my.salesforce.com',
    'https://user:word@acme.my.salesforce.com',
    'https://acme.my.salesforce.com:8443',
  ])('that names %s as the org is refused: no token is ever sent there', async (instance_url) => {
    login().reply(200, { ...granted, instance_url });
    await expect(refresh()).rejects.toMatchObject({ name: 'ConfigError', code: 'foreign_host' });
  });

  it('that moved the org sends no redirect that we follow', async () => {
    const path = '/services/data/v66.0/query';
    nock(old.apiUrl)
      .get(path)
      .query(true)
      .reply(302, '', { location: `https://acme.my.salesforce.com.example${path}` });
    const context = memoryContext({
      connector: salesforce,
      config: salesforce.config.parse({}),
      app,
      secret: old,
    });
    await expect(salesforce.identify(context)).rejects.toMatchObject({ code: 'redirected' });
  });
});
