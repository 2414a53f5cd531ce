import { describe, expect, it } from 'vitest';
import { API_VERSION } from '../../connectors/hubspot/client.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { pages } from './conformance-rig.ts';
import { hubspotRigs, seedOf } from './hubspot-rig.ts';

const rigOf = hubspotRigs({ contacts: 6, companies: 2, deals: 3 });

describe('reading HubSpot', () => {
  it('finds a change that search shows late', async () => {
    const rig = await rigOf({ searchIndexDelayMs: 60_000 });
    const full = await pages(rig, 'contact', 'full');
    const [id = ''] = rig.ids('contact');
    rig.crm.admin.setProperties('contact', id, { lastname: 'Late' });
    const early = await pages(rig, 'contact', 'changes', full.at(-1)?.cursor ?? null);
    expect(early.flatMap((page) => page.records)).toEqual([]);
    rig.crm.clock.advance(61_000);
    const later = await pages(rig, 'contact', 'changes', early.at(-1)?.cursor ?? null);
    expect(later.flatMap((page) => page.records).map((record) => record.properties.lastname)).toEqual([
      'Late',
    ]);
  });

  it('reads more associations than a page holds', async () => {
    const seed = seedOf({ contacts: 130, companies: 2, deals: 1 });
    const [deal] = seed.deals;
    if (deal) deal.links = seed.contacts.map(({ ref }) => ({ to: 'contact' as const, ref }));
    const rig = await rigOf({}, seed);
    for (const mode of ['full', 'links', 'changes'] as const) {
      const [page] = await pages(rig, 'deal', mode);
      expect(page?.records[0]?.links).toHaveLength(130);
    }
  });

  it('marks the primary company, whichever way it reads', async () => {
    const rig = await rigOf();
    const [contact = ''] = rig.ids('contact');
    const [, second = ''] = rig.ids('company');
    rig.crm.admin.associate('contact', contact, 'company', second, [1]);
    for (const mode of ['full', 'links', 'changes'] as const) {
      const read = await pages(rig, 'contact', mode);
      const record = read.flatMap((page) => page.records).find(({ id }) => id === contact);
      expect(record?.links?.filter((link) => link.primary).map((link) => link.id)).toEqual([second]);
      expect(record?.links).toHaveLength(2);
    }
  });

  it('reads the labels of a contact in a deal as its roles, whichever way it reads', async () => {
    const seed = seedOf({ contacts: 3, companies: 1, deals: 2 });
    const [first, second] = seed.deals;
    const [one, two] = seed.contacts.map(({ ref }) => ({ to: 'contact' as const, ref }));
    if (first && one && two)
      first.links = [{ ...one, role: 'Decision maker' }, { ...one, role: 'Budget holder' }, two];
    const rig = await rigOf({}, seed);
    for (const mode of ['full', 'links', 'changes'] as const) {
      const records = (await pages(rig, 'deal', mode)).flatMap((page) => page.records);
      const roles = (ref: string | undefined) =>
        records
          .find(({ id }) => id === ref)
          ?.links?.filter(({ to }) => to === 'contact')
          .map(({ id, role }) => [id, role]);
      expect(roles(first?.ref)).toEqual([
        [one?.ref, 'Budget holder;Decision maker'],
        [two?.ref, null],
      ]);
      expect(roles(second?.ref)).toEqual([[seed.contacts[1]?.ref, null]]);
    }
  });

  it('names the parent of a company', async () => {
    const seed = seedOf({ contacts: 1, companies: 2, deals: 0 });
    const [child, parent] = seed.companies;
    if (child && parent) child.links = [{ to: 'company', ref: parent.ref }];
    const rig = await rigOf({}, seed);
    for (const mode of ['full', 'links', 'changes'] as const) {
      const read = await pages(rig, 'company', mode);
      const record = read.flatMap((page) => page.records).find(({ id }) => id === child?.ref);
      expect(record?.links).toEqual([{ to: 'company', id: parent?.ref, primary: true, role: null }]);
    }
  });

  it.each(['full', 'changes'] as const)(
    'reads more properties than one request may name (%s)',
    async (mode) => {
      const rig = await rigOf();
      const names = Array.from({ length: 300 }, (_, n) => `a_property_with_a_long_name_${n}`);
      const request = { object: 'contact' as const, mode, cursor: null, properties: [...names, 'lastname'] };
      const read = [];
      for await (const page of hubspot.pull(rig.context(), request)) read.push(...page.records);
      expect(read.map((record) => record.properties.lastname).sort()).toEqual(
        rig.ids('contact').map((_id, n) => `Person ${n}`),
      );
      expect(read.every((record) => record.links?.length === 1)).toBe(true);
      expect(rig.broken().rules).toEqual([]);
    },
  );

  it("takes nobody's links away where an answer is empty by mistake, and tells those who have none", async () => {
    const rig = await rigOf();
    const [lonely = '', linked = ''] = rig.ids('contact');
    rig.crm.admin.dissociate(
      'contact',
      lonely,
      'company',
      rig.crm.admin.record('contact', lonely)?.companies[0] ?? '',
    );
    const [good] = await pages(rig, 'contact', 'ids', null, { ids: [lonely, linked] });
    const counts = Object.fromEntries(good?.records.map(({ id, links }) => [id, links?.length]) ?? []);
    expect(counts).toEqual({ [lonely]: 0, [linked]: 1 });
    rig.crm.faults.replace({ rules: [{ match: 'associations', times: 9, fault: { kind: 'empty' } }] });
    const [empty] = await pages(rig, 'contact', 'ids', null, { ids: [linked] });
    expect(empty?.records.map(({ id, links }) => [id, links])).toEqual([[linked, undefined]]);
  });

  it('does not take a contact that was erased for one that was never there', async () => {
    const rig = await rigOf();
    const [id = ''] = rig.ids('contact');
    rig.crm.admin.gdprDelete(id);
    const [page] = await pages(rig, 'contact', 'ids', null, { ids: [id] });
    expect(page?.records).toMatchObject([{ id, state: 'deleted', properties: {} }]);
  });

  it('does not call a record deleted because a batch left it out', async () => {
    const rig = await rigOf();
    rig.crm.faults.replace({
      rules: [{ match: '/batch/read', times: 9, fault: { kind: 'partial', share: 1 } }],
    });
    const ids = rig.ids('contact').slice(0, 3);
    const [page] = await pages(rig, 'contact', 'ids', null, { ids });
    expect(page?.records.map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, 'live']));
  });

  it('names each right that is missing', async () => {
    const rig = await rigOf();
    const { accessToken } = rig.crm.issueInstall([
      'oauth',
      'crm.objects.contacts.read',
      'crm.schemas.contacts.read',
    ]);
    const context = { ...rig.context(), token: async () => ({ accessToken, apiUrl: rig.crm.url }) };
    const items = await hubspot.check(context, { properties: [], write: true, tasks: true });
    const missing = items.filter((item) => !item.ok).map(({ message }) => /crm\.[a-z.]+/.exec(message)?.[0]);
    expect(missing).toEqual([
      'crm.objects.contacts.write',
      'crm.schemas.contacts.write',
      'crm.objects.companies.read',
      'crm.schemas.companies.read',
      'crm.objects.companies.write',
      'crm.schemas.companies.write',
      'crm.objects.deals.read',
      'crm.schemas.deals.read',
      'crm.lists.write',
      // Tasks go by the rights to contacts.
      'crm.objects.contacts.write',
    ]);
    expect(items.at(-1)?.code).toBe('tasks_write');
    expect(items.every((item) => item.ok || item.action !== '')).toBe(true);
  });
});

