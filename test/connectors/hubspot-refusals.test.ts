import { describe, expect, it } from 'vitest';
import type { PrepareTarget } from '../../connectors/contract.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { label, labelTarget, push } from './conformance-rig.ts';
import { answering, hubspotRigs, seedOf } from './hubspot-rig.ts';

/** What a portal refuses, or lets go of only in part. */

const rigOf = hubspotRigs({ contacts: 6, companies: 2, deals: 3 });
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
      { lifted: true },
      { ...seedOf({ contacts: 1, companies: 1, deals: 0 }), owners: [OWNER] },
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
