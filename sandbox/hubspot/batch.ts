import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, objectScope } from './api.ts';
import { errorReply, type RowError } from './errors.ts';
import { OBJECTS, type ObjectType } from './object-types.ts';
import {
  applyAssociations,
  CreateInput,
  checkWrite,
  conflictMessage,
  findRecord,
  HISTORY_PAGE,
  historyOf,
  shown,
} from './objects.ts';
import { API } from './portal.ts';
import type { PortalRecord } from './records.ts';
import { issuesMessage } from './values.ts';

const BATCH = 100;

const ReadBody = z.object({
  inputs: z.array(z.object({ id: z.string() })),
  properties: z.array(z.string()).default([]),
  propertiesWithHistory: z.array(z.string()).default([]),
  idProperty: z.string().optional(),
});
const WriteInput = z.object({
  id: z.string(),
  idProperty: z.string().optional(),
  objectWriteTraceId: z.string().optional(),
  properties: z.record(z.string(), z.unknown()),
});
type WriteInput = z.infer<typeof WriteInput>;
const WriteBody = z.object({ inputs: z.array(WriteInput) });

const contextOf = (input: { id?: string; objectWriteTraceId?: string }): Record<string, string[]> => ({
  ...(input.id !== undefined && { ids: [input.id] }),
  ...(input.objectWriteTraceId !== undefined && { objectWriteTraceId: [input.objectWriteTraceId] }),
});

