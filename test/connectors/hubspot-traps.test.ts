import { afterEach, describe, expect, it } from 'vitest';
import type { Json, PrepareTarget } from '../../connectors/contract.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import type { HubspotOptions } from '../../sandbox/hubspot/index.ts';
import { label, labelTarget, push } from './conformance-rig.ts';
import { answering, hubspotRig, seedOf } from './hubspot-rig.ts';

/** What a large, old account does that a small, tidy one does not. */

const open: Awaited<ReturnType<typeof hubspotRig>>[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((rig) => rig.stop()));
});
const rigOf = async (
  seed = seedOf({ contacts: 6, companies: 2, deals: 3 }),
  options: HubspotOptions & { lifted?: boolean } = {},
) => {
  const rig = await hubspotRig(seed, options);
  open.push(rig);
  return { ...rig, admin: rig.crm.admin };
};
type Rig = Awaited<ReturnType<typeof rigOf>>;

/** A context whose token has these rights only. */
const withScopes = (rig: Rig, scopes: string[]) => {
  const { accessToken } = rig.crm.issueInstall(scopes);
  return { ...rig.context(), token: async () => ({ accessToken, apiUrl: rig.crm.url }) };
};
const ALL = [...hubspot.authorize.scopes.required, ...hubspot.authorize.scopes.optional];
const without = (...lost: string[]) => ALL.filter((scope) => !lost.includes(scope));

const PROPERTY = labelTarget('property', { id: 'target-1' });
const LISTS = (['dynamic_list', 'manual_list'] as const).map((kind) =>
  labelTarget(kind, { id: kind, segments: [{ key: 'gold', name: 'Gold' }] }),
);
const byId = async (context: Parameters<typeof hubspot.prepare>[0], targets: PrepareTarget[]) =>
  Object.fromEntries((await hubspot.prepare(context, targets)).map((each) => [each.id, each]));

