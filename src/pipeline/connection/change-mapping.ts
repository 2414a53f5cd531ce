import { z } from 'zod';
import { ConflictError, InputError } from '../../errors.ts';
import {
  type Attribute,
  AttributeKind,
  type AttributeOwner,
  AttributeType,
  Key,
  ownerOf,
} from '../../model/attribute.ts';
import type { ObjectType } from '../../model/record.ts';
import { findInCatalogue } from '../../segmentation/catalogue.ts';
import { references } from '../../segmentation/references.ts';
import { addAttributes, dropAttribute, listAttributes } from '../../store/columns.ts';
import type { ConnectionRow } from '../../store/connections.ts';
import { stopWriters } from '../../store/erasure.ts';
import { listMappings, lockMappings, removeMapping } from '../../store/mappings.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import { listPublished } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';
import { chooseProperty } from '../publish/setup.ts';

export async function usersByAttribute(db: Queryable, tenant: Tenant): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const { key, definition } of await listPublished(db, tenant)) {
    const names = [...references(definition)].flatMap((one) =>
      one.kind === 'attribute' ? [`${one.owner}.${one.key}`] : [],
    );
    for (const name of new Set(names)) users.set(name, [...(users.get(name) ?? []), key]);
  }
  return users;
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
  const find = async (db: Queryable) =>
    (await listAttributes(db, tenant)).find((one) => one.owner === owner && one.key === given.attribute);
  const present = await find(pool);
  const attribute = present ?? newAttribute(owner, given.attribute, given.describe);
  if (attribute.source !== 'mapped') {
    throw new InputError(
      'attribute_computed',
      `${attribute.name} is worked out here, so no property can feed it. Nothing was changed.`,
      { action: 'Choose another attribute.' },
    );
  }
  const feed = (client: Queryable) =>
    chooseProperty(client, tenant, {
      connectionId: connection.id,
      object: given.object,
      attribute: given.attribute,
      property: given.property,
    });
  const isFed = await transaction(pool, async (client) => {
    await lockMappings(client, tenant);
    // With its last feed elsewhere it may have gone meanwhile.
    if (!(await find(client))) return false;
    await feed(client);
    return true;
  });
  if (!isFed) await addAttributes(pool, tenant, [attribute], feed);
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
  const feedsNow = async (db: Queryable) =>
    (await listMappings(db, tenant)).filter(
      (one) => ownerOf[one.object] === owner && one.attribute === given.attribute,
    );
  const { property, isLast } = await transaction(pool, async (client) => {
    await stopWriters(client, tenant);
    await lockMappings(client, tenant);
    const feeds = await feedsNow(client);
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
    const users = isLast ? ((await usersByAttribute(client, tenant)).get(name) ?? []) : [];
    if (users.length > 0) {
      throw new ConflictError('mapping_needed', `${users.join(', ')} uses ${name}. Nothing was changed.`, {
        action: 'Publish the segment set without it first, or feed it from another property.',
      });
    }
    await removeMapping(client, tenant, given);
    return { property: feed.property, isLast };
  });
  if (isLast) {
    await dropAttribute(pool, tenant, { owner, key: given.attribute }, async (client) => {
      await lockMappings(client, tenant);
      // Somebody may feed it again since.
      return (await feedsNow(client)).length === 0;
    });
  }
  return { property };
}
