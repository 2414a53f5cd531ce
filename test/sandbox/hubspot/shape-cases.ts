import type { Json, portal } from './portal.ts';

type Portal = Awaited<ReturnType<typeof portal>>;
/** [file, method, path in the file, expected status, body or a function of the portal, values of the path]. */
type Case = [
  file: string,
  method: string,
  path: string,
  status: number,
  parts?: (made: Portal) => { values?: Record<string, string>; query?: string; body?: unknown },
];

const AND = (filters: Json[]) => ({
  filterBranchType: 'OR',
  filterBranches: [{ filterBranchType: 'AND', filterBranches: [], filters }],
  filters: [],
});
const known = {
  filterType: 'PROPERTY',
  property: 'email',
  operation: { operationType: 'ALL_PROPERTY', operator: 'IS_KNOWN', includeObjectsWithNoValueSet: false },
};
const property = {
  name: 'seg',
  label: 'Seg',
  type: 'enumeration',
  fieldType: 'select',
  groupName: 'contactinformation',
  options: [{ label: 'A', value: 'a', hidden: false }],
};
const list = (hub: Portal['hub']) => ({
  values: { listId: hub.admin.createList('contact', 'Made', 'MANUAL') },
});
const dynamic = (hub: Portal['hub']) => hub.admin.createList('contact', 'Live', 'DYNAMIC', AND([known]));

