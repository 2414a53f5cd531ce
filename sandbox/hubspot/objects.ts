import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, objectScope, pageLimit, queryList } from './api.ts';
import { errorReply, invalid, notFound, refuse } from './errors.ts';
import { OBJECTS, type ObjectType, objectType } from './object-types.ts';
import { API } from './portal.ts';
import { type Indexed, type PortalRecord, shownValue, type Values } from './records.ts';
import { checkValues, type Issue, issuesMessage } from './values.ts';

const Properties = z.record(z.string(), z.unknown());
const AssociationsInput = z
  .array(
    z.object({
      to: z.object({ id: z.string() }),
      types: z.array(z.object({ associationTypeId: z.int(), associationCategory: z.string() })),
    }),
  )
  .optional();
export const CreateInput = z.object({
  properties: Properties,
  associations: AssociationsInput,
  objectWriteTraceId: z.string().optional(),
});

const LIST_PAGE = 100;
/** Pages and batches with history are half as large. */
export const HISTORY_PAGE = 50;
const MOST_ASSOCIATIONS_SHOWN = 100;

/** A record as the API shows it: what was asked for, and what comes unasked. Unknown names are left out. */
export const shown = (api: Api, type: ObjectType, record: Indexed, asked: string[]) => {
  const definitions = api.portal.definitions[type];
  const names = asked.length > 0 ? asked.filter((name) => definitions.has(name)) : OBJECTS[type].shown;
  const properties: Record<string, string | null> = {};
  for (const name of names) properties[name] = shownValue(type, record, name);
  for (const name of ['createdate', OBJECTS[type].modified, 'hs_object_id'])
    properties[name] = shownValue(type, record, name);
  return {
    id: record.id,
    properties,
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archivedAt !== undefined,
    ...(record.archivedAt !== undefined && { archivedAt: new Date(record.archivedAt).toISOString() }),
  };
};

/** The last value of each property asked for, and who set it. */
export const historyOf = (type: ObjectType, record: PortalRecord, asked: string[]) =>
  asked.length === 0
    ? {}
    : {
        propertiesWithHistory: Object.fromEntries(
          asked.map((name) => {
            const value = shownValue(type, record, name) ?? '';
            const edit = record.edits?.[name];
            return [
              name,
              edit && edit.value === value
                ? [
                    {
                      value,
                      timestamp: new Date(edit.at).toISOString(),
                      sourceType: 'CRM_UI',
                      sourceId: `userId:${edit.userId}`,
                      updatedByUserId: edit.userId,
                    },
                  ]
                : [
                    {
                      value,
                      timestamp: new Date(record.updatedAt).toISOString(),
                      sourceType: 'INTEGRATION',
                      sourceId: 'app',
                    },
                  ],
            ];
          }),
        ),
      };

/** The associations of one record under the old names, `contact_to_company` for the primary one. */
const associationsOf = (api: Api, type: ObjectType, record: PortalRecord, asked: string[]) => {
  if (asked.length === 0) return {};
  const found: Record<string, { results: { id: string; type: string }[]; paging?: unknown }> = {};
  for (const name of asked) {
    const to = objectType(name) ?? invalid(`Unable to infer object type from: ${name}`);
    const plain = api.portal.associations.plainType(type, to);
    const primary = api.portal.associations.primaryType(type, to);
    const edges = api.portal.associations.list(type, record.id, to);
    if (edges.length === 0) continue;
    const results = edges.slice(0, MOST_ASSOCIATIONS_SHOWN).flatMap((edge) =>
      edge.typeIds.map((typeId) => {
        const unlabelled = primary !== undefined && typeId === plain;
        const inner = api.portal.associations.innerName(type, to, typeId);
        return { id: edge.to, type: inner ?? `${type}_to_${to}${unlabelled ? '_unlabeled' : ''}` };
      }),
    );
    const more = edges.length > MOST_ASSOCIATIONS_SHOWN;
    found[OBJECTS[to].path] = {
      results,
      ...(more && { paging: { next: { after: edges[MOST_ASSOCIATIONS_SHOWN]?.to } } }),
    };
  }
  return Object.keys(found).length > 0 ? { associations: found } : {};
};

