import { ownerOf } from '../model/attribute.ts';
import type { ObjectType } from '../model/record.ts';
import { usersByAttribute } from '../pipeline/connection/change-mapping.ts';
import type { OpenConnection } from '../pipeline/stage.ts';
import { catalogue } from '../segmentation/catalogue.ts';
import { listConnections } from '../store/connections.ts';
import { listMappings, type MappingRow } from '../store/mappings.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { type AttributeChoice, listAttributeChoices } from './attribute-choices.ts';
import { readCoverage } from './coverage.ts';

export type Feed = MappingRow & { connection: string };
export type MappedAttribute = AttributeChoice & {
  /** Subjects with a value, and all of them. */
  known: number;
  total: number;
  feeds: Feed[];
  usedBy: string[];
};

/** Every attribute with what feeds it, how many have a value, and which segment sets use it. */
export async function readMapping(db: Queryable, tenant: Tenant): Promise<MappedAttribute[]> {
  const names = new Map((await listConnections(db, tenant)).map(({ id, name }) => [id, name]));
  const mappings = await listMappings(db, tenant);
  const coverage = new Map((await readCoverage(db, tenant)).map((one) => [one.owner, one]));
  const users = await usersByAttribute(db, tenant);
  return (await listAttributeChoices(db, tenant)).map((attribute) => {
    const { owner, key } = attribute;
    return {
      ...attribute,
      known: coverage.get(owner)?.known.get(key) ?? 0,
      total: coverage.get(owner)?.total ?? 0,
      feeds: mappings
        .filter((one) => ownerOf[one.object] === owner && one.attribute === key)
        .map((one) => ({ ...one, connection: names.get(one.connectionId) ?? one.connectionId })),
      usedBy: users.get(`${owner}.${key}`) ?? [],
    };
  });
}

export type MappableProperty = {
  object: ObjectType;
  name: string;
  label: string;
  type: string;
  /** The CRM works it out and does not say when: it is read again once a day. */
  calculated: boolean;
  /** Attributes that it feeds. */
  feeds: string[];
  /** A standard attribute that it usually feeds and that nothing feeds on this connection. */
  suggestion: string | null;
};

/** All properties that the CRM shows us, ours left out. What feeds nothing is neither read nor stored. */
export async function listProperties(
  db: Queryable,
  tenant: Tenant,
  { id, system, connector, context }: OpenConnection,
): Promise<MappableProperty[]> {
  const mappings = await listMappings(db, tenant, { connectionId: id });
  const found: MappableProperty[] = [];
  for (const object of connector.objects) {
    const own = mappings.filter((one) => one.object === object);
    const taken = new Set(own.map(({ attribute }) => attribute));
    for (const property of (await connector.discover?.(context, object)) ?? []) {
      if (property.ours) continue;
      const usual = defaults(system, object).get(property.name);
      found.push({
        object,
        name: property.name,
        label: property.label,
        type: property.type,
        calculated: property.calculated ?? false,
        feeds: own.filter((one) => one.property === property.name).map(({ attribute }) => attribute),
        suggestion: usual !== undefined && !taken.has(usual) ? usual : null,
      });
    }
  }
  return found;
}

/** Property -> the standard attribute that it usually feeds. */
function defaults(system: string, object: ObjectType): Map<string, string> {
  const found = new Map<string, string>();
  for (const { attribute, mappings } of catalogue) {
    if (attribute.owner !== ownerOf[object]) continue;
    for (const mapping of mappings)
      if (mapping.system === system && mapping.object === object)
        for (const property of mapping.properties)
          if (!found.has(property)) found.set(property, attribute.key);
  }
  return found;
}