const objects = '/crm/v3/objects';
/** Calls whose replies the specification describes. */
export const SHAPE_CASES: Case[] = [
  [
    'contacts.v3.json',
    'GET',
    `${objects}/contacts`,
    200,
    () => ({ query: 'limit=3&associations=companies&properties=email,plan' }),
  ],
  ['contacts.v3.json', 'GET', `${objects}/contacts`, 400, () => ({ query: 'limit=1000' })],
  [
    'contacts.v3.json',
    'GET',
    `${objects}/contacts/{contactId}`,
    200,
    ({ id }) => ({
      values: { contactId: id('p1') },
      query: 'propertiesWithHistory=email&associations=deals',
    }),
  ],
  [
    'contacts.v3.json',
    'GET',
    `${objects}/contacts/{contactId}`,
    404,
    () => ({ values: { contactId: '404404' } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts`,
    201,
    () => ({ body: { properties: { email: 'a@example.com' } } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts`,
    409,
    () => ({ body: { properties: { email: 'p1@example.com' } } }),
  ],
  [
    'contacts.v3.json',
    'PATCH',
    `${objects}/contacts/{contactId}`,
    200,
    ({ id }) => ({ values: { contactId: id('p1') }, body: { properties: { plan: 'paid' } } }),
  ],
  [
    'contacts.v3.json',
    'PATCH',
    `${objects}/contacts/{contactId}`,
    400,
    ({ id }) => ({ values: { contactId: id('p1') }, body: { properties: { plan: 'bad' } } }),
  ],
  [
    'contacts.v3.json',
    'DELETE',
    `${objects}/contacts/{contactId}`,
    204,
    ({ id }) => ({ values: { contactId: id('p1') } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/merge`,
    200,
    ({ id }) => ({ body: { primaryObjectId: id('p1'), objectIdToMerge: id('p2') } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/gdpr-delete`,
    204,
    ({ id }) => ({ body: { objectId: id('p1') } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/search`,
    200,
    () => ({ body: { limit: 2, properties: ['email'] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/read`,
    200,
    ({ id }) => ({
      body: { inputs: [{ id: id('p1') }], properties: ['email'], propertiesWithHistory: ['plan'] },
    }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/read`,
    207,
    () => ({ body: { inputs: [{ id: '404404' }], properties: [] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/update`,
    200,
    ({ id }) => ({ body: { inputs: [{ id: id('p1'), properties: { plan: 'paid' } }] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/update`,
    207,
    ({ id }) => ({ body: { inputs: [{ id: id('p1'), properties: { plan: 'bad' } }] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/upsert`,
    200,
    () => ({ body: { inputs: [{ id: 'n@example.com', idProperty: 'email', properties: {} }] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/upsert`,
    207,
    () => ({ body: { inputs: [{ id: 'n@example.com', idProperty: 'email', properties: { plan: 'bad' } }] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/create`,
    201,
    () => ({ body: { inputs: [{ properties: { firstname: 'New' } }] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/create`,
    207,
    () => ({ body: { inputs: [{ objectWriteTraceId: 't', properties: { plan: 'bad' } }] } }),
  ],
  [
    'contacts.v3.json',
    'POST',
    `${objects}/contacts/batch/archive`,
    204,
    ({ id }) => ({ body: { inputs: [{ id: id('p1') }] } }),
  ],
  ['companies.v3.json', 'GET', `${objects}/companies`, 200],
  ['companies.v3.json', 'POST', `${objects}/companies/search`, 200, () => ({ body: {} })],
  ['deals.v3.json', 'GET', `${objects}/deals`, 200, () => ({ query: 'associations=contacts&limit=1' })],
  [
    'deals.v3.json',
    'POST',
    `${objects}/deals/batch/read`,
    200,
    ({ id }) => ({ body: { inputs: [{ id: id('d1', 'deal') }], properties: ['amount'] } }),
  ],
  [
    'properties.v3.json',
    'GET',
    '/crm/v3/properties/{objectType}',
    200,
    () => ({ values: { objectType: 'contacts' } }),
  ],
  [
    'properties.v3.json',
    'GET',
    '/crm/v3/properties/{objectType}/{propertyName}',
    200,
    () => ({ values: { objectType: 'deals', propertyName: 'amount' } }),
  ],
  [
    'properties.v3.json',
    'GET',
    '/crm/v3/properties/{objectType}/{propertyName}',
    404,
    () => ({ values: { objectType: 'deals', propertyName: 'nonsense' } }),
  ],
  [
    'properties.v3.json',
    'POST',
    '/crm/v3/properties/{objectType}',
    201,
    () => ({ values: { objectType: 'contacts' }, body: property }),
  ],
  [
    'properties.v3.json',
    'PATCH',
    '/crm/v3/properties/{objectType}/{propertyName}',
    200,
    () => ({ values: { objectType: 'contacts', propertyName: 'plan' }, body: { label: 'Plan now' } }),
  ],
  [
    'properties.v3.json',
    'POST',
    '/crm/v3/properties/{objectType}/batch/create',
    201,
    () => ({ values: { objectType: 'contacts' }, body: { inputs: [property] } }),
  ],
  [
    'properties.v3.json',
    'POST',
    '/crm/v3/properties/{objectType}/batch/read',
    207,
    () => ({
      values: { objectType: 'contacts' },
      body: { archived: false, inputs: [{ name: 'email' }, { name: 'nonsense' }] },
    }),
  ],
  [
    'properties.v3.json',
    'GET',
    '/crm/v3/properties/{objectType}/groups',
    200,
    () => ({ values: { objectType: 'contacts' } }),
  ],
  [
    'properties.v3.json',
    'POST',
    '/crm/v3/properties/{objectType}/groups',
    201,
    () => ({ values: { objectType: 'contacts' }, body: { name: 'g', label: 'G' } }),
  ],
  [
    'lists.v3.json',
    'POST',
    '/crm/v3/lists',
    200,
    () => ({
      body: { name: 'L', objectTypeId: '0-1', processingType: 'DYNAMIC', filterBranch: AND([known]) },
    }),
  ],
  [
    'lists.v3.json',
    'GET',
    '/crm/v3/lists/{listId}',
    200,
    ({ hub }) => ({ values: { listId: dynamic(hub) }, query: 'includeFilters=true' }),
  ],
  ['lists.v3.json', 'GET', '/crm/v3/lists', 200, ({ hub }) => ({ query: `listIds=${dynamic(hub)}` })],
  [
    'lists.v3.json',
    'POST',
    '/crm/v3/lists/search',
    200,
    ({ hub }) => ({ ...list(hub), body: { query: 'Made', additionalProperties: ['hs_list_size'] } }),
  ],
  [
    'lists.v3.json',
    'GET',
    '/crm/v3/lists/{listId}/memberships',
    200,
    ({ hub }) => ({ values: { listId: dynamic(hub) }, query: 'limit=2' }),
  ],
  [
    'lists.v3.json',
    'PUT',
    '/crm/v3/lists/{listId}/memberships/add',
    200,
    ({ hub, id }) => ({ ...list(hub), body: [id('p1'), '404404'] }),
  ],
  [
    'lists.v3.json',
    'PUT',
    '/crm/v3/lists/{listId}/memberships/add-and-remove',
    200,
    ({ hub, id }) => ({ ...list(hub), body: { recordIdsToAdd: [id('p1')], recordIdsToRemove: [] } }),
  ],
  [
    'lists.v3.json',
    'PUT',
    '/crm/v3/lists/{listId}/update-list-filters',
    200,
    ({ hub }) => ({ values: { listId: dynamic(hub) }, body: { filterBranch: AND([known]) } }),
  ],
  [
    'lists.v3.json',
    'PUT',
    '/crm/v3/lists/{listId}/update-list-name',
    200,
    ({ hub }) => ({ ...list(hub), query: 'listName=Other' }),
  ],
  ['lists.v3.json', 'DELETE', '/crm/v3/lists/{listId}', 204, ({ hub }) => list(hub)],
  [
    'lists.v3.json',
    'GET',
    '/crm/v3/lists/records/{objectTypeId}/{recordId}/memberships',
    200,
    ({ hub, id }) => ({ values: { objectTypeId: '0-1', recordId: id('p1'), listId: dynamic(hub) } }),
  ],
  [
    'lists.v3.json',
    'POST',
    '/crm/v3/lists/records/memberships/batch/read',
    200,
    ({ hub, id }) => ({
      values: { made: dynamic(hub) },
      body: { inputs: [{ objectTypeId: '0-1', recordId: id('p1') }] },
    }),
  ],
  [
    'associations.v4.json',
    'POST',
    '/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/read',
    200,
    ({ id }) => ({
      values: { fromObjectType: 'deals', toObjectType: 'contacts' },
      body: { inputs: [{ id: id('d1', 'deal') }] },
    }),
  ],
  [
    'associations.v4.json',
    'POST',
    '/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/read',
    207,
    ({ id }) => ({
      values: { fromObjectType: 'deals', toObjectType: 'contacts' },
      body: { inputs: [{ id: id('d3', 'deal') }] },
    }),
  ],
  [
    'associations.v4.json',
    'POST',
    '/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/create',
    201,
    ({ id }) => ({
      values: { fromObjectType: 'deals', toObjectType: 'contacts' },
      body: {
        inputs: [
          {
            from: { id: id('d3', 'deal') },
            to: { id: id('p9') },
            types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 3 }],
          },
        ],
      },
    }),
  ],
  [
    'associations.v4.json',
    'POST',
    '/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/associate/default',
    200,
    ({ id }) => ({
      values: { fromObjectType: 'deals', toObjectType: 'contacts' },
      body: { inputs: [{ from: { id: id('d3', 'deal') }, to: { id: id('p9') } }] },
    }),
  ],
  [
    'associations.v4.json',
    'GET',
    '/crm/v4/objects/{objectType}/{objectId}/associations/{toObjectType}',
    200,
    ({ id }) => ({
      values: { objectType: 'deals', objectId: id('d1', 'deal'), toObjectType: 'contacts' },
      query: 'limit=1',
    }),
  ],
  ['owners.v3.json', 'GET', '/crm/v3/owners', 200],
  [
    'pipelines.v3.json',
    'GET',
    '/crm/v3/pipelines/{objectType}',
    200,
    () => ({ values: { objectType: 'deals' } }),
  ],
];
