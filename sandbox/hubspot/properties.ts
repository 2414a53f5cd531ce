import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { type Api, type HubspotEndpoint, objectScope } from './api.ts';
import { type Definition, define, type Option, shownDefinition } from './definitions.ts';
import { errorReply, invalid, notFound, type RowError, refuse } from './errors.ts';
import { OBJECTS, type ObjectType } from './object-types.ts';

export const MOST_CUSTOM_PROPERTIES = 1_000;
const MOST_UNIQUE_PROPERTIES = 10;
const BATCH = 100;

const OptionInput = z.object({
  label: z.string().min(1),
  value: z.string().min(1),
  description: z.string().default(''),
  displayOrder: z.int().optional(),
  hidden: z.boolean(),
});
const Definable = z.object({
  label: z.string().min(1),
  type: z.enum(['string', 'number', 'date', 'datetime', 'enumeration', 'bool']),
  fieldType: z.enum([
    'text',
    'textarea',
    'number',
    'date',
    'select',
    'radio',
    'checkbox',
    'booleancheckbox',
    'file',
    'html',
    'phonenumber',
    'calculation_equation',
  ]),
  groupName: z.string(),
  description: z.string(),
  displayOrder: z.int(),
  hidden: z.boolean(),
  formField: z.boolean(),
  options: z.array(OptionInput),
});
const Create = Definable.extend({
  name: z.string(),
  description: z.string().default(''),
  displayOrder: z.int().default(-1),
  hidden: z.boolean().default(false),
  formField: z.boolean().default(false),
  hasUniqueValue: z.boolean().default(false),
  options: z.array(OptionInput).default([]),
});
/** What is not named stays as it is. */
const Update = Definable.partial();
const GroupInput = z.object({ name: z.string(), label: z.string(), displayOrder: z.int().default(-1) });
const Names = z.object({ inputs: z.array(z.object({ name: z.string() })) });

const FIELD_TYPES: Record<z.infer<typeof Create>['type'], string[]> = {
  string: ['text', 'textarea', 'html', 'phonenumber', 'file', 'calculation_equation'],
  number: ['number', 'calculation_equation'],
  date: ['date'],
  datetime: ['date'],
  enumeration: ['select', 'radio', 'checkbox', 'booleancheckbox'],
  bool: ['booleancheckbox', 'radio', 'select'],
};

const live = (api: Api, type: ObjectType) =>
  [...api.portal.definitions[type].values()].filter((definition) => definition.archivedAt === undefined);

export const customCount = (api: Api, type: ObjectType): number =>
  live(api, type).filter((definition) => !definition.hubspotDefined).length;

const find = (api: Api, type: ObjectType, name: string): Definition => {
  const definition = api.portal.definitions[type].get(name);
  if (definition && definition.archivedAt === undefined) return definition;
  return notFound(`Property "${name}" of ${OBJECTS[type].path} does not exist`);
};

const optionsOf = (given: z.infer<typeof OptionInput>[]): Option[] => {
  const twice = given.find((each, index) =>
    given.some((other, at) => at < index && (other.value === each.value || other.label === each.label)),
  );
  if (twice)
    invalid(`Property options must have unique values and labels: "${twice.value}" (${twice.label})`);
  return given.map((option, index) => ({ ...option, displayOrder: option.displayOrder ?? index }));
};

const list =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const isArchived = request.query.get('archived') === 'true';
    const all = [...api.portal.definitions[type].values()];
    const results = all.filter((each) => (each.archivedAt !== undefined) === isArchived).map(shownDefinition);
    return { status: 200, json: { results } };
  };

const read =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json: shownDefinition(find(api, api.objectType(request), request.params.name ?? '')),
  });

const make = (api: Api, request: ApiRequest, type: ObjectType, input: z.infer<typeof Create>): Definition => {
  const { portal } = api;
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(input.name)) {
    invalid(
      `Property name "${input.name}" must begin with a letter and hold only lower case letters, digits and underscores`,
    );
  }
  const before = portal.definitions[type].get(input.name);
  if (before && before.archivedAt === undefined) {
    refuse(409, 'OBJECT_ALREADY_EXISTS', `A property named '${input.name}' already exists.`, {
      subCategory: 'Properties.PROPERTY_EXISTS',
    });
  }
  if (!portal.groups[type].has(input.groupName))
    invalid(`Property group "${input.groupName}" does not exist`);
  if (!FIELD_TYPES[input.type].includes(input.fieldType)) {
    invalid(`Field type ${input.fieldType} is not valid for a property of type ${input.type}`);
  }
  if (customCount(api, type) >= MOST_CUSTOM_PROPERTIES) {
    api.breach(
      request,
      'too_many_properties',
      `The account has reached its limit of ${MOST_CUSTOM_PROPERTIES} custom properties`,
    );
  }
  if (
    input.hasUniqueValue &&
    live(api, type).filter((each) => each.hasUniqueValue).length >= MOST_UNIQUE_PROPERTIES
  ) {
    invalid(`At most ${MOST_UNIQUE_PROPERTIES} properties can have unique values`);
  }
  const now = request.now;
  const definition = define({
    ...input,
    options: optionsOf(input.options),
    createdAt: now,
    updatedAt: now,
    createdUserId: String(9001),
  });
  portal.definitions[type].set(input.name, definition);
  return definition;
};

const create =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const made = make(api, request, api.objectType(request), api.body(request, Create));
    return { status: 201, json: shownDefinition(made) };
  };

