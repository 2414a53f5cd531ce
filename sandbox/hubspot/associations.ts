import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, pageLimit } from './api.ts';
import type { Edge } from './association-store.ts';
import { invalid, notFound, type RowError } from './errors.ts';
import { OBJECTS, type ObjectType } from './object-types.ts';
import { paging } from './objects.ts';

const READ_BATCH = 1_000;
const CREATE_BATCH = 2_000;
const ARCHIVE_BATCH = 100;
/** Associations of one record on one page. */
const PAGE = 500;

const Id = z.object({ id: z.string() });
const Types = z.array(z.object({ associationCategory: z.string(), associationTypeId: z.int() }));
const Read = z.object({ inputs: z.array(z.object({ id: z.string(), after: z.string().optional() })) });
const Create = z.object({ inputs: z.array(z.object({ from: Id, to: Id, types: Types })) });
const Default = z.object({ inputs: z.array(z.object({ from: Id, to: Id })) });
const Archive = z.object({ inputs: z.array(z.object({ from: Id, to: z.array(Id) })) });

type Pair = { from: ObjectType; to: ObjectType };

const pairOf = (api: Api, request: ApiRequest): Pair => {
  const pair = { from: api.objectType(request, 'object'), to: api.objectType(request, 'toObject') };
  if (!api.portal.associations.canAssociate(pair.from, pair.to))
    invalid('These objects cannot be associated');
  return pair;
};

const shownEdge = (api: Api, { from, to }: Pair, edge: Edge) => {
  const labels = api.portal.associations.labels(from, to);
  return {
    toObjectId: edge.to,
    associationTypes: edge.typeIds.map((typeId) => {
      const known = labels.find((label) => label.typeId === typeId);
      return { category: known?.category ?? 'HUBSPOT_DEFINED', typeId, label: known?.label ?? null };
    }),
  };
};

/** Edges after a cursor, a position in the record's associations. */
const pageOf = (edges: Edge[], after: string | undefined, size: number) => {
  const start = Number(after ?? 0);
  if (!Number.isInteger(start) || start < 0) invalid('after is no cursor of these associations');
  const end = start + size;
  return { page: edges.slice(start, end), next: end < edges.length ? String(end) : undefined };
};

const live = (api: Api, type: ObjectType, id: string) => {
  const record = api.portal.records[type].find(id);
  return record?.archivedAt === undefined ? record : undefined;
};

const batchRead =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const pair = pairOf(api, request);
    const { inputs } = api.body(request, Read);
    api.checkBatch(
      request,
      inputs.map(({ id }) => id),
      READ_BATCH,
    );
    const results: unknown[] = [];
    const errors: RowError[] = [];
    let rows = 0;
    for (const { id, after } of inputs) {
      const record = live(api, pair.from, id);
      const edges = record ? api.portal.associations.list(pair.from, record.id, pair.to) : [];
      if (edges.length === 0 || !record) {
        // HubSpot reports a record without associations among the errors.
        errors.push({
          status: 404,
          category: 'OBJECT_NOT_FOUND',
          subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
          message: `No ${pair.to} is associated with ${pair.from} ${id}.`,
          context: { fromObjectId: [id], fromObjectType: [pair.from], toObjectType: [pair.to] },
        });
        continue;
      }
      const { page, next } = pageOf(edges, after, PAGE);
      rows += page.length;
      results.push({
        from: { id: record.id },
        to: page.map((edge) => shownEdge(api, pair, edge)),
        ...(next !== undefined && { paging: { next: { after: next } } }),
      });
    }
    api.journal.rowsRead(rows);
    return api.batchReply(request, results, errors);
  };

const list =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const pair = pairOf(api, request);
    const record = live(api, pair.from, request.params.id ?? '') ?? notFound();
    const limit = pageLimit(api, request, PAGE, PAGE);
    const { page, next } = pageOf(
      api.portal.associations.list(pair.from, record.id, pair.to),
      request.query.get('after') ?? undefined,
      limit,
    );
    api.journal.rowsRead(page.length);
    const results = page.map((edge) => shownEdge(api, pair, edge));
    return { status: 200, json: { results, ...(next !== undefined && { paging: paging(request, next) }) } };
  };

/** Joins two records as asked, or says why not. */
const join = (
  api: Api,
  { from, to }: Pair,
  fromId: string,
  toId: string,
  typeIds: number[],
): RowError | string[] => {
  const context = { fromObjectId: [fromId], toObjectId: [toId] };
  const one = live(api, from, fromId);
  const other = live(api, to, toId);
  if (!one || !other)
    return { status: 404, category: 'OBJECT_NOT_FOUND', message: 'A record does not exist', context };
  const labels = api.portal.associations.labels(from, to);
  const wrong = typeIds.find((typeId) => !labels.some((label) => label.typeId === typeId));
  if (wrong !== undefined) {
    return {
      status: 400,
      category: 'VALIDATION_ERROR',
      message: `${wrong} is no association type of ${from} to ${to}`,
      context,
    };
  }
  api.portal.associate(from, one.id, to, other.id, typeIds);
  return typeIds.flatMap((typeId) => labels.find((label) => label.typeId === typeId)?.label ?? []);
};

