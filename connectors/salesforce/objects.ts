import type { ObjectType } from '../../src/model/record.ts';
import type { Context } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { canRead, fieldAt, schemaOf } from './schema.ts';

export type SObject = 'Contact' | 'Lead' | 'Account' | 'Opportunity';

/** Where the records of each kind are; the first one's fields name the properties. */
export const SOBJECTS: Record<ObjectType, readonly SObject[]> = {
  contact: ['Contact', 'Lead'],
  company: ['Account'],
  deal: ['Opportunity'],
};

/** Those of them that the connected user may read. The first has to be there; not every org has leads. */
export async function sourcesOf(
  context: Context<SalesforceConfig>,
  object: ObjectType,
): Promise<readonly SObject[]> {
  const [main, ...others] = SOBJECTS[object];
  const isThere = await Promise.all(others.map((sobject) => schemaOf(context, sobject)));
  return [...(main ? [main] : []), ...others.filter((_sobject, index) => isThere[index] !== null)];
}

/** The first characters of an id tell its object. */
const PREFIXES: Record<string, SObject> = {
  '001': 'Account',
  '003': 'Contact',
  '006': 'Opportunity',
  '00Q': 'Lead',
};

/** The object of a record by its id; undefined for what is no id of one that we read. */
export function sobjectOf(id: string): SObject | undefined {
  return /^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$/.test(id) ? PREFIXES[id.slice(0, 3)] : undefined;
}

/** Read besides what is asked for, where the connected user sees it. */
const NEEDED: Record<SObject, readonly string[]> = {
  Contact: ['Id', 'CreatedDate', 'SystemModstamp', 'AccountId', 'IsPersonAccount'],
  Lead: ['Id', 'CreatedDate', 'SystemModstamp', 'IsConverted', 'ConvertedContactId'],
  Account: ['Id', 'CreatedDate', 'SystemModstamp', 'ParentId', 'IsPersonAccount'],
  Opportunity: [
    'Id',
    'CreatedDate',
    'SystemModstamp',
    'AccountId',
    'Account.IsPersonAccount',
    'Account.PersonContactId',
  ],
};

/** Properties go by the contact's field names; a lead calls some of them differently. */
const LEAD_NAMES: Record<string, string> = {
  MailingStreet: 'Street',
  MailingCity: 'City',
  MailingState: 'State',
  MailingPostalCode: 'PostalCode',
  MailingCountry: 'Country',
  MailingStateCode: 'StateCode',
  MailingCountryCode: 'CountryCode',
  'Account.Name': 'Company',
  'Account.Industry': 'Industry',
  'Account.Website': 'Website',
  'Account.NumberOfEmployees': 'NumberOfEmployees',
  'Account.AnnualRevenue': 'AnnualRevenue',
};
const CONTACT_NAMES: Record<string, string> = { Company: 'Account.Name' };

/** What an object calls a property. */
export function pathOf(sobject: SObject, property: string): string {
  if (sobject === 'Lead') return LEAD_NAMES[property] ?? property;
  if (sobject === 'Contact') return CONTACT_NAMES[property] ?? property;
  return property;
}

export type Columns = {
  /** Fields and paths to select. */
  select: string[];
  /** Property to the path that holds it, and its type; what the object lacks, or hides, is left out. */
  properties: Map<string, { path: string; type: string }>;
};

export async function columnsOf(
  context: Context<SalesforceConfig>,
  sobject: SObject,
  properties: readonly string[],
): Promise<Columns> {
  const found: Columns['properties'] = new Map();
  for (const property of properties) {
    const path = pathOf(sobject, property);
    const field = await fieldAt(context, sobject, path);
    if (field !== null) found.set(property, { path, type: field.type });
  }
  const needed: string[] = [];
  for (const path of NEEDED[sobject]) if (await canRead(context, sobject, path)) needed.push(path);
  const paths = [...found.values()].map(({ path }) => path);
  return { select: [...new Set([...needed, ...paths])], properties: found };
}

/** Which rows of an object are records of ours; deleted ones are left out by Salesforce itself. */
export async function liveWhere(context: Context<SalesforceConfig>, sobject: SObject): Promise<string[]> {
  if (sobject === 'Lead') return ['IsConverted = false'];
  // A person account is read as the contact behind it.
  return sobject === 'Account' && (await canRead(context, 'Account', 'IsPersonAccount'))
    ? ['IsPersonAccount = false']
    : [];
}
