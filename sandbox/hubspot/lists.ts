import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, pageLimit, queryList } from './api.ts';
import { invalid, notFound, type RowError } from './errors.ts';
import { type FilterBranch, filtersOf, RootBranch } from './list-filter.ts';
import type { ListStore, PortalList } from './list-store.ts';
import { OBJECTS, type ObjectType, objectType } from './object-types.ts';
import { paging } from './objects.ts';
import type { PortalRecord } from './records.ts';

const MEMBERS_PAGE = 250;
const MOST_MEMBERS_AT_ONCE = 100_000;
const LISTS_PAGE = 500;
const RECORDS_BATCH = 100;

const Create = z.object({
  name: z.string().min(1),
  objectTypeId: z.string(),
  processingType: z.enum(['MANUAL', 'SNAPSHOT', 'DYNAMIC']),
  filterBranch: RootBranch.optional(),
  customProperties: z.record(z.string(), z.string()).optional(),
  listFolderId: z.int().optional(),
});
const Search = z.object({
  query: z.string().default(''),
  listIds: z.array(z.string()).optional(),
  processingTypes: z.array(z.string()).optional(),
  additionalProperties: z.array(z.string()).default([]),
  offset: z.int().min(0).default(0),
  count: z.int().min(1).max(LISTS_PAGE).default(20),
  sort: z.string().optional(),
});
const RecordIds = z.object({ inputs: z.array(z.object({ objectTypeId: z.string(), recordId: z.string() })) });
const Ids = z.array(z.string());
const Change = z.object({ recordIdsToAdd: Ids, recordIdsToRemove: Ids });

const iso = (time: number) => new Date(time).toISOString();

const basics = (list: PortalList) => ({
  listId: list.listId,
  listVersion: list.version,
  name: list.name,
  objectTypeId: OBJECTS[list.type].typeId,
  processingType: list.processingType,
  processingStatus: 'COMPLETE',
  createdAt: iso(list.createdAt),
  updatedAt: iso(list.updatedAt),
  ...(list.filterBranch && { filtersUpdatedAt: iso(list.filtersUpdatedAt) }),
  ...(list.deletedAt !== undefined && { deletedAt: iso(list.deletedAt) }),
  createdById: '9001',
  updatedById: '9001',
});

class ListApi {
  readonly #api: Api;
  readonly #lists: ListStore;

  constructor(api: Api, lists: ListStore) {
    this.#api = api;
    this.#lists = lists;
  }

