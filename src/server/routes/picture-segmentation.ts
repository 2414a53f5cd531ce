import { z } from 'zod';
import { checkGiven } from '../../pipeline/publish/draft-check.ts';
import { MethodPicture } from '../../segmentation/method-picture.ts';
import { definitionInvalid } from '../../segmentation/parse.ts';
import { pictureMethod } from '../../views/method-picture.ts';
import { DefinitionGiven } from '../definition-schema.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/picture',
  summary: 'What a method finds in the data: a map, a histogram, profiles or points; nothing is stored',
  tag: 'Segment sets',
  may: 'read',
  asks: true,
  body: z.strictObject({ definition: DefinitionGiven }),
  answer: z.object({
    picture: MethodPicture.nullable(),
    reason: z.string().nullable().describe('Why there is none yet, or why nobody gets a label'),
    warnings: z.array(z.string()),
  }),
  handle: async ({ body, tenant, parts }) => {
    const { pool } = parts.store;
    const { definitions, problems } = await checkGiven(pool, tenant, body);
    const [definition] = definitions;
    if (problems.length > 0 || definition === undefined) throw definitionInvalid(problems);
    return pictureMethod(pool, tenant, definition, new Date());
  },
});
