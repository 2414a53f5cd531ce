import { z } from 'zod';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Property } from '../contract.ts';
import { API_VERSION, call, isNotFound } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';

/** In the description of each property that we made: the sign that it is ours. */
export const markerOf = (name: string) => `[segment-sync:${name}]`;

/** HubSpot writes null where it has nothing to say. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

export const PropertyOption = z.object({ label: text, value: z.string(), description: text, hidden: flag });
export type PropertyOption = z.infer<typeof PropertyOption>;

export const HubSpotProperty = z.object({
  name: z.string(),
  label: text,
  type: z.string(),
  fieldType: z.string(),
  description: text,
  options: z
    .array(PropertyOption)
    .nullish()
    .transform((value) => value ?? []),
  calculated: flag,
  archived: flag,
  modificationMetadata: z.object({ readOnlyValue: flag }).nullish(),
});
export type HubSpotProperty = z.infer<typeof HubSpotProperty>;

export const propertyPath = (object: ObjectType, rest = '') =>
  `/crm/properties/${API_VERSION}/${HUBSPOT_OBJECTS[object].path}${rest}`;

const Properties = z.object({ results: z.array(z.unknown()) });

/** All live properties. One that can't be read is left out: it must not hide the other nine hundred. */
export async function listProperties(
  context: Context<HubSpotConfig>,
  object: ObjectType,
): Promise<HubSpotProperty[]> {
  const { data } = await call(context, { method: 'GET', path: propertyPath(object) }, Properties);
  const properties = data.results.flatMap((given) => HubSpotProperty.safeParse(given).data ?? []);
  const lost = data.results.length - properties.length;
  if (lost > 0) context.log.warn({ object, lost }, 'HubSpot shows properties that can not be read');
  return properties.filter((property) => !property.archived);
}

export async function readProperty(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  name: string,
): Promise<HubSpotProperty | null> {
  try {
    const { data } = await call(
      context,
      { method: 'GET', path: propertyPath(object, `/${name}`) },
      HubSpotProperty,
    );
    return data.archived ? null : data;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

const isReadOnly = (property: HubSpotProperty) =>
  property.calculated || (property.modificationMetadata?.readOnlyValue ?? false);

/** A value that HubSpot works out; read-only ones that it sets by events change as others do. */
export const isCalculated = ({ calculated, fieldType }: HubSpotProperty) =>
  calculated || fieldType.startsWith('calculation');

export const isOurs = (property: HubSpotProperty) => property.description.includes(markerOf(property.name));

export async function discoverHubSpot(
  context: Context<HubSpotConfig>,
  object: ObjectType,
): Promise<Property[]> {
  const properties = await listProperties(context, object);
  return properties.map((property) => ({
    object,
    name: property.name,
    label: property.label,
    type: property.type,
    ...(property.options.length > 0 && {
      options: property.options.map(({ value, label }) => ({ value, label })),
    }),
    readOnly: isReadOnly(property),
    calculated: isCalculated(property),
    ours: isOurs(property),
  }));
}
