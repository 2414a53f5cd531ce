import type { TargetKind } from '../../connectors/contract.ts';
import { connectorOf } from '../../connectors/registry.ts';
import type { ObjectType } from '../model/record.ts';
import { targetsOf } from '../pipeline/publish/target-choice.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { listConnections } from '../store/connections.ts';
import type { Queryable } from '../store/pool.ts';
import { listTargets, type NewTarget } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';

/** A place where a CRM has no room for what would be written, or shows it otherwise than it is called. */
export type RoomFinding = { connection: string; message: string; action: string; isBlocking: boolean };

/** What a CRM holds. Where its makers say different numbers, or by edition, the lowest stands here and is no law. */
export type RoomFacts = {
  /** Fields that admins and apps make, on one object. */
  fields: { name: string; most: number; isLaw: boolean };
  /** Lists that a CRM keeps of one kind, over all objects. */
  lists: { most: number; isLaw: boolean } | null;
  /** Options of one field. */
  options: number | null;
  /** Characters of names; longer ones are cut. */
  names: { field: number; option: number; list_view: number; campaign: number } | null;
};

/**
 * HubSpot: 1,000 custom properties an object (crm-limits-tracking guide); 1,500 active and 1,500 static lists in
 * Professional and Enterprise (2019; today's figures are not published). Salesforce: custom fields an object by
 * edition, 100 in Professional, 500 in Enterprise, 800 in Unlimited; 1,000 values of a restricted picklist; labels of
 * 40 characters, names of campaigns of 80, of which our mark takes 15.
 */
export const ROOM: Record<string, RoomFacts> = {
  hubspot: {
    fields: { name: 'properties of its own', most: 1_000, isLaw: true },
    lists: { most: 1_500, isLaw: false },
    options: null,
    names: null,
  },
  salesforce: {
    fields: { name: 'custom fields', most: 100, isLaw: false },
    lists: null,
    options: 1_000,
    names: { field: 40, option: 40, list_view: 40, campaign: 65 },
  },
};

/** What is there already, as far as somebody counted; what nobody counted is not judged. */
export type RoomUsed = {
  /** Fields that are no standard ones, by object. */
  fields?: Partial<Record<ObjectType, number>>;
  /** Lists of ours on this connection. */
  lists?: Partial<Record<TargetKind, number>>;
};

const FIELDS = new Set<TargetKind>(['property', 'primary', 'changed_at', 'why']);
const LISTS = new Set<TargetKind>(['dynamic_list', 'manual_list']);

/**
 * Has the CRM room for new targets of a segmentation?
 * @param targets all that it would have on the connection; `fresh` are those that are not there yet
 */
export function roomFor(
  definition: Pick<Segmentation, 'name' | 'segments'>,
  facts: RoomFacts,
  place: {
    connection: string;
    targets: readonly Pick<NewTarget, 'kind' | 'object'>[];
    fresh: readonly Pick<NewTarget, 'kind' | 'object'>[];
    used: RoomUsed;
  },
): RoomFinding[] {
  const { connection, targets, fresh, used } = place;
  const find = (message: string, action: string, isBlocking: boolean): RoomFinding[] => [
    { connection, message, action, isBlocking },
  ];
  const objects = [...new Set(fresh.map(({ object }) => object))];
  const fields = objects.flatMap((object) => {
    const needed = fresh.filter((one) => one.object === object && FIELDS.has(one.kind)).length;
    const there = used.fields?.[object];
    if (needed === 0 || there === undefined || there + needed <= facts.fields.most) return [];
    const { name, most, isLaw } = facts.fields;
    return find(
      `${needed} new ${name} are needed on ${object}; there are ${there}, and ${isLaw ? 'no more than' : 'some editions hold no more than'} ${most}.`,
      `Take away ${name} that nobody uses, or write fewer: without the reason, or without the first label.`,
      isLaw,
    );
  });
  const kinds = [...new Set(fresh.map(({ kind }) => kind))].filter((kind) => LISTS.has(kind));
  const lists = kinds.flatMap((kind) => {
    const needed = fresh.filter((one) => one.kind === kind).length;
    const there = used.lists?.[kind] ?? 0;
    if (facts.lists === null || there + needed <= facts.lists.most) return [];
    return find(
      `${needed} new lists beside ${there} of ours: accounts hold about ${facts.lists.most} of a kind.`,
      'Leave the lists out, and filter on the property where a list is needed.',
      facts.lists.isLaw,
    );
  });
  const isField = targets.some(({ kind }) => kind === 'property');
  const options =
    isField && facts.options !== null && definition.segments.length > facts.options
      ? find(
          `${definition.segments.length} segments; a field holds ${facts.options} values.`,
          'Divide them over several segmentations.',
          true,
        )
      : [];
  return [
    ...fields,
    ...lists,
    ...options,
    ...cutNames(definition, facts, targets).flatMap((cut) => find(cut, CUT, false)),
  ];
}

