import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Property } from '../contract.ts';
import { bareName, OUR_PREFIX } from './app.ts';
import type { SalesforceConfig } from './config.ts';
import { liveWhere, SOBJECTS, sourcesOf } from './objects.ts';
import { type Field, schemaOf } from './schema.ts';
import { count } from './soql.ts';

/** Fields behind a relationship that are offered as properties of the record. */
const RELATED: Record<ObjectType, Record<string, readonly string[]>> = {
  contact: {
    Individual: [
      'HasOptedOutProcessing',
      'HasOptedOutProfiling',
      'HasOptedOutSolicit',
      'HasOptedOutTracking',
      'ShouldForget',
    ],
    Account: ['Name', 'Type', 'Industry'],
  },
  company: {},
  deal: { RecordType: ['DeveloperName', 'Name'] },
};

/** Is it one of our fields, by its name? */
const hasOurName = (name: string) => bareName(name).startsWith(OUR_PREFIX) && name.endsWith('__c');

/** Properties by the contact's field names; those that only a lead has come after. */
export async function discoverSalesforce(
  context: Context<SalesforceConfig>,
  object: ObjectType,
): Promise<Property[]> {
  const found = new Map<string, Property>();
  const [main] = SOBJECTS[object];
  for (const sobject of SOBJECTS[object]) {
    const schema = await schemaOf(context, sobject);
    for (const field of schema?.fields.values() ?? []) {
      if (!found.has(field.name)) found.set(field.name, toProperty(object, field.name, field));
    }
  }
  const fields = [...((main && (await schemaOf(context, main)))?.fields.values() ?? [])];
  for (const [relation, usual] of Object.entries(RELATED[object])) {
    const link = fields.find(({ relationshipName }) => relationshipName === relation);
    const target = link?.referenceTo[0];
    const schema = target === undefined ? null : await schemaOf(context, target);
    // Of a person account much is kept with the account.
    const isPersons = relation === 'Account' && schema?.fields.has('IsPersonAccount');
    const own = [...(schema?.fields.values() ?? [])].filter(
      ({ custom, name }) => custom && name.endsWith('__c'),
    );
    for (const name of [...usual, ...(isPersons ? own.map((field) => field.name) : [])]) {
      const field = schema?.fields.get(name);
      const path = `${relation}.${name}`;
      if (field) found.set(path, { ...toProperty(object, path, field), readOnly: true });
    }
  }
  return [...found.values()];
}

function toProperty(object: ObjectType, name: string, field: Field): Property {
  const options = field.picklistValues.map(({ value, label }) => ({ value, label: label ?? value }));
  return {
    object,
    name,
    label: field.label,
    type: field.type,
    ...(options.length > 0 && { options }),
    readOnly: !field.updateable,
    calculated: field.calculated,
    ours: hasOurName(field.name),
  };
}

/** How many live records there are. */
export async function sizeOfSalesforce(
  context: Context<SalesforceConfig>,
  object: ObjectType,
): Promise<number> {
  let size = 0;
  for (const sobject of await sourcesOf(context, object)) {
    size += (await count(context, sobject, await liveWhere(context, sobject))).count;
  }
  return size;
}