const list =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const asked = queryList(request, 'properties');
    const history = queryList(request, 'propertiesWithHistory');
    const associated = queryList(request, 'associations');
    const limit = pageLimit(api, request, 10, history.length > 0 ? HISTORY_PAGE : LIST_PAGE);
    const isArchived = request.query.get('archived') === 'true';
    const after = Number(request.query.get('after') ?? 0);
    if (!Number.isFinite(after)) invalid('after is no cursor of this list');
    const page: PortalRecord[] = [];
    let hasMore = false;
    for (const record of api.portal.records[type].after(after)) {
      if ((record.archivedAt !== undefined) !== isArchived) continue;
      if (page.length === limit) {
        hasMore = true;
        break;
      }
      page.push(record);
    }
    api.journal.rowsRead(page.length);
    const results = page.map((record) => ({
      ...shown(api, type, record, asked),
      ...historyOf(type, record, history),
      ...associationsOf(api, type, record, associated),
    }));
    const last = page.at(-1)?.id;
    return {
      status: 200,
      json: { results, ...(hasMore && last !== undefined && { paging: paging(request, last) }) },
    };
  };

export const paging = (request: ApiRequest, after: string) => {
  const query = new URLSearchParams(request.query);
  query.set('after', after);
  return { next: { after, link: `${request.origin}${request.path}?${query}` } };
};

/** By id, or by a unique property; archived records only when asked for. */
export const findRecord = (
  api: Api,
  type: ObjectType,
  key: string,
  idProperty?: string,
): PortalRecord | undefined => {
  const store = api.portal.records[type];
  if (!idProperty || idProperty === 'hs_object_id') return store.find(key);
  if (!api.portal.definitions[type].get(idProperty)?.hasUniqueValue) {
    invalid(`Property "${idProperty}" is not a unique property and cannot be used as idProperty`);
  }
  if (type === 'contact' && idProperty === 'email')
    return store.byId.get(store.byEmail.get(key.toLowerCase()) ?? '');
  for (const record of store.byId.values()) if (record.values[idProperty] === key) return record;
  return undefined;
};

const one = (api: Api, request: ApiRequest, type: ObjectType): PortalRecord => {
  const record = findRecord(api, type, request.params.id ?? '', request.query.get('idProperty') ?? undefined);
  const isArchived = request.query.get('archived') === 'true';
  if (!record || (record.archivedAt !== undefined) !== isArchived) return notFound();
  return record;
};

const read =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const record = one(api, request, type);
    api.journal.rowsRead(1);
    return {
      status: 200,
      json: {
        ...shown(api, type, record, queryList(request, 'properties')),
        ...historyOf(type, record, queryList(request, 'propertiesWithHistory')),
        ...associationsOf(api, type, record, queryList(request, 'associations')),
      },
    };
  };

/** Why a write of these values is refused, if it is: invalid values, or a unique value that another record has. */
export const checkWrite = (
  api: Api,
  type: ObjectType,
  input: Record<string, unknown>,
  record: PortalRecord | undefined,
): { values: Values; issues: Issue[]; holder: PortalRecord | undefined } => {
  const definitions = api.portal.definitions[type];
  const { values, issues } = checkValues(definitions, input, record?.values ?? {});
  let holder: PortalRecord | undefined;
  for (const [name, value] of Object.entries(values)) {
    if (value === '' || !definitions.get(name)?.hasUniqueValue) continue;
    const found = findRecord(api, type, value, name);
    if (found && found.id !== record?.id) holder = found;
  }
  return { values, issues, holder };
};

export const conflictMessage = (type: ObjectType, holder: PortalRecord) =>
  `${OBJECTS[type].singular} already exists. Existing ID: ${holder.id}`;