describe('reading', () => {
  it('goes on from the time that search sorts by, whatever else a record says of its change', async () => {
    const seed = seedOf({ contacts: 450, companies: 1, deals: 0 });
    const rig = await rigOf(seed, { lifted: true });
    const aDayOn = (text: unknown) => new Date(Date.parse(String(text)) + 86_400_000).toISOString();
    const fetch = answering(/\/search$/, ({ results, ...rest }) => ({
      ...rest,
      results: results.map((record) => ({ ...record, updatedAt: aDayOn(record.updatedAt) })),
    }));
    const read = new Set<string>();
    const request = { object: 'contact', mode: 'changes', cursor: null, properties: [] } as const;
    for await (const page of hubspot.pull(rig.context({ fetch }), { ...request, properties: [] }))
      for (const { id } of page.records) read.add(id);
    expect(read.size).toBe(450);
  });

  it('reads a record alone whose properties do not fit into one address', async () => {
    const rig = await rigOf();
    rig.crm.faults.replace({
      rules: [{ match: '/batch/read', times: 9, fault: { kind: 'partial', share: 1 } }],
    });
    const [id = ''] = rig.ids('contact');
    const names = Array.from({ length: 900 }, (_, n) => `a_property_with_a_long_name_${n}`);
    const request = {
      object: 'contact' as const,
      mode: 'ids' as const,
      cursor: null,
      ids: [{ id, kind: 'contact' }],
    };
    const read = [];
    for await (const page of hubspot.pull(rig.context(), {
      ...request,
      properties: ['email', ...names, 'lastname'],
    }))
      read.push(...page.records);
    expect(read).toMatchObject([
      { id, state: 'live', properties: { email: 'p0@example.com', lastname: 'Person 0' } },
    ]);
    expect(rig.broken().rules).toEqual([]);
  });

  it('reads a page whatever one of its records holds', async () => {
    const rig = await rigOf();
    const fetch = answering(/\/deals$/, ({ results, ...rest }) => ({
      ...rest,
      results: results.map((record, n) =>
        n === 0
          ? {
              ...record,
              createdAt: '+20222-01-01T00:00:00Z',
              properties: { dealname: 'Odd', amount: 5, won: true },
            }
          : record,
      ),
    }));
    const request = { object: 'deal' as const, mode: 'full' as const, cursor: null, properties: ['amount'] };
    const read = [];
    for await (const page of hubspot.pull(rig.context({ fetch }), request)) read.push(...page.records);
    expect(read).toHaveLength(3);
    expect(read[0]).toMatchObject({
      createdAt: null,
      properties: { dealname: 'Odd', amount: '5', won: 'true' },
    });
  });

  it('reads all of a thousand links of one record, with the record that has none beside it', async () => {
    const seed = seedOf({ contacts: 1_100, companies: 1, deals: 2 });
    const [many, none] = seed.deals;
    if (many) many.links = seed.contacts.map(({ ref }) => ({ to: 'contact' as const, ref }));
    if (none) none.links = [];
    const rig = await rigOf(seed, { lifted: true });
    for (const mode of ['full', 'changes'] as const) {
      const counts = new Map<string, number | undefined>();
      const request = { object: 'deal' as const, mode, cursor: null, properties: [] };
      for await (const { records } of hubspot.pull(rig.context(), request))
        for (const { id, links } of records) counts.set(id, new Set(links?.map((link) => link.id)).size);
      expect(Object.fromEntries(counts)).toEqual({ [many?.ref ?? '']: 1_100, [none?.ref ?? '']: 0 });
    }
    expect(rig.broken().rules).toEqual([]);
  });

  it('does not take links away that HubSpot could not look up', async () => {
    const rig = await rigOf();
    const [id = ''] = rig.ids('contact');
    const fetch = answering(/\/associations\//, ({ results: _lost, ...rest }) => ({
      ...rest,
      results: [],
      errors: [
        {
          status: 'error',
          category: 'OBJECT_NOT_FOUND',
          subCategory: 'crm.associations.OBJECT_TYPE_NOT_READY',
          message: 'Try later',
          context: { fromObjectId: [id] },
        },
      ],
    }));
    const request = { object: 'contact' as const, mode: 'ids' as const, cursor: null, properties: [] };
    for await (const { records } of hubspot.pull(rig.context({ fetch }), {
      ...request,
      ids: [{ id, kind: 'contact' }],
    }))
      expect(records.map(({ state, links }) => [state, links])).toEqual([['live', undefined]]);
    expect.assertions(1);
  });

  it('tells of an archived record that does not say when it was', async () => {
    const rig = await rigOf();
    const pull = async (context: ReturnType<Rig['context']>, cursor: Json) => {
      const pages = [];
      const request = { object: 'contact' as const, mode: 'deleted' as const, cursor, properties: [] };
      for await (const page of hubspot.pull(context, request)) pages.push(page);
      return pages;
    };
    const first = await pull(rig.context(), null);
    rig.crm.clock.advance(3_600_000);
    const [id = ''] = rig.ids('contact');
    rig.admin.archive('contact', id);
    const fetch = answering(/\/contacts$/, ({ results }) => ({
      results: results.map(({ archivedAt: _unsaid, ...record }) => record),
    }));
    const second = await pull(rig.context({ fetch }), first.at(-1)?.cursor ?? null);
    expect(second.flatMap((page) => page.records)).toMatchObject([{ id, state: 'deleted' }]);
  });

  it('reads a long list of archived records no more often than one call in a hundred allows', async () => {
    const rig = await rigOf(seedOf({ contacts: 1_101, companies: 1, deals: 0 }), { lifted: true });
    const [last = '', ...others] = rig.ids('contact').reverse();
    for (const id of others) rig.admin.archive('contact', id);
    const pull = async (cursor: Json) => {
      const context = rig.context();
      const pages = [];
      const request = { object: 'contact' as const, mode: 'deleted' as const, cursor, properties: [] };
      for await (const page of hubspot.pull(context, request)) pages.push(page);
      const ids = pages.flatMap((page) => page.records.map(({ id }) => id));
      return { calls: context.calls.calls, cursor: pages.at(-1)?.cursor ?? null, ids };
    };
    const first = await pull(null);
    expect([first.calls, first.ids.length]).toEqual([11, 1_100]);
    rig.crm.clock.advance(60_000);
    rig.admin.archive('contact', last);
    const soon = await pull(first.cursor);
    expect(soon).toEqual({ calls: 0, cursor: first.cursor, ids: [] });
    rig.crm.clock.advance(60_000);
    const later = await pull(soon.cursor);
    expect(later.calls).toBe(12);
    expect(later.ids).toContain(last);
  });

  it('shows the other properties where one can not be read, and null for nothing', async () => {
    const rig = await rigOf();
    const count = (await hubspot.discover(rig.context(), 'contact')).length;
    const fetch = answering(/\/crm\/properties\//, ({ results }) => ({
      results: results.map((property, n) => {
        if (n === 0) return { ...property, type: null };
        return {
          ...property,
          label: null,
          description: null,
          options: null,
          calculated: null,
          archived: null,
        };
      }),
    }));
    const found = await hubspot.discover(rig.context({ fetch }), 'contact');
    expect(found).toHaveLength(count - 1);
    expect(found[0]).toMatchObject({ label: '', readOnly: expect.any(Boolean), ours: false });
  });
});

