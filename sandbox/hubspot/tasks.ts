import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import type { Api, HubspotEndpoint } from './api.ts';
import { invalid, refuse } from './errors.ts';
import type { ObjectType } from './object-types.ts';

/** A task as the portal keeps it. */
export type PortalTask = {
  id: string;
  properties: Record<string, string>;
  to: { type: ObjectType; id: string }[];
};

const FIRST_ID = 80_900_000_001;
const BATCH = 100;
const STATUSES = ['NOT_STARTED', 'IN_PROGRESS', 'WAITING', 'COMPLETED', 'DEFERRED'];
const LONGEST_BODY = 65_536;

/** From a task to each object. */
const TYPES = new Map<number, ObjectType>([
  [204, 'contact'],
  [192, 'company'],
  [216, 'deal'],
]);

const Create = z.object({
  properties: z.record(z.string(), z.string()),
  associations: z
    .array(
      z.object({
        to: z.object({ id: z.string() }),
        types: z.array(z.object({ associationCategory: z.string(), associationTypeId: z.int() })).min(1),
      }),
    )
    .default([]),
});
const BatchCreate = z.object({ inputs: z.array(Create) });
const Read = z.object({
  inputs: z.array(z.object({ id: z.string() })),
  properties: z.array(z.string()).default([]),
});
const Linked = z.object({ inputs: z.array(z.object({ id: z.string(), after: z.string().optional() })) });
/** Tasks of one record on one page. */
const LINKED_PAGE = 500;

const create =
  (api: Api, tasks: PortalTask[]) =>
  (request: ApiRequest): Reply => ({
    status: 201,
    json: createOne(api, tasks, request, api.body(request, Create)),
  });

const batchCreate =
  (api: Api, tasks: PortalTask[]) =>
  (request: ApiRequest): Reply => {
    const { inputs } = api.body(request, BatchCreate);
    api.checkBatch(
      request,
      inputs.map((_, index) => String(index)),
      BATCH,
    );
    const made = inputs.map((input) => createOne(api, tasks, request, input));
    return { ...api.batchReply(request, made, []), status: 201 };
  };

function createOne(
  api: Api,
  tasks: PortalTask[],
  request: ApiRequest,
  { properties, associations }: z.infer<typeof Create>,
) {
  if (Number.isNaN(Date.parse(properties.hs_timestamp ?? '')))
    invalid('Property values were not valid: hs_timestamp is required');
  if (!STATUSES.includes(properties.hs_task_status ?? 'NOT_STARTED'))
    invalid(
      `Property values were not valid: ${properties.hs_task_status} was not one of the allowed options`,
    );
  if ((properties.hs_task_body ?? '').length > LONGEST_BODY)
    invalid('Property values were not valid: hs_task_body is too long');
  const owner = properties.hubspot_owner_id;
  if (owner !== undefined && !api.portal.owners.some(({ id }) => id === owner))
    invalid(`Property values were not valid: there is no owner ${owner}`);
  const to = associations.flatMap((one) =>
    one.types.map(({ associationTypeId }) => {
      const type = TYPES.get(associationTypeId) ?? invalid(`No association type ${associationTypeId}`);
      const record = api.portal.records[type].find(one.to.id);
      if (!record || record.archivedAt !== undefined)
        return refuse(404, 'OBJECT_NOT_FOUND', `No ${type} with ID ${one.to.id} exists`);
      return { type, id: record.id };
    }),
  );
  const task: PortalTask = { id: String(FIRST_ID + tasks.length), properties, to };
  tasks.push(task);
  api.journal.rowsWritten(1);
  return shown(task, request.now);
}

const batchRead =
  (api: Api, tasks: PortalTask[]) =>
  (request: ApiRequest): Reply => {
    const { inputs } = api.body(request, Read);
    const ids = inputs.map(({ id }) => id);
    api.checkBatch(request, ids, BATCH);
    const found = tasks.filter(({ id }) => ids.includes(id));
    api.journal.rowsRead(found.length);
    return api.batchReply(
      request,
      found.map((task) => shown(task, request.now)),
      [],
    );
  };

const linked =
  (api: Api, tasks: PortalTask[]) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { inputs } = api.body(request, Linked);
    const results = inputs.flatMap(({ id, after }) => {
      const own = tasks.filter(({ to }) => to.some((one) => one.type === type && one.id === id));
      const start = Number(after ?? 0);
      const end = start + LINKED_PAGE;
      const to = own.slice(start, end).map((task) => ({ toObjectId: task.id, associationTypes: [] }));
      if (to.length === 0) return [];
      return [{ from: { id }, to, ...(own.length > end && { paging: { next: { after: String(end) } } }) }];
    });
    return api.batchReply(request, results, []);
  };

const shown = ({ id, properties }: PortalTask, now: number) => ({
  id,
  properties: { ...properties, hs_object_id: id },
  createdAt: new Date(now).toISOString(),
  updatedAt: new Date(now).toISOString(),
  archived: false,
});

/** Tasks need the rights to contacts, whatever they are about. Before the objects, whose paths would take these. */
export const taskEndpoints = (api: Api): HubspotEndpoint[] => {
  const { tasks } = api.portal;
  const reads = {
    kind: 'read',
    budget: 'general',
    scope: 'crm.objects.contacts.read',
    method: 'post',
  } as const;
  return [
    {
      method: 'post',
      kind: 'write',
      budget: 'general',
      scope: 'crm.objects.contacts.write',
      path: '/crm/objects/:version/tasks',
      name: 'tasks create',
      handle: create(api, tasks),
    },
    {
      method: 'post',
      kind: 'write',
      budget: 'general',
      scope: 'crm.objects.contacts.write',
      path: '/crm/objects/:version/tasks/batch/create',
      name: 'tasks batch create',
      handle: batchCreate(api, tasks),
    },
    {
      ...reads,
      path: '/crm/objects/:version/tasks/batch/read',
      name: 'tasks read',
      handle: batchRead(api, tasks),
    },
    {
      ...reads,
      path: '/crm/associations/:version/:object/tasks/batch/read',
      name: 'tasks of records',
      handle: linked(api, tasks),
    },
  ];
};
