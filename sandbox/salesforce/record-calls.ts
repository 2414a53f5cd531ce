import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import {
  apiBase,
  broken,
  type Context,
  checkAssignHeader,
  JsonObject,
  jsonBody,
  MAX_COLLECTION,
  noContent,
  ok,
  type SalesforceEndpoint,
} from './context.ts';
import { describeGlobalJson, describeJson } from './describe.ts';
import { badRequest, notFound, SalesforceError } from './errors.ts';
import { stampFrom, stampOf, toId18 } from './ids.ts';
import type { SObject } from './objects.ts';
import { recordJson } from './query-calls.ts';
import type { Selected } from './soql.ts';
import { columnOf } from './soql-compile.ts';
import type { Row } from './table.ts';
import { failure, type RowResult } from './write.ts';

/** sobjects/..., one record at a time, what changed since, and composite/sobjects, 200 at a time. */

const DAY_MS = 86_400_000;
const DELETED_REACH_MS = 15 * DAY_MS;
const UPDATED_REACH_MS = 30 * DAY_MS;

const Attributes = z.looseObject({ type: z.string() });
const Collection = z.object({
  allOrNone: z.boolean().optional(),
  records: z.array(z.looseObject({ attributes: Attributes })),
});
const Retrieve = z.object({ ids: z.array(z.string()), fields: z.array(z.string()) });

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm */
const optionsOf = ({ headers }: ApiRequest) => ({
  allowSave: /allowSave\s*=\s*true/i.test(String(headers['sforce-duplicate-rule-header'] ?? '')),
});

