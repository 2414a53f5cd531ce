import { describe, expect, test } from 'vitest';
import type { HubspotAdmin } from '../../../sandbox/hubspot/admin.ts';
import { remoteSandbox } from '../../../sandbox/remote.ts';
import { CONTACTS, type Json, portal } from './portal.ts';

describe('faults', () => {
  const once = (fault: Json, match = '') => ({ rules: [{ match, fault }] });
  const write = { inputs: [] as Json[] };

  test.each([
    ['a dropped connection before the call is applied', { kind: 'drop', when: 'before' }, undefined],
    ['a dropped connection after it', { kind: 'drop', when: 'after' }, 'paid'],
    ['an answer cut in the middle', { kind: 'drop', when: 'during' }, 'paid'],
    ['a body that is not whole JSON', { kind: 'truncate' }, 'paid'],
    ['a web page with status 200', { kind: 'html' }, undefined],
  ])('%s throws at the client', async (_name, fault, plan) => {
    const { hub, call, id } = await portal({ faults: once(fault, 'batch/update') });
    const body = { ...write, inputs: [{ id: id('p1'), properties: { plan: 'paid' } }] };
    await expect(call('POST', `${CONTACTS}/batch/update`, body)).rejects.toThrow();
    expect(hub.admin.record('contact', id('p1'))?.properties.plan).toBe(plan);
    expect((await call('POST', `${CONTACTS}/batch/update`, body)).status).toBe(200);
  });

  test.each([
    [{ kind: 'status', status: 503 }, 503, undefined],
    [{ kind: 'status', status: 502, applied: true }, 502, 'paid'],
    [{ kind: 'throttle', retryAfter: 'Fri, 31 Dec 2027 23:59:59 GMT' }, 429, undefined],
  ])('%j answers %i', async (fault, status, plan) => {
    const { hub, call, id } = await portal({ faults: once(fault) });
    const got = await call('PATCH', `${CONTACTS}/${id('p1')}`, { properties: { plan: 'paid' } });
    expect(got.status).toBe(status);
    if (status === 429) expect(got.headers.get('retry-after')).toBe('Fri, 31 Dec 2027 23:59:59 GMT');
    expect(hub.admin.record('contact', id('p1'))?.properties.plan).toBe(plan);
    expect(hub.journal.totals().rulesBroken).toBe(0);
  });

  test.each([
    ['during', { kind: 'drop', when: 'during' }, 'the connection ends before the promised length'],
    ['truncate', { kind: 'truncate' }, 'the answer ends as promised, but its JSON does not'],
  ])('%s: %j, %s', async (name, fault, _meaning) => {
    const { hub, accessToken } = await portal({ faults: once(fault) });
    const response = await fetch(`${hub.url}${CONTACTS}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const text = await response.text().catch(() => undefined);
    expect(text === undefined).toBe(name === 'during');
    expect(() => JSON.parse(text ?? '')).toThrow();
  });

  test('a partial failure refuses some rows and applies the rest; bare errors name no row', async () => {
    const { hub, call, id } = await portal({ faults: once({ kind: 'partial', share: 0.5, bare: true }) });
    const inputs = Array.from({ length: 30 }, (_, index) => ({
      id: id(`p${index + 1}`),
      properties: { plan: 'paid' },
    }));
    const { status, body } = await call('POST', `${CONTACTS}/batch/update`, { inputs });
    expect([status, body.results.length + body.errors.length]).toEqual([207, 30]);
    expect(body.errors[0].context).toEqual({});
    const paid = hub.admin.allRecords('contact').filter((each) => each.properties.plan === 'paid');
    expect(paid.map((each) => each.id).sort()).toEqual(body.results.map((each: Json) => each.id).sort());
  });

  test('an empty answer has no rows', async () => {
    const { call } = await portal({ faults: once({ kind: 'empty' }) });
    expect((await call('GET', CONTACTS)).body.results).toEqual([]);
    expect((await call('GET', CONTACTS)).body.results).toHaveLength(10);
  });
});

test('another process works the portal through its own door, uncounted', async () => {
  const { hub, call, id } = await portal();
  const remote = remoteSandbox<HubspotAdmin>(hub.url);
  await remote.admin.setProperties('contact', id('p1'), { plan: 'paid', hs_email_optout: true });
  expect((await remote.admin.record('contact', id('p1')))?.properties).toMatchObject({
    plan: 'paid',
    hs_email_optout: 'true',
  });
  const page = await remote.admin.records('contact', null, 20);
  expect((await remote.admin.records('contact', page.after, 20)).records).toHaveLength(10);
  await expect(remote.admin.setProperties('contact', id('p1'), { nonsense: 1 })).rejects.toThrow(
    'no property nonsense',
  );
  await remote.setFaults({ rules: [{ fault: { kind: 'status', status: 500 } }] });
  expect((await call('GET', CONTACTS)).status).toBe(500);
  expect((await remote.journal()).calls).toBe(1);
});
