import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Prepared, PrepareTarget } from '../contract.ts';
import { PROPERTY_GROUP, PROPERTY_NAMES } from './app.ts';
import { API_VERSION, call } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { markLists } from './list-marks.ts';
import { prepareList } from './lists.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';
import {
  HubSpotProperty,
  isOurs,
  listProperties,
  markerOf,
  type PropertyOption,
  propertyPath,
} from './properties.ts';
import { PropertyRemote } from './remotes.ts';

/** What a property of ours has to be. */
type Wanted = {
  name: string;
  label: string;
  type: 'enumeration' | 'datetime' | 'string';
  fieldType: 'select' | 'checkbox' | 'date' | 'textarea';
  options: { value: string; label: string; hidden: boolean }[];
};

/**
 * Makes sure that each target is there: what is missing is made, if allowed; options are added and hidden, never
 * deleted; a property of the same name that is not ours is left alone and needs a person. Nothing is written where
 * nothing is to be changed.
 */
export async function prepareHubSpot(
  context: Context<HubSpotConfig>,
  targets: PrepareTarget[],
): Promise<Prepared[]> {
  const known = new Map<ObjectType, HubSpotProperty[]>();
  const prepared = new Map<string, Prepared>();
  const prepareOne = async (target: PrepareTarget) => {
    const properties = known.get(target.object) ?? (await listProperties(context, target.object));
    known.set(target.object, properties);
    return isList(target)
      ? prepareList(context, target, properties)
      : prepareProperty(context, target, properties);
  };
  // Lists filter on properties, so these come first.
  const ordered = [...targets].sort((a, b) => Number(isList(a)) - Number(isList(b)));
  for (const target of ordered) prepared.set(target.id, await orNeedsYou(target, () => prepareOne(target)));
  await markLists(context, targets, prepared, known);
  return targets.flatMap(({ id }) => prepared.get(id) ?? []);
}

/**
 * What HubSpot refuses for good of one target (a right that was taken away, a rule of the account, a free
 * subscription) is that target's own affair: the others are prepared and written.
 */
async function orNeedsYou(target: PrepareTarget, prepare: () => Promise<Prepared>): Promise<Prepared> {
  try {
    return await prepare();
  } catch (error) {
    const isRefused = error instanceof RemoteError && !error.retryable && error.status >= 400;
    if (!isRefused) throw error;
    return needsYou(target, error.message, error.action);
  }
}

const isList = ({ kind }: PrepareTarget) => kind === 'dynamic_list' || kind === 'manual_list';

function wantedOf({ kind, segmentation, segments }: PrepareTarget): Wanted {
  if (kind === 'changed_at') {
    return {
      name: PROPERTY_NAMES.changedAt,
      label: 'Segments changed',
      type: 'datetime',
      fieldType: 'date',
      options: [],
    };
  }
  if (kind === 'why') {
    return {
      name: PROPERTY_NAMES.why(segmentation.key),
      label: `${segmentation.name}: why`,
      type: 'string',
      fieldType: 'textarea',
      options: [],
    };
  }
  return {
    name: PROPERTY_NAMES.label(segmentation.key),
    label: segmentation.name,
    type: 'enumeration',
    fieldType: segmentation.labels === 'many' ? 'checkbox' : 'select',
    options: optionsOf(segments),
  };
}

/** Values are keys, labels names. */
const optionsOf = (segments: PrepareTarget['segments']): Wanted['options'] =>
  segments.map(({ key, name, retired = false }) => ({ value: key, label: name, hidden: retired }));

/** HubSpot wants labels to be different from each other, and from those of options that somebody else added. */
function toldApart(options: Wanted['options'], others: readonly PropertyOption[]): Wanted['options'] {
  const count = new Map<string, number>();
  const plain = (label: string) => label.trim().toLowerCase();
  for (const { label } of [...options, ...others])
    count.set(plain(label), (count.get(plain(label)) ?? 0) + 1);
  return options.map((option) => ({
    ...option,
    label: (count.get(plain(option.label)) ?? 0) > 1 ? `${option.label} (${option.value})` : option.label,
  }));
}

async function prepareProperty(
  context: Context<HubSpotConfig>,
  target: PrepareTarget,
  properties: HubSpotProperty[],
): Promise<Prepared> {
  const wanted = wantedOf(target);
  const remote: PropertyRemote = { kind: 'property', property: wanted.name, type: wanted.type };
  const ready: Prepared = { id: target.id, state: 'ready', remote };
  const existing = properties.find(({ name }) => name === wanted.name);
  if (existing === undefined) {
    if (!target.mayCreate) return needsYou(target, ...mayNotCreate(wanted, target.object));
    const full = await noRoom(context, target.object);
    if (full !== null) return needsYou(target, ...full);
    properties.push(await create(context, target.object, wanted));
    return { ...ready, made: true };
  }
  const remembered = PropertyRemote.safeParse(target.remote);
  const isRemembered = remembered.success && remembered.data.property === wanted.name;
  if (!isOurs(existing) && !isRemembered) return needsYou(target, ...foreign(wanted, target.object));
  if (existing.type !== wanted.type) return needsYou(target, ...otherType(existing, wanted, target.object));
  const change = changeOf(existing, wanted);
  if (change === null) return ready;
  const path = propertyPath(target.object, `/${wanted.name}`);
  const { data } = await call(
    context,
    { method: 'PATCH', path, write: true, idempotent: true, rows: 1, body: change },
    HubSpotProperty,
  );
  properties.splice(properties.indexOf(existing), 1, data);
  return ready;
}

