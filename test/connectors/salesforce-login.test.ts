import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OAuthSecret } from '../../connectors/contract.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { type SalesforceRig, salesforceRig, seedOf } from './salesforce-rig.ts';

let rig: SalesforceRig;
beforeEach(async () => {
  rig = await salesforceRig(seedOf({ contacts: 1, companies: 1, deals: 0 }));
});
afterEach(async () => {
  expect(rig.broken().rules).toEqual([]);
  await rig.stop();
});

const redirectUri = 'http://127.0.0.1/callback';
const optionsOf = () => ({
  config: { loginUrl: rig.crm.url },
  fetch,
  signal: new AbortController().signal,
  now: new Date(),
});

async function connect(verifier: string): Promise<OAuthSecret> {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const config = { loginUrl: rig.crm.url };
  const url = salesforce.authorize.url(rig.crm.app, { config, redirectUri, state: 'state-1', challenge });
  const back = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '');
  expect(back.searchParams.get('state')).toBe('state-1');
  const code = back.searchParams.get('code') ?? '';
  return salesforce.authorize.exchange(rig.crm.app, { ...optionsOf(), code, redirectUri, verifier });
}

it('lets a person in by the web-server flow with PKCE', async () => {
  const secret = await connect(randomBytes(48).toString('base64url'));
  expect(secret).toMatchObject({ apiUrl: rig.crm.url, expiresAt: null });
  const context = { ...rig.context(), token: async () => secret };
  expect(await salesforce.identify(context)).toMatchObject({ id: rig.crm.orgId });
});

it('keeps the refresh token that comes back: the one before is worth nothing', async () => {
  const first = await connect(randomBytes(48).toString('base64url'));
  const second = await salesforce.refresh(rig.crm.app, first, optionsOf());
  expect(second.refreshToken).not.toBe(first.refreshToken);
  const third = await salesforce.refresh(rig.crm.app, second, optionsOf());
  expect(third.refreshToken).not.toBe(second.refreshToken);
  await expect(salesforce.refresh(rig.crm.app, first, optionsOf())).rejects.toMatchObject({
    name: 'AuthError',
    code: 'token_revoked',
  });
});

it('survives a token endpoint that fails for a moment', async () => {
  const first = await connect(randomBytes(48).toString('base64url'));
  rig.crm.faults.replace({ rules: [{ match: '/token$', fault: { kind: 'status', status: 503 } }] });
  const second = await salesforce.refresh(rig.crm.app, first, optionsOf());
  expect(second.accessToken).not.toBe(first.accessToken);
});

it.each([
  'https://login.salesforce.com.example.org',
  'https://evilsalesforce.com',
  'https://salesforce.com.cn',
  'https://acme.my.salesforce.com@example.org',
  'https://acme.my.salesforce.com:8443',
  'http://acme.my.salesforce.com',
  // Clouds of their own, about which nothing is settled: no token goes there until it is.
  'https://acme.my.salesforce.mil',
  'https://acme.my.sfcrmproducts.cn',
  'https://example.mil',
])('sends nobody to log in at %s', (loginUrl) => {
  const options = { config: { loginUrl }, redirectUri, state: 's', challenge: 'c' };
  expect(() => salesforce.authorize.url(rig.crm.app, options)).toThrow(
    expect.objectContaining({ code: 'foreign_host', action: expect.stringContaining('salesforce.com') }),
  );
});

it('sends neither secret nor token to a host that is not Salesforce', async () => {
  const secret = await connect(randomBytes(48).toString('base64url'));
  const config = { loginUrl: 'https://login.salesforce.com.example.org' };
  await expect(salesforce.refresh(rig.crm.app, secret, { ...optionsOf(), config })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'foreign_host',
  });
  const stolen = {
    ...rig.context(),
    token: async () => ({ accessToken: 'x', apiUrl: 'https://example.org' }),
  };
  await expect(salesforce.identify(stolen)).rejects.toMatchObject({ code: 'foreign_host' });
});
