import { z } from 'zod';
import { AttributeOwner, Key } from '../../model/attribute.ts';
import { readValues } from '../../views/attribute-choices.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/attributes/:owner/:key/values',
  summary:
    'The most frequent values of an attribute, then the other options; none of those that name people or are sensitive',
  tag: 'Segment sets',
  may: 'read',
  params: z.strictObject({ owner: AttributeOwner, key: Key }),
  answer: z.object({
    values: z.array(
      z.object({
        value: z.string().describe('What conditions ask for'),
        name: z.string().describe('What the CRM calls it'),
        count: z.number(),
      }),
    ),
  }),
  handle: async ({ params, tenant, parts }) => ({
    values: await readValues(parts.store.pool, tenant, params.owner, params.key),
  }),
});
