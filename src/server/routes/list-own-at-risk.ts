import { z } from 'zod';
import { SubjectType } from '../../model/attribute.ts';
import { ownAtRisk } from '../../views/reps.ts';
import { Instant, route, whole } from '../route.ts';

export const OwnListAnswer = z.object({
  /** False where no CRM knows the asker's address as an owner. */
  isOwner: z.boolean(),
  items: z.array(
    z.object({
      subject: SubjectType,
      id: z.string(),
      name: z.string().nullable(),
      labels: z.array(
        z.object({
          segmentation: z.string(),
          segment: z.string(),
          name: z.string(),
          since: Instant.nullable(),
          play: z
            .object({
              channel: z.string().optional(),
              message: z.string().optional(),
              offer: z.string().optional(),
            })
            .nullable(),
        }),
      ),
    }),
  ),
});

export default route({
  method: 'GET',
  path: '/api/my/at-risk',
  summary: 'Customers whose CRM owner is the asker and who are about to be lost, the most valuable first',
  tag: 'My customers',
  may: 'read',
  query: z.strictObject({ limit: whole(1, 100).default(10) }),
  answer: OwnListAnswer,
  handle: ({ query, tenant, actor, parts }) => ownAtRisk(parts.store.pool, tenant, actor.name, query.limit),
});
