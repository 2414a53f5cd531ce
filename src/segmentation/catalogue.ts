import { Attribute, type AttributeOwner } from '../model/attribute.ts';
import type { ObjectType } from '../model/record.ts';
import { companyRows } from './catalogue/companies.ts';
import { dealRows } from './catalogue/deals.ts';
import { personRows } from './catalogue/persons.ts';
import type { CatalogueRow } from './catalogue/row.ts';

/** Where an attribute usually comes from: the property to look for first, then others of the same meaning. */
export type DefaultMapping = { system: string; object: ObjectType; properties: string[] };

export type CatalogueEntry = { attribute: Attribute; mappings: DefaultMapping[] };

const objectOf: Record<AttributeOwner, ObjectType> = { person: 'contact', company: 'company', deal: 'deal' };

function entry(owner: AttributeOwner, row: CatalogueRow): CatalogueEntry {
  const { key, name, type, kind, from, ...rest } = row;
  const isMoney = type === 'money';
  const attribute = Attribute.parse({
    owner,
    key,
    name,
    type,
    kind,
    repVisible: !isMoney && (rest.sensitivity ?? 'normal') !== 'sensitive',
    source: from === 'computed' ? 'computed' : 'mapped',
    ...rest,
  });
  if (from === 'computed') return { attribute, mappings: [] };
  const sources = from === 'custom' ? customSources(key) : { csv: key, ...from };
  const mappings = Object.entries(sources).map(([system, properties]) => ({
    system,
    object: objectOf[owner],
    properties: [properties].flat(),
  }));
  return { attribute, mappings };
}

/** Properties that an admin makes are usually called like this: last_cart_at, and Last_Cart_At__c in Salesforce. */
function customSources(key: string): Record<string, string> {
  const words = key.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return { hubspot: key, salesforce: `${words.join('_')}__c`, csv: key };
}

/** The standard attributes of persons, companies and deals, with their default mappings. */
export const catalogue: readonly CatalogueEntry[] = [
  ...personRows.map((row) => entry('person', row)),
  ...companyRows.map((row) => entry('company', row)),
  ...dealRows.map((row) => entry('deal', row)),
];

const index = new Map(catalogue.map((one) => [`${one.attribute.owner}.${one.attribute.key}`, one]));

export function findInCatalogue(owner: AttributeOwner, key: string): CatalogueEntry | undefined {
  return index.get(`${owner}.${key}`);
}

/** Attributes that profile works out from deals; every tenant has them. */
export const computedAttributes: readonly Attribute[] = catalogue
  .map((one) => one.attribute)
  .filter((attribute) => attribute.source === 'computed');
