import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { orgForEachTest } from './org.ts';

const crm = orgForEachTest();
const { soql } = crm;

const Tokens = z.looseObject({ access_token: z.string(), refresh_token: z.string() });

describe('authorization', () => {
  const form = (values: Record<string, string>) =>
    fetch(`${crm.org.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: crm.org.app.clientId,
        client_secret: crm.org.app.clientSecret,
        ...values,
      }),
    });
  const authorize = async (more: Record<string, string>) => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: crm.org.app.clientId,
      redirect_uri: 'https://app.example/callback',
      state: 's1',
      ...more,
    });
    const reply = await fetch(`${crm.org.url}/services/oauth2/authorize?${query}`, { redirect: 'manual' });
    return new URL(reply.headers.get('location') ?? '').searchParams;
  };
  const code = { grant_type: 'authorization_code', redirect_uri: 'https://app.example/callback' };

  test('the code is exchanged once, against its verifier', async () => {
    const verifier = randomBytes(48).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
    const wrong = await form({
      ...code,
      code: (await authorize(pkce)).get('code') ?? '',
      code_verifier: 'x'.repeat(43),
    });
    expect(await wrong.json()).toEqual({
      error: 'invalid_grant',
      error_description: 'invalid code verifier',
    });
    const back = await authorize(pkce);
    expect(back.get('state')).toBe('s1');
    const exchange = { ...code, code: back.get('code') ?? '', code_verifier: verifier };
    const tokens = Tokens.parse(await (await form(exchange)).json());
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      instance_url: crm.org.url,
      issued_at: expect.stringMatching(/^\d+$/),
    });
    crm.token = tokens.access_token;
    expect((await soql('SELECT Id FROM User')).status).toBe(200);
    expect((await form(exchange)).status).toBe(400);
  });

  test('without PKCE there is no code', async () => {
    expect((await authorize({})).get('error')).toBe('invalid_request');
    expect(crm.org.journal.totals().rules).toEqual({ authorize_without_pkce: 1 });
  });

  test('JSON at the token endpoint is refused', async () => {
    const reply = await fetch(`${crm.org.url}/services/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(reply.status).toBe(400);
    expect(crm.org.journal.totals().rules).toEqual({ token_request_not_a_form: 1 });
  });

  test('a refresh token works once; its second use revokes the family', async () => {
    const install = crm.org.issueInstall();
    const refresh = (refresh_token: string) => form({ grant_type: 'refresh_token', refresh_token });
    const next = Tokens.parse(await (await refresh(install.refreshToken)).json());
    expect(next.refresh_token).not.toBe(install.refreshToken);
    crm.token = next.access_token;
    expect((await soql('SELECT Id FROM User')).status).toBe(200);
    expect(await (await refresh(install.refreshToken)).json()).toEqual({
      error: 'invalid_grant',
      error_description: 'expired access/refresh token',
    });
    expect((await refresh(next.refresh_token)).status).toBe(400);
    expect((await soql('SELECT Id FROM User')).json[0]).toEqual({
      message: 'Session expired or invalid',
      errorCode: 'INVALID_SESSION_ID',
    });
  });

  test('an access token ends with its time, and using it on and on is a broken rule', async () => {
    crm.org.clock.advance(7_200_001);
    expect((await soql('SELECT Id FROM User')).status).toBe(401);
    expect(crm.org.journal.totals().rulesBroken).toBe(0);
    for (let n = 0; n < 26; n++) await soql('SELECT Id FROM User');
    expect(crm.org.journal.totals().rules.ended_session_used_on).toBeGreaterThan(0);
  });
});
