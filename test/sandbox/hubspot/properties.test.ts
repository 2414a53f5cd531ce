import { describe, expect, test } from 'vitest';
import { brokenRules, CONTACTS, portal } from './portal.ts';

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
    expect(brokenRules(hub)).toEqual({ too_many_properties: 1 });
  });
});