const missing = (type: ObjectType, ids: string[]): RowError => ({
  status: 404,
  category: 'OBJECT_NOT_FOUND',
  message: `Could not get some ${OBJECTS[type].singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
  context: { ids },
});

/** An injected refusal: a row that HubSpot would not take for reasons of its own. */
const refusedRow = (context: Record<string, string[]>): RowError => ({
  status: 400,
  category: 'VALIDATION_ERROR',
  message: 'A rule of this account does not allow the change',
  context,
});

const read =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const body = api.body(request, ReadBody);
    const ids = body.inputs.map(({ id }) => id);
    api.checkBatch(request, ids, body.propertiesWithHistory.length > 0 ? HISTORY_PAGE : BATCH);
    const isArchived = request.query.get('archived') === 'true';
    const found = new Set<PortalRecord>();
    const lost: string[] = [];
    for (const id of ids) {
      const record = findRecord(api, type, id, body.idProperty);
      if (record && (record.archivedAt !== undefined) === isArchived && !request.refusesRow())
        found.add(record);
      else lost.push(id);
    }
    api.journal.rowsRead(found.size);
    const results = [...found].map((record) => ({
      ...shown(api, type, record, body.properties),
      ...historyOf(type, record, body.propertiesWithHistory),
    }));
    return api.batchReply(request, results, lost.length > 0 ? [missing(type, lost)] : []);
  };

/** Writes one row of a batch; what comes back is the record, or why not. */
const writeRow = (
  api: Api,
  request: ApiRequest,
  type: ObjectType,
  input: WriteInput,
  record: PortalRecord | undefined,
) => {
  const context = contextOf(input);
  if (request.refusesRow()) return refusedRow(context);
  const { values, issues, holder } = checkWrite(api, type, input.properties, record);
  if (issues.length > 0)
    return { status: 400, category: 'VALIDATION_ERROR', message: issuesMessage(issues), context };
  if (holder) return { status: 409, category: 'CONFLICT', message: conflictMessage(type, holder), context };
  if (!record) return api.portal.create(type, values, API);
  api.portal.write(type, record, values, API);
  return record;
};

const isError = (outcome: PortalRecord | RowError): outcome is RowError => 'category' in outcome;

const traced = (input: { objectWriteTraceId?: string }) =>
  input.objectWriteTraceId === undefined ? {} : { objectWriteTraceId: input.objectWriteTraceId };

const update =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { inputs } = api.body(request, WriteBody);
    api.checkBatch(
      request,
      inputs.map(({ id }) => id),
      BATCH,
    );
    const results: unknown[] = [];
    const errors: RowError[] = [];
    for (const input of inputs) {
      const record = findRecord(api, type, input.id, input.idProperty);
      if (!record || record.archivedAt !== undefined) {
        errors.push({ ...missing(type, [input.id]), context: contextOf(input) });
        continue;
      }
      const outcome = writeRow(api, request, type, input, record);
      if (isError(outcome)) errors.push(outcome);
      else results.push({ ...shown(api, type, outcome, Object.keys(input.properties)), ...traced(input) });
    }
    api.journal.rowsWritten(results.length);
    return api.batchReply(request, results, errors);
  };

const upsert =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { inputs } = api.body(request, WriteBody);
    api.checkBatch(
      request,
      inputs.map(({ id }) => id.toLowerCase()),
      BATCH,
    );
    const results: unknown[] = [];
    const errors: RowError[] = [];
    for (const input of inputs) {
      const found = findRecord(api, type, input.id, input.idProperty);
      const record = found?.archivedAt === undefined ? found : undefined;
      if (!record && !input.idProperty) {
        errors.push({ ...missing(type, [input.id]), context: contextOf(input) });
        continue;
      }
      const key = input.idProperty ? { [input.idProperty]: input.id } : {};
      const whole = record ? input : { ...input, properties: { ...key, ...input.properties } };
      const outcome = writeRow(api, request, type, whole, record);
      if (isError(outcome)) errors.push(outcome);
      else
        results.push({
          ...shown(api, type, outcome, Object.keys(whole.properties)),
          new: !record,
          ...traced(input),
        });
    }
    api.journal.rowsWritten(results.length);
    return api.batchReply(request, results, errors);
  };

/** Row by row only where every input carries a trace id; else one bad row refuses the whole batch. */
const create =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { inputs } = api.body(request, z.object({ inputs: z.array(CreateInput) }));
    api.checkBatch(
      request,
      inputs.map((input, index) => input.objectWriteTraceId ?? `row ${index}`),
      BATCH,
    );
    const isTraced = inputs.every((input) => input.objectWriteTraceId !== undefined);
    if (!isTraced) {
      for (const input of inputs) {
        const { issues, holder } = checkWrite(api, type, input.properties, undefined);
        if (issues.length > 0) return errorReply(400, 'VALIDATION_ERROR', issuesMessage(issues));
        if (holder) return errorReply(409, 'CONFLICT', conflictMessage(type, holder));
      }
    }
    const results: unknown[] = [];
    const errors: RowError[] = [];
    for (const input of inputs) {
      const outcome = writeRow(api, request, type, { ...input, id: '' }, undefined);
      if (isError(outcome)) {
        errors.push({ ...outcome, context: contextOf({ objectWriteTraceId: input.objectWriteTraceId }) });
        continue;
      }
      applyAssociations(api, type, outcome.id, input.associations);
      results.push({ ...shown(api, type, outcome, Object.keys(input.properties)), ...traced(input) });
    }
    api.journal.rowsWritten(results.length);
    return api.batchReply(request, results, errors, 201);
  };

const archive =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { inputs } = api.body(request, z.object({ inputs: z.array(z.object({ id: z.string() })) }));
    api.checkBatch(
      request,
      inputs.map(({ id }) => id),
      BATCH,
    );
    for (const { id } of inputs) {
      const record = api.portal.records[type].find(id);
      if (record && record.archivedAt === undefined) api.portal.archive(type, record, API);
    }
    api.journal.rowsWritten(inputs.length);
    return { status: 204 };
  };

export const batchEndpoints = (api: Api): HubspotEndpoint[] => {
  const path = '/crm/objects/:version/:object/batch';
  const reads = {
    method: 'post',
    kind: 'read',
    budget: 'general',
    scope: objectScope('objects', 'read'),
  } as const;
  const writes = {
    method: 'post',
    kind: 'write',
    budget: 'general',
    scope: objectScope('objects', 'write'),
  } as const;
  return [
    { ...reads, path: `${path}/read`, name: 'objects batch read', handle: read(api) },
    { ...writes, path: `${path}/update`, name: 'objects batch update', handle: update(api) },
    { ...writes, path: `${path}/upsert`, name: 'objects batch upsert', handle: upsert(api) },
    { ...writes, path: `${path}/create`, name: 'objects batch create', handle: create(api) },
    { ...writes, path: `${path}/archive`, name: 'objects batch archive', handle: archive(api) },
  ];
};
