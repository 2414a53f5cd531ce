import { describe, expect, test } from 'vitest';
import { brokenRules, CONTACTS, type Json, portal } from './portal.ts';
import { smallCompany } from './seed.ts';

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
    expect(brokenRules(hub)).toEqual({ search_past_cap: 1 });
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
    expect(brokenRules(hub)).toEqual({ [rule]: 1 });
  });
});
