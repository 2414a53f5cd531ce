import { z } from 'zod';
import { readOverlap } from '../../pipeline/review/overlap.ts';
import { route } from '../route.ts';

const Unserved = z.object({
  size: z.number(),
  share: z.number(),
  buyers: z.number().nullable(),
  reachable: z.number().nullable(),
});

export default route({
  method: 'GET',
  path: '/api/segmentations/:key/overlap',
  summary: 'How far its segments share members with each other and with those of other segment sets',
  tag: 'Segments',
  may: 'read',
  params: z.strictObject({ key: z.string().max(60) }),
  answer: z.object({
    subjects: z.number(),
    coverage: z.number(),
    unserved: Unserved,
    unservedByAll: Unserved,
    pairs: z.array(
      z.object({
        a: z.string(),
        b: z.string(),
        sizeA: z.number(),
        sizeB: z.number(),
        /** Null where there are some, but under 10. */
        both: z.number().nullable(),
        jaccard: z.number().nullable(),
        containment: z.number().nullable(),
        flagged: z.boolean(),
      }),
    ),
  }),
  handle: ({ params, tenant, parts }) => readOverlap(parts.store.pool, tenant, params.key, new Date()),
});
