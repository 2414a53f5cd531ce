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
  objectId: Id,
  subscriptionType: z.string().optional(),
  eventType: z.string().optional(),
  objectTypeId: z.string().optional(),
  propertyName: z.string().optional(),
  propertyValue: z.string().nullish(),
  associationType: z.string().optional(),
  fromObjectId: Id.optional(),
  toObjectId: Id.optional(),
  primaryObjectId: Id.optional(),
  mergedObjectIds: z.array(Id).max(1_000).optional(),
  newObjectId: Id.optional(),
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
  if (type === PRIVACY_EVENT)
    return [{ accountId, object: 'contact', ids: [event.objectId], what: 'erased', property: null }];
  const [name = '', action = ''] = type.split('.');
  if (action === 'associationChange') return associationEvents(event, name);
  const object = objectOf(event, name);
  if (object === null) return [];
  const ids = [
    event.objectId,
    ...[event.primaryObjectId, event.newObjectId].flatMap((id) => id ?? []),
    ...(event.mergedObjectIds ?? []),
  ];
  const property =
    event.propertyName === undefined
      ? null
      : { name: event.propertyName, value: event.propertyValue ?? null };
  return [{ accountId, object, ids: [...new Set(ids)], what: 'changed', property }];
}

/** Both ends are read again, for either may carry the link; CONTACT_TO_COMPANY names them. */
function associationEvents(event: Event, name: string): WebhookEvent[] {
  const [from = '', to = ''] = (event.associationType ?? '').toLowerCase().split('_to_');
  const ends: [ObjectType | null, string | undefined][] = [
    [objectOf(event, name) ?? objectOf({}, from), event.fromObjectId ?? event.objectId],
    [objectOf({}, to), event.toObjectId],
  ];
  return ends.flatMap(([object, id]): WebhookEvent[] =>
    object === null || id === undefined
      ? []
      : [{ accountId: event.portalId, object, ids: [id], what: 'changed', property: null }],
  );
}

function objectOf({ objectTypeId }: Pick<Event, 'objectTypeId'>, name: string): ObjectType | null {
  const found = OBJECT_TYPES.find((object) => object === name.toLowerCase());
  return found ?? (objectTypeId === undefined ? null : (byTypeId.get(objectTypeId) ?? null));
}