const create =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const pair = pairOf(api, request);
    const { inputs } = api.body(request, Create);
    api.checkBatch(
      request,
      inputs.map(({ from, to }) => `${from.id}>${to.id}`),
      CREATE_BATCH,
    );
    const results: unknown[] = [];
    const errors: RowError[] = [];
    for (const { from, to, types } of inputs) {
      const outcome = join(
        api,
        pair,
        from.id,
        to.id,
        types.map(({ associationTypeId }) => associationTypeId),
      );
      if (!Array.isArray(outcome)) errors.push(outcome);
      else results.push(joined(pair, from.id, to.id, outcome));
    }
    api.journal.rowsWritten(results.length);
    return api.batchReply(request, results, errors, 201);
  };

const joined = ({ from, to }: Pair, fromObjectId: string, toObjectId: string, labels: string[]) => ({
  fromObjectTypeId: OBJECTS[from].typeId,
  fromObjectId,
  toObjectTypeId: OBJECTS[to].typeId,
  toObjectId,
  labels,
});

const createDefault =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const pair = pairOf(api, request);
    const { inputs } = api.body(request, Default);
    api.checkBatch(
      request,
      inputs.map(({ from, to }) => `${from.id}>${to.id}`),
      CREATE_BATCH,
    );
    const associationTypeId = api.portal.associations.plainType(pair.from, pair.to);
    const results: unknown[] = [];
    const errors: RowError[] = [];
    for (const { from, to } of inputs) {
      const outcome = join(api, pair, from.id, to.id, [associationTypeId]);
      if (!Array.isArray(outcome)) errors.push(outcome);
      else
        results.push({
          from,
          to,
          associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId },
        });
    }
    api.journal.rowsWritten(results.length);
    return api.batchReply(request, results, errors);
  };

const createOne =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const pair = pairOf(api, request);
    const types = api.body(request, Types);
    const { id = '', toId = '' } = request.params;
    const outcome = join(
      api,
      pair,
      id,
      toId,
      types.map(({ associationTypeId }) => associationTypeId),
    );
    if (!Array.isArray(outcome))
      return outcome.status === 404 ? notFound(outcome.message) : invalid(outcome.message);
    api.journal.rowsWritten(1);
    return { status: 201, json: joined(pair, id, toId, outcome) };
  };

const remove = (api: Api, { from, to }: Pair, fromId: string, toId: string) => {
  const one = api.portal.records[from].find(fromId);
  const other = api.portal.records[to].find(toId);
  if (one && other) api.portal.dissociate(from, one.id, to, other.id);
};

const archive =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const pair = pairOf(api, request);
    const { inputs } = api.body(request, Archive);
    api.checkBatch(
      request,
      inputs.map(({ from }) => from.id),
      ARCHIVE_BATCH,
    );
    for (const { from, to } of inputs) for (const { id } of to) remove(api, pair, from.id, id);
    api.journal.rowsWritten(inputs.length);
    return { status: 204 };
  };

const archiveOne =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    remove(api, pairOf(api, request), request.params.id ?? '', request.params.toId ?? '');
    api.journal.rowsWritten(1);
    return { status: 204 };
  };

const labels =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const { from, to } = pairOf(api, request);
    return { status: 200, json: { results: api.portal.associations.labels(from, to) } };
  };

const right = (api: Api, what: 'read' | 'write') => (request: ApiRequest) =>
  `crm.objects.${OBJECTS[api.objectType(request)].path}.${what}`;

export const associationEndpoints = (api: Api): HubspotEndpoint[] => {
  const batch = '/crm/associations/:version/:object/:toObject/batch';
  const one = '/crm/objects/:version/:object/:id/associations/:toObject';
  const reads = { kind: 'read', budget: 'general', scope: right(api, 'read') } as const;
  const writes = { kind: 'write', budget: 'general', scope: right(api, 'write') } as const;
  return [
    {
      ...reads,
      method: 'post',
      path: `${batch}/read`,
      name: 'associations batch read',
      handle: batchRead(api),
    },
    {
      ...writes,
      method: 'post',
      path: `${batch}/create`,
      name: 'associations batch create',
      handle: create(api),
    },
    {
      ...writes,
      method: 'post',
      path: `${batch}/associate/default`,
      name: 'associations batch default',
      handle: createDefault(api),
    },
    {
      ...writes,
      method: 'post',
      path: `${batch}/archive`,
      name: 'associations batch archive',
      handle: archive(api),
    },
    {
      ...reads,
      method: 'get',
      path: '/crm/associations/:version/:object/:toObject/labels',
      name: 'association labels',
      handle: labels(api),
    },
    { ...reads, method: 'get', path: one, name: 'associations list', handle: list(api) },
    { ...writes, method: 'put', path: `${one}/:toId`, name: 'associations create', handle: createOne(api) },
    {
      ...writes,
      method: 'delete',
      path: `${one}/:toId`,
      name: 'associations archive',
      handle: archiveOne(api),
    },
  ];
};
