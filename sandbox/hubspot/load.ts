import type { CrmSeed, SeedRow } from '../seed.ts';
import { define, options } from './definitions.ts';
import { OBJECT_TYPES, OBJECTS, type ObjectType } from './object-types.ts';
import type { Portal } from './portal.ts';
import type { PortalRecord, Values } from './records.ts';

const FIELD_TYPES: Record<string, string> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  bool: 'booleancheckbox',
  enumeration: 'select',
};

const FIRST_OWNER_ID = 41_000_001;

/** The ref -> id of every seeded record. */
export type Ids = Record<ObjectType, Map<string, string>>;

/** Fills an empty portal. A property that is neither standard nor in the seed is an error: the seed is wrong. */
export const loadSeed = (portal: Portal, seed: CrmSeed): Ids => {
  portal.pipelines = structuredClone(seed.pipelines);
  const ownerIds = new Map(
    seed.owners.map(({ ref }, index) => [ref, ownId(ref) ?? String(FIRST_OWNER_ID + index)]),
  );
  portal.owners = seed.owners.map(({ ref, email, name }) => {
    const [firstName = '', ...rest] = name.split(' ');
    return { id: ownerIds.get(ref) ?? ref, email, firstName, lastName: rest.join(' ') };
  });
  defineProperties(portal, seed);
  const rows: Record<ObjectType, SeedRow[]> = {
    contact: seed.contacts,
    company: seed.companies,
    deal: seed.deals,
  };
  const ids: Ids = { contact: new Map(), company: new Map(), deal: new Map() };
  for (const type of OBJECT_TYPES) {
    const records = portal.records[type];
    records.load(rows[type].map((row, index) => recordOf(portal, type, row, index, ids[type], ownerIds)));
  }
  for (const type of OBJECT_TYPES) for (const row of rows[type]) link(portal, type, row, ids);
  return ids;
};

const defineProperties = (portal: Portal, seed: CrmSeed) => {
  for (const { object, name, label, type, fieldType, options: given } of seed.properties) {
    if (object === 'lead') continue;
    const definitions = portal.definitions[object];
    const standard = definitions.get(name);
    if (standard) {
      // A portal's own lifecycle stages, industries and the like.
      if (given && standard.type === 'enumeration') standard.options = options(given);
      continue;
    }
    const form = fieldType ?? FIELD_TYPES[type] ?? 'text';
    definitions.set(
      name,
      define({
        name,
        label,
        type,
        fieldType: form,
        groupName: `${object}information`,
        options: options(
          given ??
            (type === 'bool'
              ? [
                  { value: 'true', label: 'Yes' },
                  { value: 'false', label: 'No' },
                ]
              : []),
        ),
        createdUserId: '9001',
      }),
    );
  }
};

const ownId = (ref: string): string | undefined =>
  Number.isSafeInteger(Number(ref)) && String(Number(ref)) === ref && Number(ref) > 0 ? ref : undefined;

const recordOf = (
  portal: Portal,
  type: ObjectType,
  row: SeedRow,
  index: number,
  ids: Map<string, string>,
  ownerIds: Map<string, string>,
): PortalRecord => {
  const id = ownId(row.ref) ?? String(OBJECTS[type].firstId + index);
  if (ids.has(row.ref)) throw new Error(`The seed has two ${OBJECTS[type].path} with the ref ${row.ref}`);
  ids.set(row.ref, id);
  const definitions = portal.definitions[type];
  const values: Values = {};
  for (const [name, value] of Object.entries(row.properties)) {
    if (!definitions.has(name)) {
      throw new Error(`The seed sets ${name} of ${type} ${row.ref}, which is no property of this portal`);
    }
    if (value === null || value === '') continue;
    values[name] =
      name === 'hubspot_owner_id' ? (ownerIds.get(String(value)) ?? String(value)) : String(value);
  }
  if (type === 'deal') {
    for (const [name, value] of Object.entries(portal.derivedOfDeal(values)))
      if (value !== '') values[name] = value;
  }
  return {
    id,
    order: Number(id),
    values,
    createdAt: Date.parse(row.createdAt),
    updatedAt: Date.parse(row.updatedAt),
    archivedAt: undefined,
    edits: undefined,
  };
};

const link = (portal: Portal, type: ObjectType, row: SeedRow, ids: Ids) => {
  const id = ids[type].get(row.ref) ?? row.ref;
  const links = row.links ?? [];
  // Where nobody says which company comes first, HubSpot takes the one that was joined first.
  const firstCompany =
    links.find((each) => each.to === 'company' && each.primary) ??
    links.find((each) => each.to === 'company');
  for (const each of links) {
    const { to, ref, role } = each;
    const toId = ids[to].get(ref);
    if (toId === undefined)
      throw new Error(`The ${type} ${row.ref} is linked to the ${to} ${ref}, which is not in the seed`);
    const { associations } = portal;
    const types = [associations.plainType(type, to)];
    const primaryType = associations.primaryType(type, to);
    if (each === firstCompany && primaryType !== undefined) types.push(primaryType);
    if (role) types.push(associations.customType(type, to, role));
    associations.add(type, id, to, toId, types);
    const record = portal.records[type].byId.get(id);
    if (!record || each !== firstCompany) continue;
    // A company's link to a company leads to its parent.
    if (type === 'company') record.values.hs_parent_company_id = toId;
    if (type === 'contact') record.values.associatedcompanyid = toId;
  }
};
