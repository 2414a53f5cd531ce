import { describe, expect, test } from 'vitest';
import { brokenRules, CONTACTS, type Json, portal } from './portal.ts';

describe('OAuth', () => {
  const token = (url: string, fields: Record<string, string>) =>
    fetch(`${url}/oauth/2026-03/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'sandbox-client', client_secret: 'sandbox-secret', ...fields }),
    });

  test('install: authorize gives a code with the state, once exchanged for tokens that work', async () => {
    const { hub } = await portal();
    const redirect_uri = 'http://localhost:9/back';
    const query = new URLSearchParams({
      client_id: 'sandbox-client',
      redirect_uri,
      scope: 'oauth crm.objects.contacts.read',
      state: 's1',
    });
    const page = await fetch(`${hub.url}/oauth/authorize?${query}`, { redirect: 'manual' });
    const back = new URL(page.headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s1');
    const code = back.searchParams.get('code') ?? '';
    const given: Json = await (
      await token(hub.url, { grant_type: 'authorization_code', code, redirect_uri })
    ).json();
    expect(given).toMatchObject({ token_type: 'bearer', expires_in: 1800 });
    const again = await token(hub.url, { grant_type: 'authorization_code', code, redirect_uri });
    expect([again.status, await again.json()]).toEqual([
      400,
      { error: 'invalid_grant', error_description: expect.any(String) },
    ]);
    const headers = { authorization: `Bearer ${given.access_token}` };
    expect((await fetch(`${hub.url}${CONTACTS}`, { headers })).status).toBe(200);
    const deals = await fetch(`${hub.url}/crm/objects/2026-03/deals`, { headers });
    expect([deals.status, ((await deals.json()) as Json).category]).toEqual([403, 'MISSING_SCOPES']);
  });

  test('an access token ends; using it afterwards is a broken rule, refreshing is not', async () => {
    const { hub, call, refreshToken } = await portal({ tokenLifeSeconds: 60 });
    expect((await call('GET', CONTACTS)).status).toBe(200);
    hub.clock.advance(60_000);
    const late = await call('GET', CONTACTS);
    expect([late.status, late.body.category]).toEqual([401, 'EXPIRED_AUTHENTICATION']);
    expect(brokenRules(hub)).toEqual({ expired_token: 1 });
    const fresh: Json = await (
      await token(hub.url, { grant_type: 'refresh_token', refresh_token: refreshToken })
    ).json();
    expect(fresh.refresh_token).toBe(refreshToken);
    const headers = { authorization: `Bearer ${fresh.access_token}` };
    expect((await fetch(`${hub.url}${CONTACTS}`, { headers })).status).toBe(200);
  });

  test('with rotation the old refresh token is dead', async () => {
    const { hub, refreshToken } = await portal({ rotateRefreshTokens: true });
    const fresh: Json = await (
      await token(hub.url, { grant_type: 'refresh_token', refresh_token: refreshToken })
    ).json();
    expect(fresh.refresh_token).not.toBe(refreshToken);
    expect((await token(hub.url, { grant_type: 'refresh_token', refresh_token: refreshToken })).status).toBe(
      400,
    );
  });

  test('JSON at the token endpoint is refused and written down', async () => {
    const { hub, refreshToken } = await portal();
    const response = await fetch(`${hub.url}/oauth/2026-03/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
    expect(response.status).toBe(400);
    expect(brokenRules(hub)).toEqual({ token_request_not_a_form: 1 });
  });

  test('the real client exchanges a refresh token at the numbered path', async () => {
    const { client, refreshToken } = await portal();
    const given = await client.oauth.tokensApi.create(
      'refresh_token',
      undefined,
      undefined,
      'sandbox-client',
      'sandbox-secret',
      refreshToken,
    );
    expect(given.accessToken).toMatch(/^access-/);
  });

  test('after an uninstall every token is dead', async () => {
    const { hub, call, refreshToken } = await portal();
    expect((await call('DELETE', '/appinstalls/2026-03/external-install')).status).toBe(204);
    expect((await call('GET', CONTACTS)).status).toBe(401);
    expect((await token(hub.url, { grant_type: 'refresh_token', refresh_token: refreshToken })).status).toBe(
      400,
    );
    expect(hub.journal.totals()).toMatchObject({ revoked: 1, rulesBroken: 0 });
  });
});
