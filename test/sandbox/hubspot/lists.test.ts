import { describe, expect, test } from 'vitest';
import { brokenRules, type Json, portal } from './portal.ts';

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
    expect(brokenRules(hub)).toEqual({ members_of_dynamic_list: 1 });
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
