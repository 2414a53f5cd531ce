import { z } from 'zod';
import type { Context } from '../contract.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { isUnknownObject } from './dialect.ts';

const Field = z.object({
  name: z.string(),
  label: z.string().default(''),
  type: z.string(),
  custom: z.boolean().default(false),
  updateable: z.boolean().default(false),
  relationshipName: z.string().nullish(),
  referenceTo: z.array(z.string()).default([]),
  picklistValues: z
    .array(z.object({ value: z.string(), label: z.string().nullish(), active: z.boolean().default(true) }))
    .default([]),
});
export type Field = z.infer<typeof Field>;

const Describe = z.object({
  name: z.string(),
  createable: z.boolean().default(false),
  updateable: z.boolean().default(false),
  queryable: z.boolean().default(true),
  fields: z.array(Field),
  recordTypeInfos: z
    .array(z.object({ name: z.string(), developerName: z.string(), recordTypeId: z.string() }))
    .default([]),
});

export type Schema = Omit<z.infer<typeof Describe>, 'fields'> & {
  /** Fields that the connected user may see, by name; Salesforce hides the others as if they were not there. */
  fields: Map<string, Field>;
};

/** Asked once for each context: they live for one slice of work. */
const known = new WeakMap<Context<SalesforceConfig>, Map<string, Promise<Schema | null>>>();

/** An object as the connected user sees it; null where the org has none, or hides it. */
export function schemaOf(context: Context<SalesforceConfig>, sobject: string): Promise<Schema | null> {
  const schemas = known.get(context) ?? new Map<string, Promise<Schema | null>>();
  known.set(context, schemas);
  const asked = schemas.get(sobject) ?? describe(context, sobject);
  schemas.set(sobject, asked);
  // A failed call is not remembered.
  asked.catch(() => schemas.delete(sobject));
  return asked;
}

/** Call after fields were made or shown. */
export const forgetSchemas = (context: Context<SalesforceConfig>) => known.delete(context);

async function describe(context: Context<SalesforceConfig>, sobject: string): Promise<Schema | null> {
  try {
    const path = dataPath(`/sobjects/${sobject}/describe`);
    const { data } = await call(context, { method: 'GET', path }, Describe);
    return { ...data, fields: new Map(data.fields.map((field) => [field.name, field])) };
  } catch (error) {
    if (isUnknownObject(error)) return null;
    throw error;
  }
}

/** Can we read this field, or this path over relationships ("Individual.HasOptedOutProfiling")? */
export async function canRead(
  context: Context<SalesforceConfig>,
  sobject: string,
  path: string,
): Promise<boolean> {
  const schema = await schemaOf(context, sobject);
  if (schema === null) return false;
  const [first = '', ...further] = path.split('.');
  if (further.length === 0) return schema.fields.has(first);
  const link = [...schema.fields.values()].find(({ relationshipName }) => relationshipName === first);
  for (const target of link?.referenceTo ?? []) {
    if (await canRead(context, target, further.join('.'))) return true;
  }
  return false;
}
