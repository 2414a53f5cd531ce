import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { Signature } from '@hubspot/api-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HubspotAdmin } from '../../sandbox/hubspot/admin.ts';
import { remoteSandbox } from '../../sandbox/remote.ts';
import { CONTACTS, type Json, portal } from './hubspot-client.ts';

const rules = (hub: Awaited<ReturnType<typeof portal>>['hub']) => hub.journal.totals().rules;

describe('paths and reading', () => {
  test('the real client reads the same contact by numbered and by dated path', async () => {
    const { client, call, id } = await portal();
    const wrapped = await client.crm.contacts.basicApi.getById(id('p1'), ['email']);
    const dated = await call('GET', `${CONTACTS}/${id('p1')}?properties=email`);
    expect(wrapped.properties.email).toBe('p1@example.com');
    expect(dated.body.properties).toEqual(wrapped.properties);
    expect((await call('GET', '/crm/objects/2026-09/0-1?limit=1')).body.results).toHaveLength(1);
  });

  test('paging by cursor meets every contact once, in id order', async () => {
    const { client, call } = await portal();
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const { body } = await call('GET', `${CONTACTS}?limit=7${after && `&after=${after}`}`);
      seen.push(...body.results.map((each: Json) => each.properties.email));
      after = body.paging?.next.after ?? '';
      if (!after) break;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => `p${index + 1}@example.com`));
    expect(await client.crm.contacts.getAll(10)).toHaveLength(30);
  });

  test('a cursor stays good while records come and go', async () => {
    const { hub, call, id } = await portal();
    const first = await call('GET', `${CONTACTS}?limit=10`);
    hub.admin.archive('contact', id('p10'));
    hub.admin.createRecord('contact', { email: 'new@example.com' });
    const second = await call('GET', `${CONTACTS}?limit=100&after=${first.body.paging.next.after}`);
    expect(second.body.results[0].properties.email).toBe('p11@example.com');
    expect(second.body.results.at(-1).properties.email).toBe('new@example.com');
    const archived = await call('GET', `${CONTACTS}?archived=true`);
    expect(archived.body.results.map((each: Json) => each.id)).toEqual([id('p10')]);
  });

  test('deals know their stage, contacts their primary company, companies their parent', async () => {
    const { call, id } = await portal();
    const deal = await call(
      'GET',
      `/crm/objects/2026-03/deals/${id('d1', 'deal')}?properties=hs_is_closed_won&associations=companies`,
    );
    expect(deal.body.properties.hs_is_closed_won).toBe('true');
    expect(deal.body.associations.companies.results.map((each: Json) => each.type)).toEqual([
      'deal_to_company_unlabeled',
      'deal_to_company',
    ]);
    const contact = await call('GET', `${CONTACTS}/${id('p1')}?properties=associatedcompanyid`);
    expect(contact.body.properties.associatedcompanyid).toBe(id('acme', 'company'));
    const company = await call(
      'GET',
      `/crm/objects/2026-03/companies/${id('acme', 'company')}?properties=hs_parent_company_id`,
    );
    expect(company.body.properties.hs_parent_company_id).toBe(id('holding', 'company'));
  });
});

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
    expect(rules(hub)).toEqual({ expired_token: 1 });
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
    expect(rules(hub)).toEqual({ token_request_not_a_form: 1 });
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