const CUT = 'Shorten the names, if they are to be read whole there; keys stay as they are.';

/** Names that a CRM has no room for, a sentence for each kind of place. */
function cutNames(
  { name, segments }: Pick<Segmentation, 'name' | 'segments'>,
  { names }: RoomFacts,
  targets: readonly Pick<NewTarget, 'kind'>[],
): string[] {
  if (names === null) return [];
  const has = (kind: TargetKind): boolean => targets.some((target) => target.kind === kind);
  const pairs = segments.map((segment) => `${name}: ${segment.name}`);
  const places = [
    { what: 'the label of the field', most: names.field, shown: has('property') ? [name] : [] },
    {
      what: 'the label of the value',
      most: names.option,
      shown: has('property') ? segments.map((segment) => segment.name) : [],
    },
    { what: 'the name of the list view', most: names.list_view, shown: has('list_view') ? pairs : [] },
    { what: 'the name of the campaign', most: names.campaign, shown: has('campaign') ? pairs : [] },
  ];
  return places.flatMap(({ what, most, shown }) => {
    const long = shown.filter((text) => text.length > most);
    const [first] = long;
    if (first === undefined) return [];
    const others = long.length > 1 ? `, and ${long.length - 1} more` : '';
    return [`"${first}"${others}: ${what} is cut to ${most} characters.`];
  });
}

/**
 * roomFor on every connection, with what the store knows of it: our own fields and lists.
 * @param counted by connection id, what somebody counted in the CRM itself
 */
export async function readRoom(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  counted: ReadonlyMap<string, RoomUsed> = new Map(),
): Promise<RoomFinding[]> {
  const present = await listTargets(db, tenant);
  const nameOf = (target: NewTarget): string =>
    JSON.stringify([target.connectionId, target.segmentation, target.segment, target.kind, target.object]);
  const known = new Set(present.map(nameOf));
  return (await listConnections(db, tenant)).flatMap(({ id, name, system }) => {
    const facts = ROOM[system];
    if (facts === undefined) return [];
    const targets = targetsOf(definition, id, connectorOf(system));
    const ours = present.filter(({ connectionId, state }) => connectionId === id && state !== 'paused');
    const count = (of: (target: (typeof ours)[number]) => boolean): number => ours.filter(of).length;
    const fieldsOn = (object: ObjectType): number =>
      count((target) => target.object === object && FIELDS.has(target.kind));
    const used: RoomUsed = {
      fields: { contact: fieldsOn('contact'), company: fieldsOn('company'), ...counted.get(id)?.fields },
      lists: {
        dynamic_list: count(({ kind }) => kind === 'dynamic_list'),
        manual_list: count(({ kind }) => kind === 'manual_list'),
        ...counted.get(id)?.lists,
      },
    };
    const fresh = targets.filter((target) => !known.has(nameOf(target)));
    return roomFor(definition, facts, { connection: name, targets, fresh, used });
  });
}