describe('a right that an admin took away', () => {
  it('to lists keeps no property from being made and written', async () => {
    const rig = await rigOf();
    const context = withScopes(rig, without('crm.lists.read', 'crm.lists.write'));
    const prepared = await byId(context, [PROPERTY, ...LISTS]);
    expect(prepared['target-1']).toMatchObject({ state: 'ready' });
    for (const { id } of LISTS)
      expect(prepared[id]).toMatchObject({
        state: 'needs_you',
        message: expect.stringContaining('crm.lists.read'),
        action: expect.stringContaining('Reconnect'),
      });
  });

  it('to companies keeps no property of contacts from being made', async () => {
    const rig = await rigOf();
    const company = labelTarget('property', { id: 'company', object: 'company' });
    const noRead = await byId(withScopes(rig, without('crm.schemas.companies.read')), [company, PROPERTY]);
    expect([noRead.company?.state, noRead['target-1']?.state]).toEqual(['needs_you', 'ready']);
    const noWrite = await byId(withScopes(rig, without('crm.schemas.companies.write')), [company, PROPERTY]);
    expect([noWrite.company?.state, noWrite['target-1']?.state]).toEqual(['needs_you', 'ready']);
  });

  it('to write to a list refuses its rows, with the reason', async () => {
    const rig = await rigOf();
    const [manual] = LISTS.slice(1);
    const { manual_list: prepared } = await byId(rig.context(), manual ? [manual] : []);
    const context = withScopes(rig, without('crm.lists.write'));
    const [id = ''] = rig.ids('contact');
    const write = { kind: 'membership', object: 'contact', id, recordKind: 'contact', member: true } as const;
    const answer = await hubspot.push(context, {
      writes: [{ ...write, targetId: 'manual_list' }],
      remotes: { manual_list: prepared?.remote ?? null },
      job: null,
    });
    expect(answer).toMatchObject({
      state: 'done',
      outcomes: [{ id, targetId: 'manual_list', state: 'refused', code: 'missing_scope' }],
    });
  });
});

