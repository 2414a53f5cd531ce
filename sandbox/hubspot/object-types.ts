export type ObjectType = 'contact' | 'company' | 'deal';

export const OBJECT_TYPES: ObjectType[] = ['contact', 'company', 'deal'];

/** What HubSpot calls each object, where a record's change time is shown, and what a read shows unasked. */
export const OBJECTS = {
  contact: {
    typeId: '0-1',
    singular: 'Contact',
    plural: 'Contacts',
    path: 'contacts',
    modified: 'lastmodifieddate',
    shown: ['email', 'firstname', 'lastname'],
    firstId: 70_100_000_001,
  },
  company: {
    typeId: '0-2',
    singular: 'Company',
    plural: 'Companies',
    path: 'companies',
    modified: 'hs_lastmodifieddate',
    shown: ['name', 'domain'],
    firstId: 20_300_000_001,
  },
  deal: {
    typeId: '0-3',
    singular: 'Deal',
    plural: 'Deals',
    path: 'deals',
    modified: 'hs_lastmodifieddate',
    shown: ['dealname', 'amount', 'closedate', 'dealstage', 'pipeline'],
    firstId: 30_500_000_001,
  },
} as const;

const BY_NAME = new Map<string, ObjectType>(
  OBJECT_TYPES.flatMap((type): [string, ObjectType][] => [
    [type, type],
    [OBJECTS[type].path, type],
    [OBJECTS[type].typeId, type],
  ]),
);

/** Takes `contacts`, `contact` and `0-1`. */
export const objectType = (name: string): ObjectType | undefined => BY_NAME.get(name.toLowerCase());