  #shown(list: PortalList, includeFilters: boolean) {
    return {
      ...basics(list),
      size: this.#lists.members(list).length,
      ...(includeFilters && list.filterBranch && { filterBranch: list.filterBranch }),
    };
  }

  #find(request: ApiRequest): PortalList {
    const list = this.#lists.get(request.params.listId ?? '');
    if (list && list.deletedAt === undefined) return list;
    return notFound(`List does not exist with ID ${request.params.listId}.`);
  }

  /** Every property and list that the filter names must be there. */
  #checkFilter(type: ObjectType, branch: FilterBranch) {
    for (const filter of filtersOf(branch)) {
      if (filter.filterType === 'IN_LIST') {
        if (!this.#lists.get(filter.listId)) invalid(`List does not exist with ID ${filter.listId}.`);
        continue;
      }
      const definition = this.#api.portal.definitions[type].get(filter.property);
      if (!definition) {
        invalid(`The following property does not exist: ${filter.property}`, {
          subCategory: 'ILS.PROPERTY_DOES_NOT_EXIST',
        });
        continue;
      }
      if (filter.operation.operationType === 'ENUMERATION' && definition.type !== 'enumeration') {
        invalid(
          `The operation ENUMERATION does not fit the property ${filter.property} of type ${definition.type}`,
        );
      }
      if (filter.operation.operationType === 'BOOL' && definition.type !== 'bool') {
        invalid(`The operation BOOL does not fit the property ${filter.property} of type ${definition.type}`);
      }
    }
  }

  create = (request: ApiRequest): Reply => {
    const input = this.#api.body(request, Create);
    const type = objectType(input.objectTypeId) ?? invalid(`Unknown object type ${input.objectTypeId}`);
    if (input.processingType === 'MANUAL' && input.filterBranch) invalid('A MANUAL list has no filter');
    if (input.processingType !== 'MANUAL' && !input.filterBranch)
      invalid(`A ${input.processingType} list needs a filterBranch`);
    if (input.filterBranch) this.#checkFilter(type, input.filterBranch);
    if (this.#lists.byName(type, input.name)) {
      invalid(`A list with the name "${input.name}" already exists.`, {
        subCategory: 'ILS.DUPLICATE_LIST_NAMES',
      });
    }
    const list = this.#lists.create({ ...input, type, filterBranch: input.filterBranch });
    return { status: 200, json: { list: this.#shown(list, true) } };
  };

  read = (request: ApiRequest): Reply => ({
    status: 200,
    json: { list: this.#shown(this.#find(request), request.query.get('includeFilters') === 'true') },
  });

  readByName = (request: ApiRequest): Reply => {
    const type = this.#api.objectType(request, 'objectTypeId');
    const name = request.params.listName ?? '';
    const list = this.#lists.byName(type, name) ?? notFound(`List does not exist with name ${name}.`);
    return { status: 200, json: { list: this.#shown(list, request.query.get('includeFilters') === 'true') } };
  };

  readMany = (request: ApiRequest): Reply => {
    const wanted = queryList(request, 'listIds');
    const includeFilters = request.query.get('includeFilters') === 'true';
    const lists = wanted.flatMap((id) => {
      const list = this.#lists.get(id);
      return list && list.deletedAt === undefined ? [this.#shown(list, includeFilters)] : [];
    });
    return { status: 200, json: { lists } };
  };

  search = (request: ApiRequest): Reply => {
    const body = this.#api.body(request, Search);
    const query = body.query.toLowerCase();
    const found = this.#lists
      .all()
      .filter(
        (list) =>
          list.deletedAt === undefined &&
          list.name.toLowerCase().includes(query) &&
          (body.listIds?.includes(list.listId) ?? true) &&
          (body.processingTypes?.includes(list.processingType) ?? true),
      );
    const page = found.slice(body.offset, body.offset + body.count);
    const lists = page.map((list) => {
      const extra = { hs_list_size: String(this.#lists.members(list).length), hs_object_id: list.listId };
      const asked = Object.entries(extra).filter(([name]) => body.additionalProperties.includes(name));
      return { ...basics(list), additionalProperties: Object.fromEntries(asked) };
    });
    const offset = body.offset + page.length;
    return { status: 200, json: { lists, total: found.length, offset, hasMore: offset < found.length } };
  };

  remove = (request: ApiRequest): Reply => {
    this.#find(request).deletedAt = request.now;
    return { status: 204 };
  };

  restore = (request: ApiRequest): Reply => {
    const list = this.#lists.get(request.params.listId ?? '') ?? notFound('List does not exist');
    list.deletedAt = undefined;
    return { status: 204 };
  };

  rename = (request: ApiRequest): Reply => {
    const list = this.#find(request);
    const name = request.query.get('listName') ?? invalid('listName is missing');
    const other = this.#lists.byName(list.type, name);
    if (other && other !== list) {
      invalid(`A list with the name "${name}" already exists.`, { subCategory: 'ILS.DUPLICATE_LIST_NAMES' });
    }
    list.name = name;
    this.#lists.touch(list);
    return {
      status: 200,
      json: { updatedList: this.#shown(list, request.query.get('includeFilters') === 'true') },
    };
  };

  updateFilters = (request: ApiRequest): Reply => {
    const list = this.#find(request);
    if (list.processingType !== 'DYNAMIC') invalid('Only the filter of a DYNAMIC list can be changed');
    const { filterBranch } = this.#api.body(request, z.object({ filterBranch: RootBranch }));
    this.#checkFilter(list.type, filterBranch);
    list.filterBranch = filterBranch;
    list.filtersUpdatedAt = request.now;
    this.#lists.touch(list);
    return { status: 200, json: { updatedList: this.#shown(list, true) } };
  };

  members = (request: ApiRequest): Reply => {
    const list = this.#find(request);
    const limit = pageLimit(this.#api, request, 100, MEMBERS_PAGE);
    const after = Number(request.query.get('after') ?? 0);
    if (!Number.isFinite(after)) invalid('after is no cursor of this list');
    const members = this.#lists.members(list);
    const rest = after === 0 ? members : members.filter(({ recordId }) => Number(recordId) > after);
    const page = rest.slice(0, limit);
    this.#api.journal.rowsRead(page.length);
    const last = page.at(-1)?.recordId;
    return {
      status: 200,
      json: {
        total: members.length,
        results: page.map(({ recordId, joinedAt }) => ({ recordId, membershipTimestamp: iso(joinedAt) })),
        ...(rest.length > page.length && last !== undefined && { paging: paging(request, last) }),
      },
    };
  };

  /** Adds and removes; unknown ids are named, ids that are there (or not there) already are passed over. */
  #change(request: ApiRequest, add: string[], remove: string[]): Reply {
    const list = this.#find(request);
    if (list.processingType === 'DYNAMIC') {
      this.#api.breach(
        request,
        'members_of_dynamic_list',
        'The members of a DYNAMIC list follow its filter and cannot be set',
      );
    }
    if (add.length + remove.length > MOST_MEMBERS_AT_ONCE) {
      this.#api.breach(request, 'oversized_batch', `At most ${MOST_MEMBERS_AT_ONCE} members at once`);
    }
    for (const ids of [add, remove]) {
      if (new Set(ids).size < ids.length)
        this.#api.broken(request, 'same_id_twice', 'a record id is in the call twice');
    }
    const records = this.#api.portal.records[list.type];
    const added: string[] = [];
    const removed: string[] = [];
    const missing: string[] = [];
    for (const id of add) {
      const record = records.find(id);
      if (!record || record.archivedAt !== undefined) missing.push(id);
      else if (!list.members.has(record.id)) {
        list.members.set(record.id, request.now);
        added.push(record.id);
      }
    }
    for (const id of remove) {
      const record = records.find(id);
      if (!record) missing.push(id);
      else if (list.members.delete(record.id)) removed.push(record.id);
    }
    if (added.length + removed.length > 0) this.#lists.touch(list);
    this.#api.journal.rowsWritten(added.length + removed.length);
    return {
      status: 200,
      json: { recordsIdsAdded: added, recordIdsRemoved: removed, recordIdsMissing: missing },
    };
  }

  add = (request: ApiRequest): Reply => this.#change(request, this.#api.body(request, Ids), []);

  drop = (request: ApiRequest): Reply => this.#change(request, [], this.#api.body(request, Ids));

  addAndDrop = (request: ApiRequest): Reply => {
    const { recordIdsToAdd, recordIdsToRemove } = this.#api.body(request, Change);
    return this.#change(request, recordIdsToAdd, recordIdsToRemove);
  };

  clear = (request: ApiRequest): Reply => {
    this.#change(request, [], [...this.#find(request).members.keys()]);
    return { status: 204 };
  };

  #listsWith(type: ObjectType, record: PortalRecord) {
    const lists = this.#lists
      .all()
      .filter((list) => list.type === type && this.#lists.isMember(list, record));
    return lists.map((list) => {
      const time = iso(list.members.get(record.id) ?? record.updatedAt);
      return {
        listId: list.listId,
        listVersion: list.version,
        firstAddedTimestamp: time,
        lastAddedTimestamp: time,
      };
    });
  }

  listsOfRecord = (request: ApiRequest): Reply => {
    const type = this.#api.objectType(request, 'objectTypeId');
    const record = this.#api.portal.records[type].find(request.params.recordId ?? '') ?? notFound();
    const results = this.#listsWith(type, record);
    return { status: 200, json: { total: results.length, results } };
  };

  listsOfRecords = (request: ApiRequest): Reply => {
    const { inputs } = this.#api.body(request, RecordIds);
    this.#api.checkBatch(
      request,
      inputs.map(({ objectTypeId, recordId }) => `${objectTypeId}/${recordId}`),
      RECORDS_BATCH,
    );
    const results: unknown[] = [];
    const errors: RowError[] = [];
    for (const { objectTypeId, recordId } of inputs) {
      const type = objectType(objectTypeId);
      const record = type && this.#api.portal.records[type].find(recordId);
      if (record)
        results.push({ objectTypeId, recordId, recordListMemberships: this.#listsWith(type, record) });
      else
        errors.push({
          status: 404,
          category: 'OBJECT_NOT_FOUND',
          message: 'No such record',
          context: { ids: [recordId] },
        });
    }
    this.#api.journal.rowsRead(results.length);
    return this.#api.batchReply(request, results, errors);
  };
}

export const listEndpoints = (api: Api, lists: ListStore): HubspotEndpoint[] => {
  const path = '/crm/lists/:version';
  const one = `${path}/:listId`;
  const reads = { kind: 'read', budget: 'general', scope: 'crm.lists.read' } as const;
  const writes = { kind: 'write', budget: 'general', scope: 'crm.lists.write' } as const;
  const does = new ListApi(api, lists);
  return [
    { ...writes, method: 'post', path, name: 'lists create', handle: does.create },
    { ...reads, method: 'get', path, name: 'lists read many', handle: does.readMany },
    { ...reads, method: 'post', path: `${path}/search`, name: 'lists search', handle: does.search },
    {
      ...reads,
      method: 'get',
      path: `${path}/object-type-id/:objectTypeId/name/:listName`,
      name: 'lists read by name',
      handle: does.readByName,
    },
    {
      ...reads,
      method: 'get',
      path: `${path}/records/:objectTypeId/:recordId/memberships`,
      name: 'lists of record',
      handle: does.listsOfRecord,
    },
    {
      ...reads,
      method: 'post',
      path: `${path}/records/memberships/batch/read`,
      name: 'lists of records',
      handle: does.listsOfRecords,
    },
    { ...reads, method: 'get', path: one, name: 'lists read', handle: does.read },
    { ...writes, method: 'delete', path: one, name: 'lists delete', handle: does.remove },
    { ...writes, method: 'put', path: `${one}/restore`, name: 'lists restore', handle: does.restore },
    { ...writes, method: 'put', path: `${one}/update-list-name`, name: 'lists rename', handle: does.rename },
    {
      ...writes,
      method: 'put',
      path: `${one}/update-list-filters`,
      name: 'lists update filters',
      handle: does.updateFilters,
    },
    { ...reads, method: 'get', path: `${one}/memberships`, name: 'list members', handle: does.members },
    {
      ...writes,
      method: 'delete',
      path: `${one}/memberships`,
      name: 'list members clear',
      handle: does.clear,
    },
    { ...writes, method: 'put', path: `${one}/memberships/add`, name: 'list members add', handle: does.add },
    {
      ...writes,
      method: 'put',
      path: `${one}/memberships/remove`,
      name: 'list members remove',
      handle: does.drop,
    },
    {
      ...writes,
      method: 'put',
      path: `${one}/memberships/add-and-remove`,
      name: 'list members add and remove',
      handle: does.addAndDrop,
    },
  ];
};
