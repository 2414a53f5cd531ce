import { type Attribute, ownerOf, parseValue } from '../../model/attribute.ts';
import type { ObjectType, Scalar, SourceRecord } from '../../model/record.ts';
import type { MappingRow } from '../../store/mappings.ts';
import { type LinkRow, OTHER_IDENTITY, type RecordRow } from '../../store/records.ts';
import { crossReferenceSystem, normaliseDomain, normaliseEmail } from '../unify/identity.ts';

/** How much of a value that does not parse is kept, to show what it was. */
const MAX_INVALID_LENGTH = 200;

/** Which associations are stored, by the object that carries them; the other direction says the same again. */
const CARRIED: Record<ObjectType, readonly ObjectType[]> = {
  contact: ['company'],
  company: ['company'],
  deal: ['contact', 'company'],
};

/** What reading an object's records needs to know. */
export type Reading = {
  mappings: Pick<MappingRow, 'attribute' | 'property'>[];
  attributes: Map<string, Attribute>;
};

export function readingOf(object: ObjectType, mappings: MappingRow[], attributes: Attribute[]): Reading {
  const owned = attributes.filter((attribute) => attribute.owner === ownerOf[object]);
  return {
    mappings: mappings.filter((mapping) => mapping.object === object && mapping.problem === null),
    attributes: new Map(owned.map((attribute) => [attribute.key, attribute])),
  };
}

/** A CRM record as a row: values as their attributes' types, what does not parse apart, the identity normalised. */
export function toRecordRow(record: SourceRecord, reading: Reading): RecordRow {
  const row: RecordRow = {
    id: record.id,
    kind: record.kind,
    key: null,
    other_keys: [],
    properties: {},
    invalid: {},
    cross_ids: {},
    created: record.createdAt,
    updated: record.updatedAt,
    state: record.state,
    merged_into: record.state === 'merged' ? record.mergedInto : null,
  };
  // A record that is gone keeps nothing but the fact.
  if (record.state !== 'live') return row;
  for (const { attribute, property } of reading.mappings) {
    const raw = wellFormed(record.properties[property]);
    const system = crossReferenceSystem(attribute);
    if (system !== undefined) {
      const parsed = parseValue('text', raw);
      if (parsed.state === 'known') row.cross_ids[system] = String(parsed.value);
      continue;
    }
    const type = reading.attributes.get(attribute)?.type;
    if (type === undefined) continue;
    const parsed = parseValue(type, raw);
    if (parsed.state === 'known') row.properties[attribute] = parsed.value;
    if (parsed.state === 'invalid') row.invalid[attribute] = excerpt(raw);
  }
  row.key = identityOf(record.object, row.properties);
  row.other_keys = otherIdentitiesOf(record.object, row);
  return row;
}

/** A contact's further addresses, each once; what is no address is left out. */
function otherIdentitiesOf(object: ObjectType, { key, properties }: RecordRow): string[] {
  const given = object === 'contact' ? properties[OTHER_IDENTITY] : undefined;
  const addresses = Array.isArray(given) ? given.flatMap((raw) => normaliseEmail(raw) ?? []) : [];
  return [...new Set(addresses)].filter((address) => address !== key).sort();
}

function identityOf(object: ObjectType, properties: RecordRow['properties']): string | null {
  if (object === 'contact') return firstIdentity(normaliseEmail, properties.email);
  if (object === 'company') return firstIdentity(normaliseDomain, properties.domain, properties.website);
  return null;
}

function firstIdentity(normalise: (raw: string) => string | null, ...values: unknown[]): string | null {
  for (const value of values) {
    const identity = typeof value === 'string' ? normalise(value) : null;
    if (identity !== null) return identity;
  }
  return null;
}

/** The associations that this record carries; those of the other side are left to it. */
export function toLinkRows(record: SourceRecord): LinkRow[] {
  return (record.links ?? [])
    .filter((link) => CARRIED[record.object].includes(link.to))
    .filter((link) => !(link.to === record.object && link.id === record.id))
    .map((link) => ({
      from_id: record.id,
      to_object: link.to,
      to_id: link.id,
      is_primary: link.primary,
      role: link.role === null ? null : link.role.toWellFormed(),
    }));
}

/** Half a surrogate pair is no text to Postgres. */
function wellFormed(raw: Scalar | undefined): Scalar | undefined {
  return typeof raw === 'string' ? raw.toWellFormed() : raw;
}

function excerpt(raw: Scalar | undefined): string {
  return String(raw).replaceAll('\u0000', '').slice(0, MAX_INVALID_LENGTH).toWellFormed();
}
