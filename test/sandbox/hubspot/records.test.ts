import { describe, expect, test } from 'vitest';
import { CONTACTS, type Json, portal } from './portal.ts';

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
