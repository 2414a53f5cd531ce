import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Json, Prepared, PrepareTarget } from '../contract.ts';
import { PROPERTY_NAMES } from './app.ts';
import { API_VERSION, call, isNotFound } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { markedListId } from './list-marks.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';
import type { HubSpotProperty } from './properties.ts';
import { ListRemote, PropertyRemote } from './remotes.ts';

const MEMBERS_PAGE = 250;
/** Tried one after the other where another list has the name already. */
const NAME_ENDINGS = ['', ' (2)', ' (3)', ' (4)', ' (5)'];

export const listPath = (rest = '') => `/crm/lists/${API_VERSION}${rest}`;

const HubSpotList = z.object({
  listId: z.coerce.string(),
  name: z.string(),
  processingType: z.string(),
  objectTypeId: z.string().optional(),
  size: z.number().optional(),
  filterBranch: z.unknown().optional(),
});
type HubSpotList = z.infer<typeof HubSpotList>;
const ListAnswer = z.object({ list: HubSpotList });

type Filter = { filterType: 'PROPERTY'; property: string; operation: Record<string, Json> };

/**
 * Properties that keep a record out of any list of ours when they are true. An empty one means that nobody
 * objected: HubSpot leaves an opt-out empty until someone opts out.
 */
const OBJECTIONS: Record<ObjectType, readonly string[]> = {
  contact: ['hs_email_optout', 'do_not_profile', 'no_profiling', 'do_not_process', 'no_processing'],
  company: ['do_not_profile', 'no_profiling', 'do_not_process', 'no_processing'],
  deal: [],
};

/** "Not true", for a yes-or-no property and for a single checkbox. */
const NOT_TRUE: Record<string, Record<string, Json>> = {
  bool: { operationType: 'BOOL', operator: 'IS_EQUAL_TO', value: false, includeObjectsWithNoValueSet: true },
  enumeration: {
    operationType: 'ENUMERATION',
    operator: 'IS_NONE_OF',
    values: ['true'],
    includeObjectsWithNoValueSet: true,
  },
};

/** A list for one segment: DYNAMIC on our property, or MANUAL with members that we write. */
export async function prepareList(
  context: Context<HubSpotConfig>,
  target: PrepareTarget,
  properties: HubSpotProperty[],
): Promise<Prepared> {
  const needsYou = (message: string, action: string): Prepared => ({
    id: target.id,
    state: 'needs_you',
    remote: target.remote,
    message,
    action,
  });
  const filterBranch = target.kind === 'dynamic_list' ? filterOf(target, properties) : null;
  if (filterBranch === 'no_property') {
    return needsYou(
      `The list for ${target.segmentation.name} needs its property first.`,
      'Write the segmentation to a property of this connection too.',
    );
  }
  const remembered = ListRemote.safeParse(target.remote);
  const list = remembered.success
    ? await readList(context, `/${remembered.data.listId}`)
    : await findOurs(context, target, properties, filterBranch);
  if (list === null) {
    if (!target.mayCreate) {
      const action = 'Allow Segment Sync to make lists under Connections.';
      return needsYou(
        'HubSpot has no list for this segment, and Segment Sync was not allowed to make it.',
        action,
      );
    }
    return createList(context, target, filterBranch, needsYou);
  }
  if (filterBranch !== null && !holds(list.filterBranch, filterBranch)) {
    await call(
      context,
      {
        method: 'PUT',
        path: listPath(`/${list.listId}/update-list-filters`),
        write: true,
        rows: 1,
        body: { filterBranch },
      },
      z.unknown(),
    );
  }
  return { id: target.id, state: 'ready', remote: remoteOf(list) };
}

const remoteOf = ({ listId, name }: HubSpotList): ListRemote => ({ kind: 'list', listId, name });

const nameOf = ({ segmentation, segments }: PrepareTarget) =>
  `${segmentation.name}: ${segments[0]?.name ?? ''} (Segment Sync)`;

/** The label, and no objection. */
function filterOf(target: PrepareTarget, properties: HubSpotProperty[]): Json | 'no_property' {
  const parsed = PropertyRemote.safeParse(target.property);
  const name = parsed.success ? parsed.data.property : PROPERTY_NAMES.label(target.segmentation.key);
  const [segment] = target.segments;
  if (segment === undefined || !properties.some((property) => property.name === name)) return 'no_property';
  const label: Filter = {
    filterType: 'PROPERTY',
    property: name,
    operation: {
      operationType: 'ENUMERATION',
      operator: 'IS_ANY_OF',
      values: [segment.key],
      includeObjectsWithNoValueSet: false,
    },
  };
  const objections = OBJECTIONS[target.object]
    .flatMap((name) => properties.find((property) => property.name === name) ?? [])
    .flatMap((property): Filter[] => {
      const operation = NOT_TRUE[property.type];
      return operation ? [{ filterType: 'PROPERTY', property: property.name, operation }] : [];
    });
  return {
    filterBranchType: 'OR',
    filterBranchOperator: 'OR',
    filters: [],
    filterBranches: [
      {
        filterBranchType: 'AND',
        filterBranchOperator: 'AND',
        filterBranches: [],
        filters: [label, ...objections],
      },
    ],
  };
}

