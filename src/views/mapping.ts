import { z } from 'zod';
import { ConflictError, InputError } from '../errors.ts';
import {
  type Attribute,
  AttributeKind,
  type AttributeOwner,
  AttributeType,
  Key,
  ownerOf,
} from '../model/attribute.ts';
import type { ObjectType } from '../model/record.ts';
import { chooseProperty } from '../pipeline/publish/setup.ts';
import type { OpenConnection } from '../pipeline/stage.ts';
import { catalogue, findInCatalogue } from '../segmentation/catalogue.ts';
import { references } from '../segmentation/references.ts';
import { addAttribute, dropAttribute, listAttributes } from '../store/columns.ts';
import type { ConnectionRow } from '../store/connections.ts';
import { listConnections } from '../store/connections.ts';
import { stopWriters } from '../store/erasure.ts';
import { listMappings, type MappingRow, removeMapping } from '../store/mappings.ts';
import { type Pool, type Queryable, transaction } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
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

async function usersByAttribute(db: Queryable, tenant: Tenant): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const { key, definition } of await listPublished(db, tenant)) {
    const names = [...references(definition)].flatMap((one) =>
      one.kind === 'attribute' ? [`${one.owner}.${one.key}`] : [],
    );
    for (const name of new Set(names)) users.set(name, [...(users.get(name) ?? []), key]);
  }
  return users;
}

export type MappableProperty = {
  object: ObjectType;
  name: string;
  label: string;
  type: string;
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
        feeds: own.filter((one) => one.property === property.name).map(({ attribute }) => attribute),
        suggestion: usual !== undefined && !taken.has(usual) ? usual : null,
      });
    }
  }
  return found;
}

/** What somebody says of an attribute that they add themselves. */
export const OwnAttribute = z.strictObject({
  name: z.string().trim().min(1, 'a name').max(100),
  type: AttributeType,
  kind: AttributeKind,
  sensitivity: z.enum(['normal', 'proxy', 'sensitive']).default('normal'),
});
export type OwnAttribute = z.infer<typeof OwnAttribute>;

/**
 * Feeds an attribute from a property: a standard one, one that is there, or a new one as described. Its values come
 * with the next run, which reads all records again for it.
 * @throws InputError where nobody knows the attribute
 */
export async function mapProperty(
  pool: Pool,
  tenant: Tenant,
  connection: Pick<ConnectionRow, 'id'>,
  given: { object: ObjectType; attribute: string; property: string; describe?: OwnAttribute | undefined },
): Promise<void> {
  const owner = ownerOf[given.object];
  const present = (await listAttributes(pool, tenant)).find(
    (one) => one.owner === owner && one.key === given.attribute,
  );
  const attribute = present ?? newAttribute(owner, given.attribute, given.describe);
  if (attribute.source !== 'mapped') {
    throw new InputError(
      'attribute_computed',
      `${attribute.name} is worked out here, so no property can feed it. Nothing was changed.`,
      { action: 'Choose another attribute.' },
    );
  }
  if (!present) await addAttribute(pool, tenant, attribute);
  await chooseProperty(pool, tenant, {
    connectionId: connection.id,
    object: given.object,
    attribute: given.attribute,
    property: given.property,
  });
}

function newAttribute(owner: AttributeOwner, key: string, described: OwnAttribute | undefined): Attribute {
  const standard = findInCatalogue(owner, key)?.attribute;
  if (standard) return standard;
  if (described === undefined) {
    throw new InputError('attribute_unknown', `There is no attribute ${owner}.${key}. Nothing was changed.`, {
      action: 'Say what it is: a name, a type and a kind.',
    });
  }
  return {
    ...described,
    key: Key.parse(key),
    owner,
    description: '',
    empty: 'unknown',
    source: 'mapped',
    repVisible: described.type !== 'money' && described.sensitivity !== 'sensitive',
  };
}

/** Records are unified by these: without them everybody would be somebody else. */
const IDENTITY = new Set(['contact.email', 'company.domain']);

/**
 * Feeds an attribute no more: what was read of it from that connection is deleted, and everybody is worked out again
 * with the next run. With the last feed the attribute goes.
 * @throws ConflictError where a published segment set would be left without it, or records are unified by it
 */
export async function unmapProperty(
  pool: Pool,
  tenant: Tenant,
  given: { connectionId: string; object: ObjectType; attribute: string },
): Promise<{ property: string }> {
  const owner = ownerOf[given.object];
  const name = `${owner}.${given.attribute}`;
  const feeds = (await listMappings(pool, tenant)).filter(
    (one) => ownerOf[one.object] === owner && one.attribute === given.attribute,
  );
  const feed = feeds.find((one) => one.connectionId === given.connectionId && one.object === given.object);
  if (!feed) {
    throw new InputError('mapping_unknown', `Nothing feeds ${name} there. Nothing was changed.`, {
      action: 'Load the page again.',
    });
  }
  if (IDENTITY.has(`${given.object}.${given.attribute}`)) {
    throw new ConflictError('mapping_needed', `Records are unified by ${name}. Nothing was changed.`, {
      action: 'Choose another property for it instead.',
    });
  }
  const isLast = feeds.length === 1;
  const users = isLast ? ((await usersByAttribute(pool, tenant)).get(name) ?? []) : [];
  if (users.length > 0) {
    throw new ConflictError('mapping_needed', `${users.join(', ')} uses ${name}. Nothing was changed.`, {
      action: 'Publish the segment set without it first, or feed it from another property.',
    });
  }
  await transaction(pool, async (client) => {
    await stopWriters(client, tenant);
    await removeMapping(client, tenant, given);
  });
  if (isLast) await dropAttribute(pool, tenant, { owner, key: given.attribute });
  return { property: feed.property };
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