export const applyAssociations = (
  api: Api,
  type: ObjectType,
  id: string,
  input: z.infer<typeof AssociationsInput>,
) => {
  for (const { to, types } of input ?? []) {
    for (const { associationTypeId } of types) {
      for (const other of ['contact', 'company', 'deal'] as const) {
        if (!api.portal.associations.canAssociate(type, other)) continue;
        const known = api.portal.associations
          .labels(type, other)
          .some((label) => label.typeId === associationTypeId);
        if (known && api.portal.records[other].find(to.id))
          api.portal.associate(type, id, other, to.id, [associationTypeId]);
      }
    }
  }
};

const create =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const input = api.body(request, CreateInput);
    const { values, issues, holder } = checkWrite(api, type, input.properties, undefined);
    if (issues.length > 0) return errorReply(400, 'VALIDATION_ERROR', issuesMessage(issues));
    if (holder) return errorReply(409, 'CONFLICT', conflictMessage(type, holder));
    const record = api.portal.create(type, values, API);
    applyAssociations(api, type, record.id, input.associations);
    api.journal.rowsWritten(1);
    return { status: 201, json: shown(api, type, record, Object.keys(values)) };
  };

const update =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const input = api.body(request, z.object({ properties: Properties }));
    const record = one(api, request, type);
    const { values, issues, holder } = checkWrite(api, type, input.properties, record);
    if (issues.length > 0) return errorReply(400, 'VALIDATION_ERROR', issuesMessage(issues));
    if (holder) return errorReply(409, 'CONFLICT', conflictMessage(type, holder));
    api.portal.write(type, record, values, API);
    api.journal.rowsWritten(1);
    return { status: 200, json: shown(api, type, record, Object.keys(values)) };
  };

const archive =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const record = api.portal.records[type].find(request.params.id ?? '');
    if (record && record.archivedAt === undefined) api.portal.archive(type, record, API);
    api.journal.rowsWritten(1);
    return { status: 204 };
  };

const merge =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { primaryObjectId, objectIdToMerge } = api.body(
      request,
      z.object({ primaryObjectId: z.string(), objectIdToMerge: z.string() }),
    );
    const store = api.portal.records[type];
    const primary = store.find(primaryObjectId) ?? notFound();
    const other = store.find(objectIdToMerge) ?? notFound();
    if (primary === other) invalid('A record cannot be merged into itself');
    const survivor = api.portal.merge(type, primary, other, API, api.mergeKeepsId);
    api.journal.rowsWritten(1);
    return { status: 200, json: shown(api, type, survivor, []) };
  };

const erase =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    if (type !== 'contact') refuse(400, 'VALIDATION_ERROR', 'Only contacts can be deleted for privacy');
    const { objectId, idProperty } = api.body(
      request,
      z.object({ objectId: z.string(), idProperty: z.string().optional() }),
    );
    const record = findRecord(api, type, objectId, idProperty);
    if (record) api.portal.erase(type, record, API);
    api.journal.rowsWritten(1);
    return { status: 204 };
  };

export const objectEndpoints = (api: Api): HubspotEndpoint[] => {
  const path = '/crm/objects/:version/:object';
  const reads = { kind: 'read', budget: 'general', scope: objectScope('objects', 'read') } as const;
  const writes = { kind: 'write', budget: 'general', scope: objectScope('objects', 'write') } as const;
  return [
    { ...reads, method: 'get', path, name: 'objects list', handle: list(api) },
    { ...writes, method: 'post', path, name: 'objects create', handle: create(api) },
    { ...writes, method: 'post', path: `${path}/merge`, name: 'objects merge', handle: merge(api) },
    {
      ...writes,
      method: 'post',
      path: `${path}/gdpr-delete`,
      name: 'objects gdpr-delete',
      handle: erase(api),
    },
    { ...reads, method: 'get', path: `${path}/:id`, name: 'objects read', handle: read(api) },
    { ...writes, method: 'patch', path: `${path}/:id`, name: 'objects update', handle: update(api) },
    { ...writes, method: 'delete', path: `${path}/:id`, name: 'objects archive', handle: archive(api) },
  ];
};
