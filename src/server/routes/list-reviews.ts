import { z } from 'zod';
import { readReviewStates } from '../../pipeline/review/overview.ts';
import { Instant, route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/reviews',
  summary: 'The published segment sets, and when somebody last looked and has to look at each',
  tag: 'Quality',
  may: 'read',
  answer: z.object({
    items: z.array(
      z.object({
        segmentation: z.string(),
        name: z.string(),
        subject: z.enum(['person', 'company']),
        rhythm: z.string().nullable(),
        due: Instant.nullable(),
        isDue: z.boolean(),
        preparedAt: Instant.nullable(),
        done: z.object({ at: Instant, by: z.string() }).nullable(),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => ({
    items: await readReviewStates(parts.store.pool, tenant, new Date()),
  }),
});