const needsYou = (target: PrepareTarget, message: string, action: string): Prepared => ({
  id: target.id,
  state: 'needs_you',
  remote: target.remote,
  message,
  action,
});

const mayNotCreate = ({ name, label, type, fieldType }: Wanted, object: ObjectType): [string, string] => [
  `HubSpot has no ${object} property ${name} yet, and Segment Sync was not allowed to make it.`,
  `Allow Segment Sync to make properties, or make it in HubSpot: "${label}", internal name ${name}, type ${type} (${fieldType}), with ${markerOf(name)} in its description.`,
];

const foreign = ({ name }: Wanted, object: ObjectType): [string, string] => [
  `HubSpot already has a ${object} property ${name} that Segment Sync did not make. It stays as it is.`,
  `Delete that property in HubSpot, use another key for the segmentation, or put ${markerOf(name)} into the property's description to let Segment Sync use it.`,
];

const otherType = (
  existing: HubSpotProperty,
  { name, type }: Wanted,
  object: ObjectType,
): [string, string] => [
  `The ${object} property ${name} is of type ${existing.type} now; Segment Sync needs ${type}.`,
  'Delete the property in HubSpot; it is then made again.',
];

async function create(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  wanted: Wanted,
): Promise<HubSpotProperty> {
  await ensureGroup(context, object);
  const body = {
    ...wanted,
    groupName: PROPERTY_GROUP.name,
    description: `Kept by Segment Sync; changes by hand may be replaced. ${markerOf(wanted.name)}`,
    options: toldApart(wanted.options, []).map((option, displayOrder) => ({ ...option, displayOrder })),
  };
  const path = propertyPath(object);
  const { data } = await call(context, { method: 'POST', path, write: true, rows: 1, body }, HubSpotProperty);
  return data;
}

const Groups = z.object({ results: z.array(z.object({ name: z.string() })) });

async function ensureGroup(context: Context<HubSpotConfig>, object: ObjectType): Promise<void> {
  const path = propertyPath(object, '/groups');
  const { data } = await call(context, { method: 'GET', path }, Groups);
  if (data.results.some(({ name }) => name === PROPERTY_GROUP.name)) return;
  const body = { ...PROPERTY_GROUP, displayOrder: -1 };
  await call(context, { method: 'POST', path, write: true, rows: 1, body }, z.unknown());
}

/** What to change; null for nothing. Options that we don't know stay: they may be in use. */
function changeOf(existing: HubSpotProperty, wanted: Wanted): object | null {
  const wantedValues = new Set(wanted.options.map(({ value }) => value));
  const others = existing.options.filter(({ value }) => !wantedValues.has(value));
  const isSame = (a: Wanted['options'][number], b: PropertyOption | undefined) =>
    b !== undefined && a.label === b.label && a.hidden === b.hidden;
  const options = toldApart(wanted.options, others);
  const optionsDiffer = options.some(
    (option) =>
      !isSame(
        option,
        existing.options.find(({ value }) => value === option.value),
      ),
  );
  // What people wrote about an option stays with it.
  const descriptionOf = (value: string) =>
    existing.options.find((option) => option.value === value)?.description ?? '';
  const change = {
    ...(existing.label !== wanted.label && { label: wanted.label }),
    ...(existing.fieldType !== wanted.fieldType && { type: wanted.type, fieldType: wanted.fieldType }),
    ...(optionsDiffer && {
      options: [...options, ...others].map(({ value, label, hidden }, displayOrder) => ({
        value,
        label,
        description: descriptionOf(value),
        hidden,
        displayOrder,
      })),
    }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

const Limits = z.object({
  byObjectType: z.array(z.object({ objectTypeId: z.string(), limit: z.number(), usage: z.number() })),
  overallLimit: z.number(),
  overallUsage: z.number(),
});

/** Why the account has no room for another property; null where it has. */
export async function noRoom(
  context: Context<HubSpotConfig>,
  object: ObjectType,
): Promise<[string, string] | null> {
  const limits = await readLimits(context);
  if (limits === null) return null;
  const own = limits.byObjectType.find(({ objectTypeId }) => objectTypeId === HUBSPOT_OBJECTS[object].typeId);
  const isFull = limits.overallUsage >= limits.overallLimit || (own !== undefined && own.usage >= own.limit);
  if (!isFull) return null;
  const used = own ? `${own.usage} of ${own.limit}` : `${limits.overallUsage} of ${limits.overallLimit}`;
  return [
    `The HubSpot account has no room for another ${object} property (${used} used).`,
    'Delete custom properties that nobody uses, then try again.',
  ];
}

async function readLimits(context: Context<HubSpotConfig>): Promise<z.infer<typeof Limits> | null> {
  try {
    const path = `/crm/limits/${API_VERSION}/custom-properties`;
    return (await call(context, { method: 'GET', path }, Limits)).data;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    // Not every account may read its limits, and nothing hangs on how they are told: HubSpot then says so when the
    // property is made.
    const isUnanswered = !error.retryable && error.status >= 400;
    if (isUnanswered || error.code === 'unexpected_shape') return null;
    throw error;
  }
}