describe('search', () => {
  const search = (filters: Json[], more: Json = {}) => ({ filterGroups: [{ filters }], ...more });

  test.each([
    ['EQ without regard to case', [{ propertyName: 'email', operator: 'EQ', value: 'P3@EXAMPLE.com' }], 1],
    ['NEQ takes empty values too', [{ propertyName: 'plan', operator: 'NEQ', value: 'paid' }], 29],
    [
      'IN',
      [
        {
          propertyName: 'email',
          operator: 'IN',
          values: ['p1@example.com', 'p2@example.com', 'no@example.com'],
        },
      ],
      2,
    ],
    ['HAS_PROPERTY', [{ propertyName: 'plan', operator: 'HAS_PROPERTY' }], 1],
    ['NOT_HAS_PROPERTY', [{ propertyName: 'plan', operator: 'NOT_HAS_PROPERTY' }], 29],
    ['one value of a checkbox', [{ propertyName: 'loyalty', operator: 'EQ', value: 'silver' }], 1],
    [
      'CONTAINS_TOKEN with a star',
      [{ propertyName: 'firstname', operator: 'CONTAINS_TOKEN', value: 'pat1*' }],
      11,
    ],
    [
      'BETWEEN times',
      [{ propertyName: 'createdate', operator: 'BETWEEN', value: '2025-12-31', highValue: '2026-01-02' }],
      30,
    ],
    [
      'both filters of a group',
      [
        { propertyName: 'lifecyclestage', operator: 'EQ', value: 'customer' },
        { propertyName: 'email', operator: 'NEQ', value: 'p1@example.com' },
      ],
      4,
    ],
  ])('%s', async (_name, filters, total) => {
    const { hub, call, id } = await portal();
    hub.admin.setProperties('contact', id('p1'), { plan: 'paid', loyalty: 'gold;silver' });
    const { body } = await call('POST', `${CONTACTS}/search`, search(filters));
    expect(body.total).toBe(total);
  });

  test('a keyset over (changed, id) meets 450 records of one timestamp in full pages', async () => {
    const { smallCompany } = await import('./hubspot-seed.ts');
    const { call, hub } = await portal({ seed: smallCompany(450), limits: { searchPerSecond: 1000 } });
    const seen: string[] = [];
    for (let last = '0'; ; ) {
      const { body } = await call(
        'POST',
        `${CONTACTS}/search`,
        search(
          [
            { propertyName: 'lastmodifieddate', operator: 'GTE', value: String(Date.parse('2026-02-01')) },
            { propertyName: 'hs_object_id', operator: 'GT', value: last },
          ],
          { sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }], limit: 200 },
        ),
      );
      seen.push(...body.results.map((each: Json) => each.id));
      if (body.results.length < 200) break;
      last = seen.at(-1) ?? '';
    }
    expect(new Set(seen).size).toBe(450);
    expect(hub.journal.totals().endpoints['objects search']).toBe(3);
  });

  test('results end at 10,000: asking past them is refused and written down', async () => {
    const { hub, call } = await portal();
    expect((await call('POST', `${CONTACTS}/search`, { limit: 200, after: '9900' })).status).toBe(400);
    expect(rules(hub)).toEqual({ search_past_cap: 1 });
  });

  test('the index is late: a change is seen only after the delay, with the old value until then', async () => {
    const { hub, call, id } = await portal({ searchIndexDelayMs: 5_000 });
    const since = search([
      { propertyName: 'lastmodifieddate', operator: 'GTE', value: '2026-03-01T00:00:00Z' },
    ]);
    const old = search([{ propertyName: 'firstname', operator: 'EQ', value: 'Pat1' }], {
      properties: ['firstname'],
    });
    hub.admin.setProperties('contact', id('p1'), { firstname: 'Renamed' });
    const created = hub.admin.createRecord('contact', { firstname: 'Fresh' });
    expect((await call('POST', `${CONTACTS}/search`, since)).body.total).toBe(0);
    expect((await call('POST', `${CONTACTS}/search`, old)).body.results[0].properties.firstname).toBe('Pat1');
    expect((await call('GET', `${CONTACTS}/${id('p1')}`)).body.properties.firstname).toBe('Renamed');
    hub.clock.advance(5_000);
    const ids = (await call('POST', `${CONTACTS}/search`, since)).body.results.map((each: Json) => each.id);
    expect(ids.sort()).toEqual([id('p1'), created].sort());
  });

  test.each([
    ['a page over 200', { limit: 201 }, 'page_too_large'],
    [
      'too many groups',
      { filterGroups: Array.from({ length: 6 }, () => ({ filters: [] })) },
      'too_many_filters',
    ],
    ['two sorts', { sorts: ['email', 'firstname'] }, 'too_many_sorts'],
    ['a body over 3,000 characters', { query: 'x'.repeat(3_000) }, 'search_body_too_long'],
  ])('%s is refused and written down', async (_name, body, rule) => {
    const { hub, call } = await portal();
    expect((await call('POST', `${CONTACTS}/search`, body)).status).toBe(400);
    expect(rules(hub)).toEqual({ [rule]: 1 });
  });
});

