import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, pageLimit } from './api.ts';
import { invalid, notFound } from './errors.ts';
import { OBJECT_TYPES, OBJECTS } from './object-types.ts';
import { paging } from './objects.ts';
import type { Owner, Pipeline, Stage } from './portal.ts';
import { customCount, MOST_CUSTOM_PROPERTIES } from './properties.ts';

const OWNERS_PAGE = 500;
const MOST_CUSTOM_PROPERTIES_OVERALL = 10_000;
const LONG_AGO = '2020-01-01T00:00:00.000Z';

const shownOwner = ({ id, email, firstName, lastName }: Owner) => ({
  id,
  email,
  type: 'PERSON',
  firstName,
  lastName,
  userId: Number(id) + 5_000_000,
  userIdIncludingInactive: Number(id) + 5_000_000,
  createdAt: LONG_AGO,
  updatedAt: LONG_AGO,
  archived: false,
});

const owners =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const limit = pageLimit(api, request, 100, OWNERS_PAGE);
    const after = Number(request.query.get('after') ?? 0);
    const email = request.query.get('email');
    const all = api.portal.owners.filter((owner) => email === null || owner.email === email);
    const page = all.slice(after, after + limit);
    api.journal.rowsRead(page.length);
    const hasMore = after + limit < all.length;
    return {
      status: 200,
      json: {
        results: page.map(shownOwner),
        ...(hasMore && { paging: paging(request, String(after + limit)) }),
      },
    };
  };

const owner =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json: shownOwner(api.portal.owners.find(({ id }) => id === request.params.id) ?? notFound()),
  });

const shownStage = ({ id, label, isWon, isClosed }: Stage, displayOrder: number) => ({
  id,
  label,
  displayOrder,
  metadata: { isClosed: String(isClosed), probability: isWon ? '1.0' : isClosed ? '0.0' : '0.5' },
  createdAt: LONG_AGO,
  updatedAt: LONG_AGO,
  archived: false,
  writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
});

const shownPipeline = ({ id, label, stages }: Pipeline, displayOrder: number) => ({
  id,
  label,
  displayOrder,
  stages: stages.map(shownStage),
  createdAt: LONG_AGO,
  updatedAt: LONG_AGO,
  archived: false,
});

const dealPipelines = (api: Api, request: ApiRequest) =>
  api.objectType(request) === 'deal'
    ? api.portal.pipelines.map(shownPipeline)
    : invalid('Only deals have pipelines here');

const pipelines =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json: { results: dealPipelines(api, request) },
  });

const pipeline =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json: dealPipelines(api, request).find(({ id }) => id === request.params.id) ?? notFound(),
  });

const details =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json: {
      portalId: api.portal.id,
      accountType: 'STANDARD',
      timeZone: api.portal.timeZone,
      companyCurrency: api.portal.currency,
      additionalCurrencies: [],
      ...offset(api.portal.timeZone, request.now),
      uiDomain: 'app.hubspot.com',
      dataHostingLocation: 'na1',
    },
  });

/** How far a zone is from UTC now, in HubSpot's two spellings. */
const offset = (timeZone: string, now: number) => {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(now);
  const text = parts.find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', '') || '+00:00';
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  const sign = text.startsWith('-') ? -1 : 1;
  return { utcOffset: text, utcOffsetMilliseconds: sign * (Math.abs(hours) * 60 + minutes) * 60_000 };
};

const customProperties = (api: Api) => (): Reply => {
  const byObjectType = OBJECT_TYPES.map((type) => {
    const usage = customCount(api, type);
    return {
      objectTypeId: OBJECTS[type].typeId,
      singularLabel: OBJECTS[type].singular,
      pluralLabel: OBJECTS[type].plural,
      limit: MOST_CUSTOM_PROPERTIES,
      usage,
      percentage: (100 * usage) / MOST_CUSTOM_PROPERTIES,
    };
  });
  const overallUsage = byObjectType.reduce((sum, { usage }) => sum + usage, 0);
  const overallLimit = MOST_CUSTOM_PROPERTIES_OVERALL;
  return {
    status: 200,
    json: {
      byObjectType,
      overallLimit,
      overallUsage,
      overallPercentage: (100 * overallUsage) / overallLimit,
    },
  };
};

const uninstall =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const state = api.installs.state(token);
    if (state.state === 'valid') api.installs.uninstall(state.install);
    return { status: 204 };
  };

export const accountEndpoints = (api: Api): HubspotEndpoint[] => {
  const reads = { method: 'get', kind: 'read', budget: 'general' } as const;
  const owned = { ...reads, scope: 'crm.objects.owners.read' } as const;
  // Deal pipelines need no scope of their own: the right to read deals is enough.
  const deals = { ...reads, scope: 'crm.objects.deals.read' } as const;
  return [
    { ...owned, path: '/crm/owners/:version', name: 'owners list', handle: owners(api) },
    { ...owned, path: '/crm/owners/:version/:id', name: 'owners read', handle: owner(api) },
    { ...deals, path: '/crm/pipelines/:version/:object', name: 'pipelines list', handle: pipelines(api) },
    { ...deals, path: '/crm/pipelines/:version/:object/:id', name: 'pipelines read', handle: pipeline(api) },
    {
      ...reads,
      scope: 'oauth',
      path: '/account-info/:version/details',
      name: 'account details',
      handle: details(api),
    },
    {
      ...reads,
      path: '/crm/limits/:version/custom-properties',
      name: 'limits custom properties',
      handle: customProperties(api),
    },
    {
      method: 'delete',
      kind: 'write',
      budget: 'general',
      scope: 'oauth',
      path: '/appinstalls/:version/external-install',
      name: 'uninstall',
      handle: uninstall(api),
    },
  ];
};
