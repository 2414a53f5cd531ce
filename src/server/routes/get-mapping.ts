import { z } from 'zod';
import { Attribute } from '../../model/attribute.ts';
import { ObjectType } from '../../model/record.ts';
import { readMapping } from '../../views/mapping.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/mapping',
  summary: 'Attributes with the CRM properties that feed them, how many have a value, and what uses them',
  tag: 'Mapping',
  may: 'read',
  answer: z.object({
    attributes: z.array(
      Attribute.extend({
        state: z.enum(['ready', 'filling', 'problem', 'missing']),
        isAllowed: z.boolean(),
        known: z.number(),
        total: z.number(),
        feeds: z.array(
          z.object({
            connectionId: z.string(),
            connection: z.string(),
            object: ObjectType,
            property: z.string(),
            filled: z.boolean(),
            problem: z.string().nullable(),
            calculated: z
              .boolean()
              .describe('The CRM works it out and does not say when: it is read again once a day'),
          }),
        ),
        usedBy: z.array(z.string()),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => ({ attributes: await readMapping(parts.store.pool, tenant) }),
});