describe('batches', () => {
  test('good rows are written, each bad row has its own reason', async () => {
    const { hub, call, id } = await portal();
    const { status, body } = await call('POST', `${CONTACTS}/batch/update`, {
      inputs: [
        { id: id('p1'), properties: { plan: 'paid' } },
        { id: id('p2'), properties: { plan: 'platinum' } },
        { id: id('p3'), properties: { nonsense: '1' } },
        { id: id('p4'), properties: { hs_email_optout: 'true' } },
        { id: id('p5'), properties: { trial_ends: 'tomorrow' } },
        { id: id('p6'), properties: { email: 'p7@example.com' } },
        { id: '404404', properties: { plan: 'paid' } },
      ],
    });
    expect(status).toBe(207);
    expect(body.results.map((each: Json) => each.id)).toEqual([id('p1')]);
    expect(hub.admin.record('contact', id('p1'))?.properties.plan).toBe('paid');
    const reasons = Object.fromEntries(body.errors.map((each: Json) => [each.context.ids[0], each.message]));
    expect(reasons[id('p2')]).toContain('INVALID_OPTION');
    expect(reasons[id('p3')]).toContain('PROPERTY_DOESNT_EXIST');
    expect(reasons[id('p4')]).toContain('READ_ONLY_VALUE');
    expect(reasons[id('p5')]).toContain('INVALID_DATE');
    expect(reasons[id('p6')]).toContain(`Existing ID: ${id('p7')}`);
    expect(reasons['404404']).toContain('may be deleted or not exist');
    expect(hub.journal.totals()).toMatchObject({ rowsWritten: 1, rulesBroken: 0 });
  });

  test('answers come in no particular order', async () => {
    const { call, id } = await portal();
    const ids = Array.from({ length: 30 }, (_, index) => id(`p${index + 1}`));
    const { body } = await call('POST', `${CONTACTS}/batch/read`, {
      inputs: ids.map((each) => ({ id: each })),
      properties: [],
    });
    const got = body.results.map((each: Json) => each.id);
    expect(got).not.toEqual(ids);
    expect(got.toSorted()).toEqual(ids.toSorted());
  });

  test.each([
    [
      'more than 100 rows',
      Array.from({ length: 101 }, (_, index) => ({ id: String(index), properties: {} })),
      'oversized_batch',
    ],
    [
      'the same id twice',
      [
        { id: '1', properties: {} },
        { id: '1', properties: {} },
      ],
      'same_id_twice',
    ],
  ])('%s is refused and written down', async (_name, inputs, rule) => {
    const { hub, call } = await portal();
    expect((await call('POST', `${CONTACTS}/batch/update`, { inputs })).status).toBe(400);
    expect(rules(hub)).toEqual({ [rule]: 1 });
  });

  test('a multi-checkbox takes a list, a leading semicolon adds to it, an empty text clears it', async () => {
    const { call, id } = await portal();
    const write = async (loyalty: string) =>
      (await call('PATCH', `${CONTACTS}/${id('p1')}`, { properties: { loyalty } })).body.properties.loyalty;
    expect(await write('gold')).toBe('gold');
    expect(await write(';silver')).toBe('gold;silver');
    expect(await write('old')).toBe('old');
    expect(await write('')).toBeNull();
  });

  test('upsert by e-mail says which records are new', async () => {
    const { call, id } = await portal();
    const { body } = await call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: ['P1@example.com', 'new@example.com'].map((email) => ({
        id: email,
        idProperty: 'email',
        properties: { plan: 'free' },
      })),
    });
    const byNew = Object.fromEntries(body.results.map((each: Json) => [String(each.new), each.id]));
    expect(byNew.false).toBe(id('p1'));
    expect(byNew.true).not.toBe(id('p1'));
  });

  test('create refuses all for one bad row, unless every row carries a trace id', async () => {
    const { hub, call } = await portal();
    const rows = [{ properties: { email: 'a@example.com' } }, { properties: { plan: 'bad' } }];
    expect((await call('POST', `${CONTACTS}/batch/create`, { inputs: rows })).status).toBe(400);
    expect(hub.admin.count('contact')).toBe(30);
    const traced = rows.map((each, index) => ({ ...each, objectWriteTraceId: `t${index}` }));
    const { status, body } = await call('POST', `${CONTACTS}/batch/create`, { inputs: traced });
    expect([status, body.results[0].objectWriteTraceId, body.errors[0].context.objectWriteTraceId]).toEqual([
      207,
      't0',
      ['t1'],
    ]);
  });

  test('our own write changes the modified date, an association does not', async () => {
    const { hub, call, id } = await portal();
    const modified = (type: 'contact' | 'company', ref: string) =>
      hub.admin.record(type, id(ref, type))?.updatedAt;
    await call('PATCH', `${CONTACTS}/${id('p1')}`, { properties: { plan: 'free' } });
    expect(modified('contact', 'p1')).not.toBe('2026-02-01T00:00:00.000Z');
    await call('PUT', `${CONTACTS}/${id('p20')}/associations/companies/${id('acme', 'company')}`, []);
    expect(modified('contact', 'p20')).toBe('2026-02-01T00:00:00.000Z');
    expect(modified('company', 'acme')).toBe('2026-02-01T00:00:00.000Z');
  });
});