export function recordCalls(context: Context): SalesforceEndpoint[] {
  const { org, writer, journal } = context;

  const objectOf = (request: ApiRequest): SObject => org.visibleObject(request.params.sobject ?? '');
  const selectedOf = (object: SObject, fields: string[] | null): Selected[] => {
    const names = fields ?? org.visibleFields(object).map((one) => one.name);
    return names.map((name) => {
      const path = name.split('.');
      return { path: path.slice(0, -1), column: columnOf(org, object, path) };
    });
  };
  const liveRow = (object: SObject, id: string): Row => {
    const row = org.row(object.name, id);
    if (!row) throw notFound(`Provided external ID field does not exist or is not accessible: ${id}`);
    if (row.f.IsDeleted) throw new SalesforceError(404, 'ENTITY_IS_DELETED', 'entity is deleted');
    return row;
  };
  const single = (result: RowResult, status: number): Reply => {
    const [error] = result.errors;
    if (error) {
      const code =
        error.statusCode === 'ENTITY_IS_DELETED' || error.statusCode === 'INVALID_CROSS_REFERENCE_KEY'
          ? 404
          : 400;
      throw new SalesforceError(code, error.statusCode, error.message, error.fields);
    }
    journal.rowsWritten(1);
    return status === 204 ? noContent : { status, json: { id: result.id, success: true, errors: [] } };
  };

  const retrieveOne = (request: ApiRequest): Reply => {
    const object = objectOf(request);
    const row = liveRow(object, request.params.id ?? '');
    journal.rowsRead(1);
    return ok(
      recordJson(
        apiBase(request),
        object.name,
        selectedOf(object, request.query.get('fields')?.split(',') ?? null),
        row,
      ),
    );
  };
  const createOne = (request: ApiRequest): Reply => {
    const object = objectOf(request);
    checkAssignHeader(context, request, [object.name]);
    return single(writer.create(object, jsonBody(request, JsonObject)), 201);
  };
  const updateOne = (request: ApiRequest): Reply => {
    const object = objectOf(request);
    checkAssignHeader(context, request, [object.name]);
    const body = jsonBody(request, JsonObject);
    return single(writer.update(object, request.params.id ?? '', body, optionsOf(request)), 204);
  };
  const deleteOne = (request: ApiRequest): Reply => single(writer.delete(request.params.id ?? ''), 204);

  // Since when

  const span = (request: ApiRequest, reachMs: number): { start: string; end: string } => {
    const [start, end] = ['start', 'end'].map((name) =>
      stampFrom((request.query.get(name) ?? '').replace(' ', '+')),
    );
    if (!start || !end) throw badRequest('INVALID_REPLICATION_DATE', 'start and end are required dateTimes');
    if (start >= end) throw badRequest('INVALID_REPLICATION_DATE', 'startDate before endDate');
    if (start < stampOf(request.now - reachMs))
      throw badRequest('INVALID_REPLICATION_DATE', 'startDate is beyond the replication limit');
    return { start, end };
  };
  const updated = (request: ApiRequest): Reply => {
    const object = objectOf(request);
    const { start, end } = span(request, UPDATED_REACH_MS);
    const ids: string[] = [];
    for (const row of org.table(object.name).inOrder(start)) {
      if (row.stamp > end) break;
      if (!row.f.IsDeleted) ids.push(row.id);
    }
    return ok({ ids, latestDateCovered: end });
  };
  const deleted = (request: ApiRequest): Reply => {
    const { name } = objectOf(request);
    const { start, end } = span(request, DELETED_REACH_MS);
    const log = org.deletions.get(name) ?? [];
    const deletedRecords = log.filter((one) => one.deletedDate >= start && one.deletedDate <= end);
    return ok({
      deletedRecords,
      earliestDateAvailable: log[0]?.deletedDate ?? stampOf(request.now - DELETED_REACH_MS),
      latestDateCovered: end,
    });
  };

  // Collections

  const tooMany = (request: ApiRequest, count: number) => {
    if (count <= MAX_COLLECTION) return;
    broken(context, request, 'oversized_batch', `${count} records, ${MAX_COLLECTION} at most`);
    throw badRequest(
      'EXCEEDED_MAX_SIZE_REQUEST',
      `record limit reached. cannot submit more than ${MAX_COLLECTION} records in this request`,
    );
  };
  const lockError = (id?: string) =>
    failure('UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record or 1 records', [], id);
  const finish = (results: RowResult[]): Reply => {
    journal.rowsWritten(results.filter((one) => one.success).length);
    return ok(results.map(({ created: _, ...result }) => result));
  };
  const all =
    (verb: 'create' | 'update') =>
    (request: ApiRequest): Reply => {
      const { records, allOrNone } = jsonBody(request, Collection);
      tooMany(request, records.length);
      if (allOrNone) throw badRequest('INVALID_INPUT', 'allOrNone is not offered by this org');
      const runs = records.filter(
        (one, n) => n === 0 || one.attributes.type !== records[n - 1]?.attributes.type,
      ).length;
      if (runs > 10) throw badRequest('INVALID_INPUT', 'at most 10 chunks of one type each');
      const names = new Set(records.map((one) => one.attributes.type));
      checkAssignHeader(
        context,
        request,
        [...names].map((name) => org.visibleObject(name).name),
      );
      // A body that names a field which is not there is no body: nothing of it is done.
      for (const { attributes, ...body } of records) {
        const object = org.visibleObject(attributes.type);
        const unknown = Object.keys(body).find((name) => org.visibleField(object, name) === null);
        if (unknown !== undefined)
          throw badRequest('INVALID_FIELD', `No such column '${unknown}' on sobject of type ${object.name}`);
      }
      const seen = new Set<string>();
      const results = records.map((record): RowResult => {
        const { attributes, ...body } = record;
        const object = org.visibleObject(attributes.type);
        if (verb === 'create') return request.refusesRow() ? lockError() : writer.create(object, body);
        const id = String(Object.entries(body).find(([name]) => name.toLowerCase() === 'id')?.[1] ?? '');
        if (request.refusesRow()) return lockError(id);
        const key = toId18(id) ?? id;
        if (seen.has(key)) return failure('DUPLICATE_VALUE', `Duplicate ID specified: ${id}`, ['Id']);
        seen.add(key);
        return writer.update(object, id, body, optionsOf(request));
      });
      return finish(results);
    };
  const deleteAll = (request: ApiRequest): Reply => {
    const ids = (request.query.get('ids') ?? '').split(',').filter(Boolean);
    tooMany(request, ids.length);
    return finish(ids.map((id) => (request.refusesRow() ? lockError(id) : writer.delete(id))));
  };
  const retrieveAll = (request: ApiRequest): Reply => {
    const object = objectOf(request);
    const { ids, fields } =
      request.method === 'POST'
        ? jsonBody(request, Retrieve)
        : {
            ids: (request.query.get('ids') ?? '').split(','),
            fields: (request.query.get('fields') ?? 'Id').split(','),
          };
    const most = request.method === 'POST' ? 2000 : 800;
    if (ids.length > most) {
      broken(context, request, 'oversized_batch', `${ids.length} ids, ${most} at most`);
      throw badRequest(
        'EXCEEDED_MAX_SIZE_REQUEST',
        `cannot retrieve more than ${most} records in this request`,
      );
    }
    const selected = selectedOf(object, fields);
    const records = ids.map((id) => {
      const row = org.row(object.name, id);
      return row && !row.f.IsDeleted ? recordJson(apiBase(request), object.name, selected, row) : null;
    });
    journal.rowsRead(records.filter(Boolean).length);
    return ok(records);
  };

  const at = '/services/data/:version';
  const one = `${at}/sobjects/:sobject`;
  return [
    {
      method: 'get',
      path: `${at}/sobjects`,
      name: 'describe global',
      kind: 'read',
      handle: (request) =>
        ok({
          encoding: 'UTF-8',
          maxBatchSize: MAX_COLLECTION,
          sobjects: org.visibleObjects().map((object) => describeGlobalJson(object, apiBase(request))),
        }),
    },
    {
      method: 'get',
      path: `${one}/describe`,
      name: 'describe',
      kind: 'read',
      handle: (request) => ok(describeJson(org, objectOf(request), apiBase(request))),
    },
    {
      method: 'get',
      path: one,
      name: 'basic information',
      kind: 'read',
      handle: (request) =>
        ok({ objectDescribe: describeGlobalJson(objectOf(request), apiBase(request)), recentItems: [] }),
    },
    { method: 'get', path: `${one}/updated`, name: 'getUpdated', kind: 'read', handle: updated },
    { method: 'get', path: `${one}/deleted`, name: 'getDeleted', kind: 'read', handle: deleted },
    { method: 'post', path: one, name: 'create', kind: 'write', handle: createOne },
    { method: 'get', path: `${one}/:id`, name: 'retrieve', kind: 'read', handle: retrieveOne },
    { method: 'patch', path: `${one}/:id`, name: 'update', kind: 'write', handle: updateOne },
    { method: 'delete', path: `${one}/:id`, name: 'delete', kind: 'write', handle: deleteOne },
    {
      method: 'post',
      path: `${at}/composite/sobjects`,
      name: 'collection create',
      kind: 'write',
      handle: all('create'),
    },
    {
      method: 'patch',
      path: `${at}/composite/sobjects`,
      name: 'collection update',
      kind: 'write',
      handle: all('update'),
    },
    {
      method: 'delete',
      path: `${at}/composite/sobjects`,
      name: 'collection delete',
      kind: 'write',
      handle: deleteAll,
    },
    {
      method: 'get',
      path: `${at}/composite/sobjects/:sobject`,
      name: 'collection retrieve',
      kind: 'read',
      handle: retrieveAll,
    },
    {
      method: 'post',
      path: `${at}/composite/sobjects/:sobject`,
      name: 'collection retrieve',
      kind: 'read',
      handle: retrieveAll,
    },
  ];
}
