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
  /** A formula: its value changes without a change of the record. */
  calculated: z.boolean().default(false),
  restrictedPicklist: z.boolean().default(false),
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
    .array(
      z.object({
        name: z.string(),
        developerName: z.string(),
        recordTypeId: z.string(),
        /** Every object has this one, which stands for none. */
        master: z.boolean().default(false),
      }),
    )
    .default([]),
});

export type Schema = Omit<z.infer<typeof Describe>, 'fields'> & {
  /** Fields with plain values that the connected user may see; Salesforce hides the others as if they were not there. */
  fields: Map<string, Field>;
};

/**
 * Types whose values are made of parts, or are files: no cell holds one, and a bulk query that asks for one is refused.
 * The parts of an address are fields of their own.
 * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/compound_fields.htm
 */
const UNREADABLE = new Set(['address', 'location', 'base64', 'anyType', 'complexvalue', 'json']);

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
    const fields = data.fields.filter(({ type }) => !UNREADABLE.has(type));
    return { ...data, fields: new Map(fields.map((field) => [field.name, field])) };
  } catch (error) {
    if (isUnknownObject(error)) return null;
    throw error;
  }
}

/** The field, or what a path over relationships ("Individual.HasOptedOutProfiling") ends in; null where we can't read it. */
export async function fieldAt(
  context: Context<SalesforceConfig>,
  sobject: string,
  path: string,
): Promise<Field | null> {
  const schema = await schemaOf(context, sobject);
  if (schema === null) return null;
  const [first = '', ...further] = path.split('.');
  if (further.length === 0) return schema.fields.get(first) ?? null;
  const link = [...schema.fields.values()].find(({ relationshipName }) => relationshipName === first);
  for (const target of link?.referenceTo ?? []) {
    const field = await fieldAt(context, target, further.join('.'));
    if (field !== null) return field;
  }
  return null;
}

export const canRead = async (context: Context<SalesforceConfig>, sobject: string, path: string) =>
  (await fieldAt(context, sobject, path)) !== null;