describe('merges and deletes', () => {
  test.each([[true], [false]])(
    'after a merge old ids lead to the survivor (keeps the id: %s)',
    async (keepId) => {
      const { hub, call, id } = await portal({ mergeKeepsId: keepId });
      const merged = await call('POST', `${CONTACTS}/merge`, {
        primaryObjectId: id('p1'),
        objectIdToMerge: id('p20'),
      });
      const survivor = merged.body.id;
      expect(survivor === id('p1')).toBe(keepId);
      for (const ref of ['p1', 'p20']) {
        const { body } = await call('GET', `${CONTACTS}/${id(ref)}?properties=hs_merged_object_ids,email`);
        expect([body.id, body.properties.email]).toEqual([survivor, 'p1@example.com']);
        expect(body.properties.hs_merged_object_ids).toContain(id('p20'));
      }
      const batch = await call('POST', `${CONTACTS}/batch/read`, {
        inputs: [{ id: id('p1') }, { id: id('p20') }],
        properties: [],
      });
      expect(batch.body.results).toHaveLength(1);
      const listed = (await call('GET', `${CONTACTS}?limit=100`)).body.results.map((each: Json) => each.id);
      expect(listed).toHaveLength(29);
      expect(listed).not.toContain(id('p20'));
      expect(hub.admin.record('contact', survivor)?.deals).toHaveLength(2);
    },
  );

  test('an archived record leaves reads and search, and can be restored; an erased one is gone', async () => {
    const { hub, call, id } = await portal();
    await call('DELETE', `${CONTACTS}/${id('p1')}`);
    expect((await call('GET', `${CONTACTS}/${id('p1')}`)).status).toBe(404);
    expect((await call('GET', `${CONTACTS}/${id('p1')}?archived=true`)).body.archived).toBe(true);
    expect((await call('POST', `${CONTACTS}/search`, {})).body.total).toBe(29);
    hub.admin.restore('contact', id('p1'));
    expect((await call('GET', `${CONTACTS}/${id('p1')}`)).status).toBe(200);
    await call('POST', `${CONTACTS}/gdpr-delete`, { objectId: 'p1@example.com', idProperty: 'email' });
    expect((await call('GET', `${CONTACTS}/${id('p1')}?archived=true`)).status).toBe(404);
  });
});

describe('properties', () => {
  const PROPERTIES = '/crm/properties/2026-03/contacts';
  const label = {
    name: 'seg_shop',
    label: 'Shop',
    type: 'enumeration',
    fieldType: 'select',
    groupName: 'segments',
    options: [{ label: 'High', value: 'high', hidden: false }],
  };

  test('a group and a property are made once; options can be added; writes know them at once', async () => {
    const { call, id } = await portal();
    expect((await call('POST', PROPERTIES, label)).status).toBe(400);
    expect((await call('POST', `${PROPERTIES}/groups`, { name: 'segments', label: 'Segments' })).status).toBe(
      201,
    );
    expect((await call('POST', PROPERTIES, label)).status).toBe(201);
    expect((await call('POST', PROPERTIES, label)).status).toBe(409);
    const write = () => call('PATCH', `${CONTACTS}/${id('p1')}`, { properties: { seg_shop: 'low' } });
    expect((await write()).status).toBe(400);
    const options = [...label.options, { label: 'Low', value: 'low', hidden: false }];
    expect((await call('PATCH', `${PROPERTIES}/seg_shop`, { options })).body.options).toHaveLength(2);
    expect((await write()).status).toBe(200);
  });

  test("HubSpot's own definitions cannot be changed; their read-only values are marked", async () => {
    const { call } = await portal();
    expect((await call('PATCH', `${PROPERTIES}/lifecyclestage`, { label: 'x' })).status).toBe(400);
    expect((await call('DELETE', `${PROPERTIES}/email`)).status).toBe(400);
    const optout = (await call('GET', `${PROPERTIES}/hs_email_optout`)).body;
    expect([optout.hubspotDefined, optout.modificationMetadata.readOnlyValue]).toEqual([true, true]);
  });

  test('the thousand-and-first custom property is refused', async () => {
    const { hub, call } = await portal();
    const create = (from: number, count: number) =>
      call('POST', `${PROPERTIES}/batch/create`, {
        inputs: Array.from({ length: count }, (_, index) => ({
          ...label,
          groupName: 'contactinformation',
          name: `x${from + index}`,
        })),
      });
    for (let from = 0; from < 900; from += 100) await create(from, 100);
    await create(900, 96);
    expect((await call('GET', '/crm/limits/2026-03/custom-properties')).body.byObjectType[0].usage).toBe(
      1_000,
    );
    expect((await create(2_000, 1)).status).toBe(400);
    expect(rules(hub)).toEqual({ too_many_properties: 1 });
  });
});

