import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The part of an OpenAPI schema that the derived HubSpot files use. */
type Schema = {
  $ref?: string | undefined;
  type?: string | undefined;
  format?: string | undefined;
  enum?: unknown[] | undefined;
  items?: Schema | undefined;
  properties?: Record<string, Schema> | undefined;
  additionalProperties?: Schema | boolean | undefined;
  required?: string[] | undefined;
};
const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.string().optional(),
    format: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    items: Schema.optional(),
    properties: z.record(z.string(), Schema).optional(),
    additionalProperties: z.union([Schema, z.boolean()]).optional(),
    required: z.array(z.string()).optional(),
  }),
);
const Content = z.record(z.string(), z.object({ schema: Schema.optional() }));
const Operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});
export type Document = z.infer<typeof Document>;

export const readDocument = (file: string): Document =>
  Document.parse(JSON.parse(readFileSync(file, 'utf8')));

/** The operation that a method and an address (without its query) belong to; one without a parameter in it wins. */
export const operationOf = (
  document: Document,
  method: string,
  address: string,
): z.infer<typeof Operation> | undefined => {
  const isMeant = (path: string) =>
    new RegExp(`^${path.replace(/\/$/, '').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(address);
  const paths = Object.keys(document.paths).filter(isMeant);
  const [exact] = paths.sort((a, b) => a.split('{').length - b.split('{').length);
  return document.paths[exact ?? '']?.[method.toLowerCase()];
};

/** What a reply of this operation must look like; `undefined` where it has no body. */
export const replySchema = (
  document: Document,
  method: string,
  path: string,
  status: number,
): Schema | undefined => {
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (!operation) throw new Error(`The specification has no ${method} ${path}`);
  const response = operation.responses[String(status)] ?? operation.responses.default;
  if (!response) throw new Error(`${method} ${path} has no answer ${status}`);
  return Object.values(response.content ?? {})[0]?.schema;
};

/**
 * How a value departs from a schema: required fields that are missing, types that differ, fields nobody knows.
 * null stands for absence, as in HubSpot's own answers: it is allowed wherever nothing is required, and as a value in
 * a map of properties.
 */
export const departures = (
  document: Document,
  schema: Schema | undefined,
  value: unknown,
  at = '$',
): string[] => {
  if (!schema) return [];
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return departures(document, document.components.schemas[name], value, at);
  }
  if (schema.enum && !schema.enum.includes(value))
    return [`${at} is ${JSON.stringify(value)}, none of ${schema.enum}`];
  switch (schema.type) {
    case 'array':
      if (!Array.isArray(value)) return [`${at} is no array`];
      return value.flatMap((each, index) => departures(document, schema.items, each, `${at}[${index}]`));
    case 'object':
      return objectDepartures(document, schema, value, at);
    case 'string':
      if (typeof value !== 'string') return [`${at} is ${typeof value}, not a string`];
      return schema.format === 'date-time' && Number.isNaN(Date.parse(value)) ? [`${at} is no time`] : [];
    case 'integer':
      return Number.isInteger(value) ? [] : [`${at} is no integer`];
    case 'number':
      return typeof value === 'number' ? [] : [`${at} is no number`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at} is no boolean`];
    default:
      return [];
  }
};

const objectDepartures = (document: Document, schema: Schema, value: unknown, at: string): string[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
  const known = schema.properties ?? {};
  const required = schema.required ?? [];
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, each]) => {
    const field = known[name];
    if (field)
      return each === null && !required.includes(name)
        ? []
        : departures(document, field, each, `${at}.${name}`);
    const extra = schema.additionalProperties;
    if (typeof extra === 'object')
      return each === null ? [] : departures(document, extra, each, `${at}.${name}`);
    return schema.properties === undefined ? [] : [`${at}.${name} is unknown`];
  });
  return [...missing, ...wrong];
};
