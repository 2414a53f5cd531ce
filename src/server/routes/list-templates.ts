import { z } from 'zod';
import { SubjectType } from '../../model/attribute.ts';
import { Play } from '../../segmentation/definition.ts';
import { listTemplates } from '../../views/template-choices.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/templates',
  summary: 'Segment sets to start from, by industry, with their plays and what each needs and lacks',
  tag: 'Segment sets',
  may: 'read',
  answer: z.object({
    items: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        description: z.string(),
        sets: z.array(
          z.object({
            key: z.string(),
            name: z.string(),
            description: z.string().nullable(),
            method: z.string(),
            subject: SubjectType,
            isTaken: z.boolean().describe('There is a segment set of that key already'),
            segments: z.array(
              z.object({
                key: z.string(),
                name: z.string(),
                description: z.string().nullable(),
                play: Play.nullable(),
                lacks: z.array(z.string()).describe('Attributes that nothing feeds yet'),
                needs: z.array(z.string()).describe('The same by their names for people'),
              }),
            ),
          }),
        ),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => ({ items: await listTemplates(parts.store.pool, tenant) }),
});
