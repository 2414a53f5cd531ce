import { describe, expect, test } from 'vitest';
import { type Json, portal } from './portal.ts';
import { smallCompany } from './seed.ts';

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
