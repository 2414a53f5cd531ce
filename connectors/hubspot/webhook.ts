import { z } from 'zod';
import type { ObjectType } from '../../src/model/record.ts';
import type { WebhookEvent } from '../contract.ts';
import { PRIVACY_EVENT } from './app.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';

/** HubSpot promises at most this many in one post. */
const MOST_EVENTS = 100;

const Id = z.union([z.number().int().nonnegative().transform(String), z.string().regex(/^\d{1,20}$/)]);

/**
 * One event. Only what decides what to read again is kept: values are read from HubSpot itself, for events come
 * twice, late and in any order.
 */
const Event = z.object({
  portalId: Id,
  /** A change of an association names its two ends instead. */
  objectId: Id.nullish(),
  subscriptionType: z.string().nullish(),
  eventType: z.string().nullish(),
  objectTypeId: z.string().nullish(),
  propertyName: z.string().nullish(),
  propertyValue: z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]).nullish(),
  associationType: z.string().nullish(),
  fromObjectId: Id.nullish(),
  fromObjectTypeId: z.string().nullish(),
  toObjectId: Id.nullish(),
  toObjectTypeId: z.string().nullish(),
  primaryObjectId: Id.nullish(),
  mergedObjectIds: z.array(Id).max(1_000).nullish(),
  newObjectId: Id.nullish(),
});
type Event = z.infer<typeof Event>;

const Events = z.array(z.unknown()).max(MOST_EVENTS);

const OBJECT_TYPES: readonly ObjectType[] = ['contact', 'company', 'deal'];
const byTypeId = new Map(OBJECT_TYPES.map((object) => [HUBSPOT_OBJECTS[object].typeId, object]));

/**
 * Which records the events are about. Events that we do not know, or of objects that we do not keep, are left out:
 * refusing a post for them would have all the others sent again for a day.
 * @throws ZodError where the body is no list of at most 100
 */
export function parseHubSpotEvents(body: Buffer): WebhookEvent[] {
  return Events.parse(JSON.parse(body.toString('utf8'))).flatMap((given) => {
    const event = Event.safeParse(given);
    return event.success ? toEvents(event.data) : [];
  });
}

function toEvents(event: Event): WebhookEvent[] {
  const type = event.subscriptionType ?? event.eventType ?? '';
  const accountId = event.portalId;
  const [name = '', action = ''] = type.split('.');
  if (action === 'associationChange') return associationEvents(event, name);
  const given = [event.objectId, event.primaryObjectId, event.newObjectId, ...(event.mergedObjectIds ?? [])];
  const ids = [...new Set(given.flatMap((id) => id ?? []))];
  if (ids.length === 0) return [];
  if (type === PRIVACY_EVENT) return [{ accountId, object: 'contact', ids, what: 'erased', property: null }];
  const object = objectNamed(name) ?? objectOfType(event.objectTypeId);
  if (object === null) return [];
  const { propertyName, propertyValue } = event;
  const property = propertyName ? { name: propertyName, value: propertyValue ?? null } : null;
  return [{ accountId, object, ids, what: 'changed', property }];
}

/**
 * Both ends are read again, for either may carry the link. CONTACT_TO_COMPANY names them, and the event's own type
 * where it is contact.associationChange; object.associationChange has no type of an object.
 */
function associationEvents(event: Event, name: string): WebhookEvent[] {
  const [from = '', to = ''] = (event.associationType ?? '').toLowerCase().split('_to_');
  const ends: [ObjectType | null, string | null | undefined][] = [
    [
      objectNamed(name) ?? objectOfType(event.fromObjectTypeId ?? event.objectTypeId) ?? objectNamed(from),
      event.fromObjectId ?? event.objectId,
    ],
    [objectOfType(event.toObjectTypeId) ?? objectNamed(to), event.toObjectId],
  ];
  return ends.flatMap(([object, id]): WebhookEvent[] =>
    object === null || !id
      ? []
      : [{ accountId: event.portalId, object, ids: [id], what: 'changed', property: null }],
  );
}

/** `company`, and `company_unlabeled` as a type of association may end. */
const objectNamed = (name: string): ObjectType | null =>
  OBJECT_TYPES.find((object) => name.toLowerCase().split('_')[0] === object) ?? null;

const objectOfType = (typeId: string | null | undefined): ObjectType | null =>
  byTypeId.get(typeId ?? '') ?? null;