describe('authorising', () => {
  const options = (url: string) => ({
    config: { apiUrl: url },
    fetch,
    signal: new AbortController().signal,
    now: new Date(),
  });

  it('turns a code into tokens, once, and renews them with the token that comes back', async () => {
    const { crm } = await rigOf({ rotateRefreshTokens: true });
    const redirectUri = 'http://localhost/callback';
    const url = hubspot.authorize.url(crm.app, {
      config: { apiUrl: crm.url },
      redirectUri,
      state: 's-1',
      challenge: 'c',
    });
    const answer = await fetch(url, { redirect: 'manual' });
    const back = new URL(answer.headers.get('location') ?? '');
    expect(back.searchParams.get('state')).toBe('s-1');
    const grant = {
      code: back.searchParams.get('code') ?? '',
      redirectUri,
      verifier: 'v',
      ...options(crm.url),
    };
    const first = await hubspot.authorize.exchange(crm.app, grant);
    await expect(hubspot.authorize.exchange(crm.app, grant)).rejects.toMatchObject({ name: 'AuthError' });
    const second = await hubspot.refresh(crm.app, first, options(crm.url));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(Date.parse(second.expiresAt ?? '')).toBeGreaterThan(Date.now());
    await expect(hubspot.refresh(crm.app, first, options(crm.url))).rejects.toMatchObject({
      code: 'token_revoked',
      action: expect.stringContaining('Reconnect'),
    });
    expect(crm.journal.totals().broken).toEqual([]);
  });

  it('keeps a token server that is down apart from a token that is dead', async () => {
    const { crm } = await rigOf();
    const issued = crm.issueInstall();
    const secret = { ...issued, expiresAt: null, apiUrl: crm.url };
    crm.faults.replace({ rules: [{ match: '/token$', fault: { kind: 'status', status: 503 } }] });
    await expect(hubspot.refresh(crm.app, secret, options(crm.url))).resolves.toMatchObject({
      apiUrl: crm.url,
    });
    crm.admin.uninstall();
    await expect(hubspot.refresh(crm.app, secret, options(crm.url))).rejects.toMatchObject({
      name: 'AuthError',
    });
  });

  it('sends tokens to no other host', async () => {
    const config = { apiUrl: 'https://hubapi.com.evil.io' };
    const secret = { accessToken: 'a', refreshToken: 'r', expiresAt: null, apiUrl: config.apiUrl };
    const refused = hubspot.refresh({ clientId: 'c', clientSecret: 's' }, secret, { ...options(''), config });
    await expect(refused).rejects.toMatchObject({ code: 'foreign_host' });
  });
});

it('calls dated paths of one version only', async () => {
  const { crm, context } = await rigOf();
  await hubspot.identify(context());
  expect(API_VERSION).toMatch(/^20\d\d-\d\d$/);
  expect(crm.journal.totals().broken).toEqual([]);
});
