import { z } from 'zod';
import { openApiDocument } from '../../server/openapi.ts';
import { routes } from '../../server/routes.ts';
import { code, markdownTable, page, plain } from './markdown.ts';

/** The part of a JSON schema that a line about a field needs. */
const Field = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  $ref: z.string().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
});
const Shape = Field.extend({
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).default([]),
});
const Content = z.record(z.string(), z.looseObject({ schema: Shape.optional() }));
const Operation = z.looseObject({
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  parameters: z
    .array(
      z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Field }),
    )
    .default([]),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: Content.optional() })),
});
type Operation = z.infer<typeof Operation>;

/** Every endpoint by its heading, from the document that the server answers at /openapi.json. */
export function apiPage(): string {
  const paths = z
    .record(z.string(), z.record(z.string(), Operation))
    .parse(openApiDocument('https://segments.example.com', routes).paths);
  const endpoints = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(endpoints.flatMap(({ operation }) => operation.tags))].sort();
  const parts = tags.flatMap((tag) => [
    `## ${tag}`,
    ...endpoints
      .filter(({ operation }) => operation.tags.includes(tag))
      .sort((one, other) => one.path.localeCompare(other.path) || one.method.localeCompare(other.method))
      .flatMap(({ path, method, operation }) => sectionOf(path, method, operation)),
  ]);
  return page(
    'API',
    `Everything on the screens, for programs: \`/openapi.json\` of a running server is the same as a document of OpenAPI 3.1, with the shape of each answer. Make a token under Settings, API tokens, and send it as \`Authorization: Bearer TOKEN\`. Errors are \`application/problem+json\` with \`code\`, \`detail\` (what happened, what is safe) and \`action\` (what to do). Lists come in pages: send \`next\` of one as \`after\` of the following.`,
    parts,
  );
}

function sectionOf(path: string, method: string, operation: Operation): string[] {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const rows = [
    ...operation.parameters.map(({ name, in: place, required, schema }) => [
      code(name),
      place,
      typeOf(schema),
      required ? 'yes' : '',
      plain(schema.description ?? ''),
    ]),
    ...fieldsOf(body),
  ];
  return [
    `### ${method.toUpperCase()} ${code(path)}`,
    `${plain(operation.summary)}. ${plain(operation.description)}`.replace(/\.\./g, '.'),
    ...(rows.length > 0 ? [markdownTable(['', 'in', 'type', 'needed', ''], rows)] : []),
    `Answers ${answerOf(operation)}.`,
  ];
}

function fieldsOf(body: z.infer<typeof Shape> | undefined): string[][] {
  if (!body) return [];
  // One of several: what each would take.
  const shapes = (body.anyOf ?? body.oneOf ?? []).map((choice) => Shape.parse(choice));
  if (shapes.length > 0 && shapes.every(({ properties }) => properties)) {
    return shapes.flatMap((shape) =>
      fieldsOf(shape).map(([name = '', place = '', type = '', needed, what = '']) => [
        name,
        place,
        type,
        needed ? 'this or the others' : '',
        what,
      ]),
    );
  }
  if (!body.properties) return [['', 'body', typeOf(body), 'yes', plain(body.description ?? '')]];
  return Object.entries(body.properties).map(([name, schema]) => {
    const field = Field.parse(schema);
    return [
      code(name),
      'body',
      typeOf(field),
      body.required.includes(name) ? 'yes' : '',
      plain(field.description ?? ''),
    ];
  });
}

function answerOf({ responses }: Operation): string {
  const done = Object.entries(responses).find(([status]) => status !== 'default');
  if (!done) return 'nothing';
  const [media, content] = Object.entries(done[1].content ?? {})[0] ?? [];
  if (media === undefined) return `${done[0]} with nothing`;
  if (media !== 'application/json') return `${done[0]} with ${code(media)}`;
  const names = Object.keys(content?.schema?.properties ?? {});
  return `${done[0]}${names.length > 0 ? ` with ${names.map(code).join(', ')}` : ''}`;
}

function typeOf(schema: z.infer<typeof Field>): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? '';
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(' or ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(Field.parse(choice))))].join(' or ');
  if (schema.type === 'array')
    return schema.items === undefined ? 'list' : `list of ${typeOf(Field.parse(schema.items))}`;
  const type = [schema.type ?? 'anything'].flat().join(' or ');
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}
