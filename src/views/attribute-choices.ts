/** What conditions can be made of: attributes with what feeds them, and the values that they have. */

import { InputError } from '../errors.ts';
import { type Attribute, type AttributeOwner, ownerOf } from '../model/attribute.ts';
import { valueName } from '../model/value-name.ts';
import { catalogue } from '../segmentation/catalogue.ts';
import { listAttributes } from '../store/columns.ts';
import { listConnections } from '../store/connections.ts';
import { quoted } from '../store/identifier.ts';
import { sensitiveAllowed } from '../store/lawful-bases.ts';
import { listMappings } from '../store/mappings.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

export type AttributeChoice = Attribute & {
  /** ready; filling: not read for all records yet; problem: its property can't be read; missing: nothing feeds it. */
  state: 'ready' | 'filling' | 'problem' | 'missing';
  /** As `HubSpot: lifecyclestage`. */
  fedBy: string[];
  /** May it be used? Sensitive ones once their lawful basis is on record. */
  isAllowed: boolean;
};

export async function listAttributeChoices(db: Queryable, tenant: Tenant): Promise<AttributeChoice[]> {
  const attributes = await listAttributes(db, tenant);
  const allowed = await sensitiveAllowed(db, tenant);
  const names = new Map((await listConnections(db, tenant)).map(({ id, name }) => [id, name]));
  const mappings = await listMappings(db, tenant);
  const have = new Set(attributes.map(nameOf));
  const standard = catalogue.map(({ attribute }) => attribute).filter((one) => !have.has(nameOf(one)));
  const isAllowed = (one: Attribute) => one.sensitivity !== 'sensitive' || allowed.has(nameOf(one));
  const present = attributes.map((attribute): AttributeChoice => {
    const feeding = mappings.filter(
      (mapping) => ownerOf[mapping.object] === attribute.owner && mapping.attribute === attribute.key,
    );
    const state = feeding.some(({ problem }) => problem !== null)
      ? 'problem'
      : feeding.some(({ filled }) => !filled)
        ? 'filling'
        : 'ready';
    const fedBy = feeding.map(
      ({ connectionId, property }) => `${names.get(connectionId) ?? connectionId}: ${property}`,
    );
    return { ...attribute, state, fedBy, isAllowed: isAllowed(attribute) };
  });
  return [
    ...present,
    ...standard.map(
      (one): AttributeChoice => ({ ...one, state: 'missing', fedBy: [], isAllowed: isAllowed(one) }),
    ),
  ];
}

const nameOf = ({ owner, key }: Pick<Attribute, 'owner' | 'key'>): string => `${owner}.${key}`;

const ROWS_READ = 20_000;
const VALUES = 50;

/**
 * The most frequent values of a text attribute among the newest records, then those that the CRM offers and nobody has,
 * so that people choose rather than type. None of those that name a person or are sensitive.
 * @throws InputError `attribute_unknown`
 */
export async function readValues(
  db: Queryable,
  tenant: Tenant,
  owner: AttributeOwner,
  key: string,
): Promise<{ value: string; name: string; count: number }[]> {
  const attribute = (await listAttributes(db, tenant)).find((one) => one.owner === owner && one.key === key);
  if (attribute === undefined) {
    throw new InputError('attribute_unknown', `There is no attribute ${owner}.${key}.`, {
      action: 'Map a CRM property to it first.',
    });
  }
  const { type, kind, sensitivity } = attribute;
  if (kind === 'identity' || sensitivity === 'sensitive' || !['text', 'enum', 'multi'].includes(type))
    return [];
  const column = `r.${quoted(key)}`;
  const from = type === 'multi' ? `cross join lateral unnest(${column}) v (value)` : '';
  const value = type === 'multi' ? 'v.value' : column;
  const { rows } = await db.query<{ value: string; count: number }>(
    `select ${value} as value, count(*)::int as count
     from (select ${quoted(key)} from ${tenant.schema}.${owner} order by id desc limit ${ROWS_READ}) r ${from}
     where ${value} is not null and length(${value}) <= 100
     group by 1 order by 2 desc, 1 limit ${VALUES}`,
  );
  const seen = new Set(rows.map(({ value }) => value));
  // Options that nobody has yet can be asked for as well.
  const others = Object.keys(attribute.valueNames ?? {}).filter((value) => !seen.has(value));
  return [...rows, ...others.map((value) => ({ value, count: 0 }))].map((row) => ({
    ...row,
    name: valueName(attribute, row.value),
  }));
}
