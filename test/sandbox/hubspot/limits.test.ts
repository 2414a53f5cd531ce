import { describe, expect, test } from 'vitest';
import { brokenRules, CONTACTS, portal } from './portal.ts';

describe('limits', () => {
  test('the eleventh call within the window is a 429 and a broken rule; search has a budget of its own', async () => {
    const { hub, call } = await portal({ limits: { perTenSeconds: 10, searchPerSecond: 2 } });
    const first = await call('GET', CONTACTS);
    expect(first.headers.get('x-hubspot-ratelimit-max')).toBe('10');
    expect(first.headers.get('x-hubspot-ratelimit-remaining')).toBe('9');
    for (let count = 2; count <= 10; count += 1) expect((await call('GET', CONTACTS)).status).toBe(200);
    const searched = await call('POST', `${CONTACTS}/search`, {});
    expect([searched.status, searched.headers.get('x-hubspot-ratelimit-max')]).toEqual([200, null]);
    const refused = await call('GET', CONTACTS);
    expect([refused.status, refused.body.policyName]).toEqual([429, 'TEN_SECONDLY_ROLLING']);
    expect(hub.journal.totals()).toMatchObject({ calls: 12, throttled: 1, rules: { over_limit: 1 } });
    hub.clock.advance(10_000);
    expect((await call('GET', CONTACTS)).status).toBe(200);
  });

  test('a daily limit is counted and told', async () => {
    const { hub, call } = await portal({ limits: { perDay: 2 } });
    expect((await call('GET', CONTACTS)).headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('1');
    hub.budgets.day.used = 2;
    expect((await call('GET', CONTACTS)).body.policyName).toBe('DAILY');
  });
});

test('what no careful client does is written down', async () => {
  const { hub, call } = await portal();
  await call('GET', '/crm/nothing');
  await call('GET', '/crm/objects/2027-03/contacts');
  await call('GET', `${CONTACTS}?limit=101`);
  await fetch(`${hub.url}${CONTACTS}`);
  await fetch(`${hub.url}${CONTACTS}`, { headers: { authorization: 'Bearer made-up' } });
  expect(brokenRules(hub)).toEqual({
    unknown_path: 1,
    unknown_version: 1,
    page_too_large: 1,
    missing_token: 1,
    unknown_token: 1,
  });
  expect(hub.journal.totals()).toMatchObject({ calls: 5, rulesBroken: 5 });
});
