import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, objectScope } from './api.ts';
import { invalid } from './errors.ts';
import { OBJECTS, type ObjectType } from './object-types.ts';
import { shown } from './objects.ts';
import { type Indexed, shownValue } from './records.ts';
import { compileFilter, Filter, lowerBound, missingField } from './search-filter.ts';
import { timeOf } from './values.ts';

const PAGE = 200;
const MOST_RESULTS = 10_000;
const MOST_BODY_CHARACTERS = 3_000;
const MOST_GROUPS = 5;
const MOST_FILTERS_IN_GROUP = 6;
const MOST_FILTERS = 18;

const Sort = z.union([
  z.string().transform((text) => ({
    propertyName: text.replace(/^-/, ''),
    direction: text.startsWith('-') ? ('DESCENDING' as const) : ('ASCENDING' as const),
  })),
  z.object({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') }),
]);

const Body = z.object({
  filterGroups: z.array(z.object({ filters: z.array(Filter) })).default([]),
  sorts: z.array(Sort).default([]),
  properties: z.array(z.string()).default([]),
  query: z.string().optional(),
  limit: z.int().min(1).default(10),
  after: z.union([z.string(), z.number()]).optional(),
});
type Body = z.infer<typeof Body>;

/** The last search of each type, so that its next page is not searched again. */
type Kept = { key: string; version: number; found: Indexed[] };

const search = (api: Api) => {
  const kept = new Map<ObjectType, Kept>();
  return (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    if (request.body.length > MOST_BODY_CHARACTERS) {
      api.breach(
        request,
        'search_body_too_long',
        `The request body must be at most ${MOST_BODY_CHARACTERS} characters`,
      );
    }
    const body = api.body(request, Body);
    checkBody(api, request, type, body);
    const offset = Number(body.after ?? 0);
    if (!Number.isInteger(offset) || offset < 0) invalid('after is no cursor of this search');
    if (offset + body.limit > MOST_RESULTS) {
      api.breach(
        request,
        'search_past_cap',
        `A search gives at most ${MOST_RESULTS} results; asked for ${offset + body.limit}`,
      );
    }
    const store = api.portal.records[type];
    const key = JSON.stringify([body.filterGroups, body.sorts, body.query]);
    const isLate = store.isIndexLate(request.now);
    const last = kept.get(type);
    const isSame = !isLate && last !== undefined && last.key === key && last.version === store.version;
    const found = isSame ? last.found : find(api, type, body, request.now);
    if (isLate) kept.delete(type);
    else if (!isSame) kept.set(type, { key, version: store.version, found });

    const page = found.slice(offset, offset + body.limit);
    api.journal.rowsRead(page.length);
    const end = offset + page.length;
    return {
      status: 200,
      json: {
        total: found.length,
        results: page.map((record) => shown(api, type, record, body.properties)),
        ...(end < found.length && { paging: { next: { after: String(end) } } }),
      },
    };
  };
};

const checkBody = (api: Api, request: ApiRequest, type: ObjectType, { filterGroups, sorts, limit }: Body) => {
  const filters = filterGroups.flatMap((group) => group.filters);
  if (limit > PAGE) api.breach(request, 'page_too_large', `limit must be at most ${PAGE}, got ${limit}`);
  const isTooWide =
    filterGroups.length > MOST_GROUPS ||
    filters.length > MOST_FILTERS ||
    filterGroups.some((group) => group.filters.length > MOST_FILTERS_IN_GROUP);
  if (isTooWide) {
    api.breach(
      request,
      'too_many_filters',
      `At most ${MOST_GROUPS} groups of ${MOST_FILTERS_IN_GROUP} filters, ${MOST_FILTERS} in all`,
    );
  }
  if (sorts.length > 1) api.breach(request, 'too_many_sorts', 'A search takes one sort');
  const definitions = api.portal.definitions[type];
  for (const { propertyName } of [...filters, ...sorts]) {
    if (!definitions.has(propertyName))
      invalid(`There is no property ${propertyName} of ${OBJECTS[type].path}`);
  }
  for (const filter of filters) {
    const field = missingField(filter);
    if (field) invalid(`The operator ${filter.operator} needs ${field}`);
  }
};

const find = (api: Api, type: ObjectType, body: Body, now: number): Indexed[] => {
  const definitions = api.portal.definitions[type];
  const groups = body.filterGroups.map(({ filters }) =>
    filters.flatMap((filter) => {
      const definition = definitions.get(filter.propertyName);
      return definition ? [compileFilter(type, definition, filter)] : [];
    }),
  );
  const leastOf = (name: string) =>
    groups.length === 0 ? 0 : Math.min(...body.filterGroups.map(({ filters }) => lowerBound(filters, name)));
  const words = (body.query ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found: Indexed[] = [];
  // One less than the bound: the scan begins after it, and the filters decide about the rest.
  const candidates = api.portal.records[type].indexed(
    now,
    leastOf(OBJECTS[type].modified),
    leastOf('hs_object_id') - 1,
  );
  for (const record of candidates) {
    if (record.archivedAt !== undefined) continue;
    if (groups.length > 0 && !groups.some((tests) => tests.every((test) => test(record)))) continue;
    if (words.length > 0 && !mentions(type, record, words)) continue;
    found.push(record);
  }
  return sorted(type, found, body, definitions.get(body.sorts[0]?.propertyName ?? '')?.type);
};

const mentions = (type: ObjectType, record: Indexed, words: string[]): boolean => {
  const text = OBJECTS[type].shown
    .map((name) => record.values[name] ?? '')
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
};

/** By the sort asked for, then by id; records without the value come last. */
const sorted = (type: ObjectType, found: Indexed[], body: Body, valueType: string | undefined): Indexed[] => {
  const [sort] = body.sorts;
  if (!sort || sort.propertyName === 'hs_object_id') {
    const sign = sort?.direction === 'DESCENDING' ? -1 : 1;
    return found.sort((a, b) => sign * (a.order - b.order));
  }
  const sign = sort.direction === 'DESCENDING' ? -1 : 1;
  const isModified = sort.propertyName === OBJECTS[type].modified;
  const read = (record: Indexed): string | number | undefined => {
    if (isModified) return record.updatedAt;
    const text = shownValue(type, record, sort.propertyName);
    if (text === null) return undefined;
    if (valueType === 'number') return Number(text);
    return valueType === 'date' || valueType === 'datetime' ? timeOf(text) : text.toLowerCase();
  };
  const keyed = found.map((record) => ({ record, key: read(record) }));
  keyed.sort((a, b) => {
    if (a.key === b.key) return a.record.order - b.record.order;
    if (a.key === undefined) return 1;
    if (b.key === undefined) return -1;
    return a.key < b.key ? -sign : sign;
  });
  return keyed.map(({ record }) => record);
};

export const searchEndpoints = (api: Api): HubspotEndpoint[] => [
  {
    method: 'post',
    path: '/crm/objects/:version/:object/search',
    name: 'objects search',
    kind: 'read',
    budget: 'search',
    scope: objectScope('objects', 'read'),
    handle: search(api),
  },
];