/**
 * Does HubSpot's filter say at least what ours says? It may come back with more fields than were sent, and in another
 * order: filters of a branch hold all together, and values are a set.
 */
function holds(theirs: unknown, ours: unknown): boolean {
  if (Array.isArray(ours)) {
    return (
      Array.isArray(theirs) &&
      theirs.length === ours.length &&
      ours.every((each) => theirs.some((their) => holds(their, each)))
    );
  }
  if (typeof ours !== 'object' || ours === null) return isDeepStrictEqual(theirs, ours);
  if (typeof theirs !== 'object' || theirs === null) return false;
  const fields = new Map<string, unknown>(Object.entries(theirs));
  return Object.entries(ours).every(([name, value]) => holds(fields.get(name), value));
}

async function readList(context: Context<HubSpotConfig>, rest: string): Promise<HubSpotList | null> {
  try {
    const query = { includeFilters: true };
    return (await call(context, { method: 'GET', path: listPath(rest), query }, ListAnswer)).data.list;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

const byName = (context: Context<HubSpotConfig>, object: ObjectType, name: string) =>
  readList(context, `/object-type-id/${HUBSPOT_OBJECTS[object].typeId}/name/${encodeURIComponent(name)}`);

/**
 * A list that an earlier installation made, or that we made without hearing of it, as the answer was lost: it is
 * marked as ours, or it has our name, and our filter or nobody in it. Any other list of that name is somebody's own.
 */
async function findOurs(
  context: Context<HubSpotConfig>,
  target: PrepareTarget,
  properties: HubSpotProperty[],
  filterBranch: Json,
): Promise<HubSpotList | null> {
  const markedId = filterBranch === null ? markedListId(target, properties) : null;
  const marked = markedId === null ? null : await readList(context, `/${markedId}`);
  const { typeId } = HUBSPOT_OBJECTS[target.object];
  if (marked?.processingType === 'MANUAL' && marked.objectTypeId === typeId) return marked;
  const list = await byName(context, target.object, nameOf(target));
  if (list === null) return null;
  const isManual = filterBranch === null && list.processingType === 'MANUAL' && list.size === 0;
  const isDynamic =
    filterBranch !== null && list.processingType === 'DYNAMIC' && holds(list.filterBranch, filterBranch);
  return isManual || isDynamic ? list : null;
}

async function createList(
  context: Context<HubSpotConfig>,
  target: PrepareTarget,
  filterBranch: Json,
  needsYou: (message: string, action: string) => Prepared,
): Promise<Prepared> {
  const processingType = filterBranch === null ? 'MANUAL' : 'DYNAMIC';
  for (const ending of NAME_ENDINGS) {
    const name = nameOf(target) + ending;
    if ((await byName(context, target.object, name)) !== null) continue;
    const body = {
      name,
      objectTypeId: HUBSPOT_OBJECTS[target.object].typeId,
      processingType,
      ...(filterBranch !== null && { filterBranch }),
    };
    try {
      const { data } = await call(
        context,
        { method: 'POST', path: listPath(), write: true, rows: 1, body },
        ListAnswer,
      );
      return { id: target.id, state: 'ready', remote: remoteOf(data.list) };
    } catch (error) {
      const isRefused =
        error instanceof RemoteError && !error.retryable && [400, 402, 403].includes(error.status);
      if (!isRefused) throw error;
      const action = 'Look whether the account has room for another list, or leave the lists out.';
      return needsYou(error.message, action);
    }
  }
  const action = `Rename or delete the lists called "${nameOf(target)}".`;
  return needsYou('HubSpot has other lists of every name that we would use.', action);
}

const Members = z.object({
  results: z.array(z.object({ recordId: z.union([z.string(), z.number()]).transform(String) })),
  paging: z.object({ next: z.object({ after: z.coerce.string() }).optional() }).optional(),
});

/** Ids of a list's members, page by page. */
export async function* membersOfHubSpot(
  context: Context<HubSpotConfig>,
  target: { remote: Json },
): AsyncGenerator<string[], void, void> {
  const { listId } = ListRemote.parse(target.remote);
  let after: string | undefined;
  do {
    const query = { limit: MEMBERS_PAGE, ...(after !== undefined && { after }) };
    const path = listPath(`/${listId}/memberships`);
    const { data } = await call(context, { method: 'GET', path, query, rows: MEMBERS_PAGE }, Members);
    yield data.results.map(({ recordId }) => recordId);
    after = data.paging?.next?.after;
  } while (after !== undefined);
}