describe('preparing', () => {
  it('is not kept from making a property by limits that are told in another way', async () => {
    const rig = await rigOf();
    const fetch = answering(/custom-properties$/, () => ({ limits: 'many' }));
    const prepared = await byId(rig.context({ fetch }), [PROPERTY]);
    expect(prepared['target-1']).toMatchObject({ state: 'ready', made: true });
  });

  it('tells its options apart from one of the same label that somebody added', async () => {
    const rig = await rigOf();
    await byId(rig.context(), [PROPERTY]);
    const path = `${rig.crm.url}/crm/properties/2026-03/contacts/segment_sync_value_tiers`;
    const { accessToken } = rig.crm.issueInstall();
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
    const options = PROPERTY.segments.map(({ key, name }) => ({ value: key, label: name, hidden: false }));
    const theirs = { value: 'own', label: 'Platinum', description: 'Their words', hidden: false };
    const body = JSON.stringify({ options: [...options, theirs] });
    expect((await fetch(path, { method: 'PATCH', headers, body })).status).toBe(200);
    const segments = [...PROPERTY.segments, { key: 'platinum', name: 'platinum' }];
    const prepared = await byId(rig.context(), [{ ...PROPERTY, segments }]);
    expect(prepared['target-1']?.state).toBe('ready');
    const property = rig.admin.properties('contact').find(({ name }) => name === 'segment_sync_value_tiers');
    expect(property?.options.map(({ label: text }) => text)).toEqual([
      ...options.map(({ label: text }) => text),
      'platinum (platinum)',
      'Platinum',
    ]);
    expect(property?.options.at(-1)?.description).toBe('Their words');
  });

  it('leaves a filter alone that HubSpot tells in another order', async () => {
    const rig = await rigOf();
    const [dynamic] = LISTS;
    const targets = dynamic ? [PROPERTY, dynamic] : [];
    const made = await byId(rig.context(), targets);
    const writes = rig.writes();
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned).reverse();
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([name, each]) => [name, turned(each)])
          .reverse(),
      );
    };
    const fetch = answering(/\/crm\/lists\//, ({ results: _none, ...rest }) => turned(rest));
    const again = targets.map((target) => ({ ...target, remote: made[target.id]?.remote ?? null }));
    await byId(rig.context({ fetch }), again);
    expect(rig.writes()).toBe(writes);
  });
});

const OWNER = { ref: '501', email: 'rep@example.com', name: 'Rep One' };

describe('a task', () => {
  it('is found among more of its record than one answer holds', async () => {
    const rig = await rigOf(
      { ...seedOf({ contacts: 1, companies: 1, deals: 0 }), owners: [OWNER] },
      { lifted: true },
    );
    const [recordId = ''] = rig.ids('contact');
    const task = {
      object: 'contact' as const,
      recordId,
      ownerId: OWNER.ref,
      subject: 'Call',
      dueAt: new Date('2026-11-25T09:00:00Z'),
      dueOn: '2026-11-25',
      mayExist: false,
    };
    const headers = {
      authorization: `Bearer ${rig.crm.issueInstall().accessToken}`,
      'content-type': 'application/json',
    };
    const other = {
      properties: { hs_timestamp: '2026-11-25T09:00:00Z', hs_task_body: 'other' },
      associations: [
        { to: { id: recordId }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 204 }] },
      ],
    };
    for (let batch = 0; batch < 5; batch += 1) {
      const body = JSON.stringify({ inputs: Array.from({ length: 100 }, () => other) });
      await fetch(`${rig.crm.url}/crm/objects/2026-03/tasks/batch/create`, { method: 'POST', headers, body });
    }
    const made = await hubspot.task(rig.context(), { ...task, body: 'mine [mark]', marker: '[mark]' });
    const again = await hubspot.task(rig.context(), {
      ...task,
      body: 'mine [mark]',
      marker: '[mark]',
      mayExist: true,
    });
    expect(again).toEqual(made);
  });
});

