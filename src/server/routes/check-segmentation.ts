import { z } from 'zod';
import { checkGiven } from '../../pipeline/publish/draft-check.ts';
import { DefinitionAnswer, DefinitionGiven, TextGiven } from '../definition-schema.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/check',
  summary: 'Read a definition without keeping it: what is wrong and where, warnings, what is lacking',
  tag: 'Segment sets',
  may: 'read',
  asks: true,
  body: z.union([
    z.strictObject({ definition: DefinitionGiven }),
    z.strictObject({ text: TextGiven.describe('YAML or JSON') }),
  ]),
  answer: z.object({
    yaml: z.string().describe('The text given, or what was written from the definition'),
    definition: DefinitionAnswer.nullable().describe('What was read; null where it could not be'),
    problems: z.array(
      z.object({
        line: z.number(),
        column: z.number(),
        path: z.array(z.union([z.string(), z.number()])),
        message: z.string(),
      }),
    ),
    warnings: z.array(z.object({ code: z.string(), message: z.string(), action: z.string() })),
    lacks: z.array(z.object({ segment: z.string(), missing: z.array(z.string()) })),
  }),
  handle: async ({ body, tenant, parts }) => {
    const { text, definitions, problems, warnings, unmet } = await checkGiven(parts.store.pool, tenant, body);
    const [definition = null, ...more] = definitions;
    const one =
      more.length === 0
        ? []
        : [{ line: 1, column: 1, path: [], message: `one segment set is expected, not ${more.length + 1}` }];
    return {
      yaml: text,
      definition,
      problems: [
        ...problems.map(({ line, column, path = [], message }) => ({ line, column, path, message })),
        ...one,
      ],
      warnings,
      lacks: unmet.map(({ segment, missing }) => ({ segment, missing })),
    };
  },
});