describe('lists', () => {
  const LISTS = '/crm/lists/2026-03';
  const condition = (property: string, operation: Json) => ({
    filterType: 'PROPERTY',
    property,
    operation: { includeObjectsWithNoValueSet: false, ...operation },
  });
  const branch = (...filters: Json[]) => ({
    filterBranchType: 'OR',
    filterBranchOperator: 'OR',
    filters: [],
    filterBranches: [{ filterBranchType: 'AND', filterBranchOperator: 'AND', filters, filterBranches: [] }],
  });
  const members = async (call: Awaited<ReturnType<typeof portal>>['call'], listId: string) =>
    (await call('GET', `${LISTS}/${listId}/memberships?limit=250`)).body.results.map(
      (each: Json) => each.recordId,
    );

  test('a DYNAMIC list follows its filter, consent included', async () => {
    const { hub, call, id } = await portal();
    const filterBranch = branch(
      condition('lifecyclestage', {
        operationType: 'ENUMERATION',
        operator: 'IS_ANY_OF',
        values: ['customer'],
      }),
      condition('hs_email_optout', {
        operationType: 'BOOL',
        operator: 'IS_NOT_EQUAL_TO',
        value: true,
        includeObjectsWithNoValueSet: true,
      }),
      condition('no_profiling', {
        operationType: 'BOOL',
        operator: 'IS_NOT_EQUAL_TO',
        value: true,
        includeObjectsWithNoValueSet: true,
      }),
    );
    const { body } = await call('POST', LISTS, {
      name: 'Customers',
      objectTypeId: '0-1',
      processingType: 'DYNAMIC',
      filterBranch,
    });
    const { listId } = body.list;
    expect(await members(call, listId)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5'].map((ref) => id(ref)));
    hub.admin.setProperties('contact', id('p1'), { hs_email_optout: true });
    hub.admin.setProperties('contact', id('p2'), { no_profiling: true });
    hub.admin.archive('contact', id('p3'));
    hub.admin.setProperties('contact', id('p9'), { lifecyclestage: 'customer' });
    expect(await members(call, listId)).toEqual(['p4', 'p5', 'p9'].map((ref) => id(ref)));
    expect(hub.admin.listMembers(listId)).toEqual(await members(call, listId));
    await call('PUT', `${LISTS}/${listId}/update-list-filters`, {
      filterBranch: branch(
        condition('firstname', { operationType: 'STRING', operator: 'IS_EQUAL_TO', value: 'Pat7' }),
      ),
    });
    expect(await members(call, listId)).toEqual([id('p7')]);
  });

  test('members of a MANUAL list come and go by id; those of a DYNAMIC list cannot be set', async () => {
    const { hub, call, id } = await portal();
    const { body } = await call('POST', LISTS, {
      name: 'Hand',
      objectTypeId: '0-1',
      processingType: 'MANUAL',
    });
    const path = `${LISTS}/${body.list.listId}/memberships`;
    const added = await call('PUT', `${path}/add`, [id('p1'), id('p2'), '404404']);
    expect(added.body).toEqual({
      recordsIdsAdded: [id('p1'), id('p2')],
      recordIdsRemoved: [],
      recordIdsMissing: ['404404'],
    });
    expect((await call('PUT', `${path}/add`, [id('p1')])).body.recordsIdsAdded).toEqual([]);
    await call('PUT', `${path}/add-and-remove`, {
      recordIdsToAdd: [id('p3')],
      recordIdsToRemove: [id('p1')],
    });
    expect(await members(call, body.list.listId)).toEqual([id('p2'), id('p3')]);
    const survivor = hub.admin.merge('contact', id('p2'), id('p30'));
    expect(await members(call, body.list.listId)).toEqual(expect.arrayContaining([survivor]));
    const filterBranch = branch(condition('plan', { operationType: 'ALL_PROPERTY', operator: 'IS_KNOWN' }));
    const dynamic = await call('POST', LISTS, {
      name: 'Plan',
      objectTypeId: '0-1',
      processingType: 'DYNAMIC',
      filterBranch,
    });
    expect(
      (await call('PUT', `${LISTS}/${dynamic.body.list.listId}/memberships/add`, [id('p1')])).status,
    ).toBe(400);
    expect(rules(hub)).toEqual({ members_of_dynamic_list: 1 });
  });

  test('names are unique, deleted lists vanish and come back', async () => {
    const { call } = await portal();
    const make = () => call('POST', LISTS, { name: 'Once', objectTypeId: '0-1', processingType: 'MANUAL' });
    const { listId } = (await make()).body.list;
    expect((await make()).body.subCategory).toBe('ILS.DUPLICATE_LIST_NAMES');
    expect((await call('GET', `${LISTS}/object-type-id/0-1/name/Once`)).body.list.listId).toBe(listId);
    await call('DELETE', `${LISTS}/${listId}`);
    expect((await call('GET', `${LISTS}/${listId}`)).status).toBe(404);
    expect((await call('POST', `${LISTS}/search`, { query: 'once' })).body.total).toBe(0);
    await call('PUT', `${LISTS}/${listId}/restore`);
    expect((await call('POST', `${LISTS}/search`, { query: 'once' })).body.lists[0].listId).toBe(listId);
  });

  test.each([
    ['a root that is no OR', { ...branch(), filterBranchType: 'AND' }],
    [
      'a filter at the root',
      { ...branch(), filters: [condition('plan', { operationType: 'ALL_PROPERTY', operator: 'IS_KNOWN' })] },
    ],
    [
      'an unknown property',
      branch(condition('nonsense', { operationType: 'ALL_PROPERTY', operator: 'IS_KNOWN' })),
    ],
    [
      'an operation of another type',
      branch(condition('firstname', { operationType: 'ENUMERATION', operator: 'IS_ANY_OF', values: ['x'] })),
    ],
  ])('a filter with %s is refused', async (_name, filterBranch) => {
    const { call } = await portal();
    expect(
      (
        await call('POST', LISTS, {
          name: 'Bad',
          objectTypeId: '0-1',
          processingType: 'DYNAMIC',
          filterBranch,
        })
      ).status,
    ).toBe(400);
  });
});

describe('associations', () => {
  test('batch read gives types with labels, and names records that have none', async () => {
    const { call, id } = await portal();
    const { status, body } = await call('POST', '/crm/associations/2026-03/deals/contacts/batch/read', {
      inputs: ['d1', 'd3'].map((ref) => ({ id: id(ref, 'deal') })),
    });
    expect(status).toBe(207);
    expect(body.results[0].to).toEqual([
      {
        toObjectId: id('p1'),
        associationTypes: [
          { category: 'HUBSPOT_DEFINED', typeId: 3, label: null },
          { category: 'USER_DEFINED', typeId: 1001, label: 'Decision maker' },
        ],
      },
      { toObjectId: id('p2'), associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 3, label: null }] },
    ]);
    expect(body.errors[0].context.fromObjectId).toEqual([id('d3', 'deal')]);
  });

  test('a record with many associations comes in pages', async () => {
    const { smallCompany } = await import('./hubspot-seed.ts');
    const { call, id } = await portal({ seed: smallCompany(700) });
    const acme = id('acme', 'company');
    const inputs = Array.from({ length: 690 }, (_, index) => ({
      from: { id: acme },
      to: { id: id(`p${index + 11}`) },
    }));
    await call('POST', '/crm/associations/2026-03/companies/contacts/batch/associate/default', { inputs });
    const seen = new Set<string>();
    for (let after: string | undefined; ; ) {
      const { body } = await call('POST', '/crm/associations/2026-03/companies/contacts/batch/read', {
        inputs: [{ id: acme, ...(after && { after }) }],
      });
      for (const { toObjectId } of body.results[0].to) seen.add(toObjectId);
      after = body.results[0].paging?.next.after;
      if (!after) break;
    }
    expect(seen.size).toBe(700);
  });

  test('made at one end, seen from the other; archived, gone from both', async () => {
    const { hub, call, id } = await portal();
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];
    const pair = { from: { id: id('p20') }, to: { id: id('holding', 'company') } };
    expect(
      (
        await call('POST', '/crm/associations/2026-03/contacts/companies/batch/create', {
          inputs: [{ ...pair, types }],
        })
      ).status,
    ).toBe(201);
    const back = await call(
      'GET',
      `/crm/objects/2026-03/companies/${id('holding', 'company')}/associations/contacts`,
    );
    expect(back.body.results[0].associationTypes.map((each: Json) => each.typeId)).toEqual([280, 2]);
    expect(hub.admin.record('contact', id('p20'))?.properties.associatedcompanyid).toBe(
      id('holding', 'company'),
    );
    await call('POST', '/crm/associations/2026-03/contacts/companies/batch/archive', {
      inputs: [{ from: pair.from, to: [pair.to] }],
    });
    expect(hub.admin.record('contact', id('p20'))?.companies).toEqual([]);
    expect(hub.admin.record('contact', id('p20'))?.properties.associatedcompanyid).toBeUndefined();
  });
});

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