const update =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const definition = find(api, type, request.params.name ?? '');
    const input = api.body(request, Update);
    if (definition.hubspotDefined) {
      refuse(
        400,
        'VALIDATION_ERROR',
        `The definition of "${definition.name}" is HubSpot's and cannot be changed`,
      );
    }
    if (input.type && input.type !== definition.type)
      invalid('The type of a property in use cannot be changed');
    if (input.groupName && !api.portal.groups[type].has(input.groupName)) {
      invalid(`Property group "${input.groupName}" does not exist`);
    }
    Object.assign(
      definition,
      input,
      { updatedAt: request.now },
      input.options && { options: optionsOf(input.options) },
    );
    api.portal.records[type].version += 1;
    return { status: 200, json: shownDefinition(definition) };
  };

/** Archived: out of sight, its values kept out of every answer, its name free again. */
export const archiveProperty = (api: Api, type: ObjectType, name: string, now: number): void => {
  const definition = api.portal.definitions[type].get(name);
  if (!definition || definition.archivedAt !== undefined) return;
  api.portal.definitions[type].delete(name);
  definition.archivedAt = now;
  for (const record of api.portal.records[type].byId.values()) delete record.values[name];
  api.portal.records[type].version += 1;
};

const archive =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const definition = find(api, type, request.params.name ?? '');
    if (definition.hubspotDefined)
      refuse(400, 'VALIDATION_ERROR', `"${definition.name}" is HubSpot's and cannot be archived`);
    const uses = api.portal.usesOf(type, definition.name);
    if (uses.length > 0)
      invalid(`Property "${definition.name}" can't be archived: it is used in ${uses.join(', ')}`);
    archiveProperty(api, type, definition.name, request.now);
    return { status: 204 };
  };

const batchRead =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const names = api.body(request, Names).inputs.map(({ name }) => name);
    api.checkBatch(request, names, BATCH);
    const found = live(api, type).filter(({ name }) => names.includes(name));
    const lost = names.filter((name) => !found.some((each) => each.name === name));
    const errors = lost.map(
      (name): RowError => ({
        status: 404,
        category: 'OBJECT_NOT_FOUND',
        message: `Property "${name}" does not exist`,
        context: { name: [name] },
      }),
    );
    return api.batchReply(request, found.map(shownDefinition), errors);
  };

const batchCreate =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const { inputs } = api.body(request, z.object({ inputs: z.array(Create) }));
    api.checkBatch(
      request,
      inputs.map(({ name }) => name),
      BATCH,
    );
    return api.batchReply(
      request,
      inputs.map((input) => shownDefinition(make(api, request, type, input))),
      [],
      201,
    );
  };

const batchArchive =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const names = api.body(request, Names).inputs.map(({ name }) => name);
    api.checkBatch(request, names, BATCH);
    for (const name of names) archiveProperty(api, type, name, request.now);
    return { status: 204 };
  };

const groups =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json: { results: [...api.portal.groups[api.objectType(request)].values()] },
  });

const readGroup =
  (api: Api) =>
  (request: ApiRequest): Reply => ({
    status: 200,
    json:
      api.portal.groups[api.objectType(request)].get(request.params.name ?? '') ??
      notFound('Property group does not exist'),
  });

const createGroup =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const input = api.body(request, GroupInput);
    if (api.portal.groups[type].has(input.name)) {
      return errorReply(
        409,
        'OBJECT_ALREADY_EXISTS',
        `A property group named '${input.name}' already exists.`,
      );
    }
    const group = { ...input, archived: false };
    api.portal.groups[type].set(group.name, group);
    return { status: 201, json: group };
  };

const archiveGroup =
  (api: Api) =>
  (request: ApiRequest): Reply => {
    const type = api.objectType(request);
    const name = request.params.name ?? '';
    if (!api.portal.groups[type].has(name)) notFound('Property group does not exist');
    if (live(api, type).some((each) => each.groupName === name))
      invalid(`Property group "${name}" still has properties`);
    api.portal.groups[type].delete(name);
    return { status: 204 };
  };

export const propertyEndpoints = (api: Api): HubspotEndpoint[] => {
  const path = '/crm/properties/:version/:object';
  const reads = { kind: 'read', budget: 'general', scope: objectScope('schemas', 'read') } as const;
  const writes = { kind: 'write', budget: 'general', scope: objectScope('schemas', 'write') } as const;
  return [
    { ...reads, method: 'get', path, name: 'properties list', handle: list(api) },
    { ...writes, method: 'post', path, name: 'properties create', handle: create(api) },
    { ...reads, method: 'get', path: `${path}/groups`, name: 'property groups list', handle: groups(api) },
    {
      ...writes,
      method: 'post',
      path: `${path}/groups`,
      name: 'property groups create',
      handle: createGroup(api),
    },
    {
      ...reads,
      method: 'get',
      path: `${path}/groups/:name`,
      name: 'property groups read',
      handle: readGroup(api),
    },
    {
      ...writes,
      method: 'delete',
      path: `${path}/groups/:name`,
      name: 'property groups archive',
      handle: archiveGroup(api),
    },
    {
      ...reads,
      method: 'post',
      path: `${path}/batch/read`,
      name: 'properties batch read',
      handle: batchRead(api),
    },
    {
      ...writes,
      method: 'post',
      path: `${path}/batch/create`,
      name: 'properties batch create',
      handle: batchCreate(api),
    },
    {
      ...writes,
      method: 'post',
      path: `${path}/batch/archive`,
      name: 'properties batch archive',
      handle: batchArchive(api),
    },
    { ...reads, method: 'get', path: `${path}/:name`, name: 'properties read', handle: read(api) },
    { ...writes, method: 'patch', path: `${path}/:name`, name: 'properties update', handle: update(api) },
    { ...writes, method: 'delete', path: `${path}/:name`, name: 'properties archive', handle: archive(api) },
  ];
};