describe('leaving', () => {
  it('names what HubSpot does not let go, and takes the app out all the same', async () => {
    const rig = await rigOf();
    const prepared = await byId(rig.context(), [PROPERTY]);
    const remotes = [
      { kind: PROPERTY.kind, object: PROPERTY.object, remote: prepared['target-1']?.remote ?? null },
    ];
    rig.admin.createList('contact', 'Ours by hand', 'DYNAMIC', {
      filterBranchType: 'OR',
      filters: [],
      filterBranches: [
        {
          filterBranchType: 'AND',
          filterBranches: [],
          filters: [
            {
              filterType: 'PROPERTY',
              property: 'segment_sync_value_tiers',
              operation: { operationType: 'ENUMERATION', operator: 'IS_ANY_OF', values: ['gold'] },
            },
          ],
        },
      ],
    });
    const { done, stays } = await hubspot.uninstall(rig.context(), { keep: 'nothing', remotes });
    expect(done).toEqual(['app removed from the account']);
    expect(stays).toEqual([
      expect.stringMatching(/contact property segment_sync_value_tiers .*Ours by hand/),
    ]);
    await expect(hubspot.identify(rig.context())).rejects.toMatchObject({ name: 'AuthError' });
  });

  it('does not say that the app is gone where HubSpot did not remove it', async () => {
    const rig = await rigOf();
    rig.crm.faults.replace({
      rules: [{ match: 'external-install', times: 9, fault: { kind: 'status', status: 403 } }],
    });
    const { done, stays } = await hubspot.uninstall(rig.context(), { keep: 'values', remotes: [] });
    expect(done).toEqual([]);
    expect(stays).toEqual([expect.stringContaining('the app itself')]);
  });
});

it('connects an account that names no currency', async () => {
  const rig = await rigOf();
  const fetch = answering(/\/details$/, ({ results: _none, ...rest }) => ({
    ...rest,
    companyCurrency: null,
  }));
  const { id } = await hubspot.identify(rig.context());
  expect((await hubspot.identify(rig.context({ fetch }))).id).toBe(id);
  expect(await hubspot.currencies(rig.context({ fetch }))).toEqual({ home: null, rates: [] });
});

describe('a token', () => {
  const options = (url: string, send: typeof fetch = fetch) => ({
    config: { apiUrl: url },
    fetch: send,
    signal: new AbortController().signal,
    now: new Date(),
  });

  it('is not called ended where HubSpot refuses the app itself', async () => {
    const { crm } = await rigOf();
    const secret = { ...crm.issueInstall(), expiresAt: null, apiUrl: crm.url };
    const wrong = { ...crm.app, clientSecret: 'of yesterday' };
    await expect(hubspot.refresh(wrong, secret, options(crm.url))).rejects.toMatchObject({
      name: 'RemoteError',
      code: 'app_refused',
      retryable: false,
      action: expect.stringContaining('HUBSPOT_CLIENT_SECRET'),
    });
  });

  it('is renewed by the same refresh token where HubSpot gives none, and whatever it says of scopes', async () => {
    const { crm } = await rigOf();
    const secret = { ...crm.issueInstall(), expiresAt: null, apiUrl: crm.url };
    const send = answering(/\/token$/, ({ refresh_token: _gone, results: _none, ...rest }) => ({
      ...rest,
      scopes: 'oauth crm.lists.read',
    }));
    const renewed = await hubspot.refresh(crm.app, secret, options(crm.url, send));
    expect(renewed.refreshToken).toBe(secret.refreshToken);
    expect(renewed.accessToken).not.toBe(secret.accessToken);
  });
});

it('writes labels to what is ready while other targets wait', async () => {
  const rig = await rigOf();
  const context = withScopes(rig, without('crm.lists.read', 'crm.lists.write'));
  const prepared = await byId(context, [PROPERTY, ...LISTS]);
  const [id = ''] = rig.ids('contact');
  const outcomes = await push(rig, [label(id, 'gold')], { 'target-1': prepared['target-1']?.remote ?? null });
  expect(outcomes).toMatchObject([{ id, state: 'done' }]);
});