test('what no careful client does is written down', async () => {
  const { hub, call } = await portal();
  await call('GET', '/crm/nothing');
  await call('GET', '/crm/objects/2027-03/contacts');
  await call('GET', `${CONTACTS}?limit=101`);
  await fetch(`${hub.url}${CONTACTS}`);
  await fetch(`${hub.url}${CONTACTS}`, { headers: { authorization: 'Bearer made-up' } });
  expect(rules(hub)).toEqual({
    unknown_path: 1,
    unknown_version: 1,
    page_too_large: 1,
    missing_token: 1,
    unknown_token: 1,
  });
  expect(hub.journal.totals()).toMatchObject({ calls: 5, rulesBroken: 5 });
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

test('events arrive in signed batches and are sent again after an error', async () => {
  const { hub, call, id } = await portal();
  const got: { body: string; headers: NodeJS.Dict<string | string[]>; url: string }[] = [];
  const app = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url ?? '' });
      response.writeHead(got.length === 1 ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void app.close());
  const address = app.address();
  const targetUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hooks`;
  hub.admin.subscribe({
    targetUrl,
    retryMs: 10,
    subscriptions: [
      { subscriptionType: 'contact.propertyChange', propertyName: 'plan' },
      { subscriptionType: 'object.deletion' },
    ],
  });
  await call('PATCH', `${CONTACTS}/${id('p1')}`, {
    properties: { plan: 'paid', firstname: 'Not asked for' },
  });
  await call('DELETE', `${CONTACTS}/${id('p2')}`);
  await expect.poll(() => hub.webhooks.delivered).toBe(2);
  const [first, ...later] = got;
  const events = later.flatMap(({ body }): Json[] => JSON.parse(body));
  expect(events).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        subscriptionType: 'contact.propertyChange',
        objectId: Number(id('p1')),
        propertyName: 'plan',
        propertyValue: 'paid',
        changeSource: 'INTEGRATION',
        portalId: hub.portalId,
      }),
      expect.objectContaining({
        subscriptionType: 'object.deletion',
        objectTypeId: '0-1',
        objectId: Number(id('p2')),
      }),
    ]),
  );
  const timestamp = Number(first?.headers['x-hubspot-request-timestamp']);
  const signature = String(first?.headers['x-hubspot-signature-v3']);
  expect(signature).toBe(
    createHmac('sha256', 'sandbox-secret')
      .update(`POST${targetUrl}${first?.body}${timestamp}`)
      .digest('base64'),
  );
  expect(
    Signature.isValid({
      signature,
      clientSecret: 'sandbox-secret',
      requestBody: first?.body ?? '',
      signatureVersion: 'v3',
      url: targetUrl,
      method: 'POST',
      timestamp,
    }),
  ).toBe(true);
});
