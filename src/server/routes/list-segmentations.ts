import { z } from 'zod';
import { SubjectType } from '../../model/attribute.ts';
import { listSegmentSets } from '../../views/segment-sets.ts';
import { Instant, route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/segmentations',
  summary: 'The segment sets: drafts, those in force and retired ones, with sizes and what they wait for',
  tag: 'Segment sets',
  may: 'read',
  answer: z.object({
    items: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        description: z.string().nullable(),
        goal: z.string().nullable(),
        owner: z.string().nullable(),
        subject: SubjectType,
        method: z.string(),
        labels: z.enum(['one', 'many']),
        state: z.enum(['draft', 'published', 'retired']),
        version: z.number().nullable(),
        draft: z.object({ savedAt: Instant, savedBy: z.string(), proposedAt: Instant.nullable() }).nullable(),
        changedAt: Instant.nullable(),
        changedBy: z.string().nullable(),
        segments: z.array(
          z.object({
            key: z.string(),
            name: z.string(),
            size: z.number().nullable(),
            revenue: z.number().nullable(),
          }),
        ),
        scores: z.array(z.string()),
        held: z.number().describe('Targets that wait for a person'),
        waitsFor: z.string().nullable(),
        reviewDue: Instant.nullable(),
        isReviewDue: z.boolean(),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => {
    const sets = await listSegmentSets(parts.store.pool, tenant);
    const now = new Date();
    return {
      items: sets.map(({ definition, sizes, draft, scores, ...set }) => {
        const { name, description, goal, owner, subject, method, labels, segments } = definition;
        return {
          ...set,
          name,
          description: description ?? null,
          goal: goal ?? null,
          owner: owner ?? null,
          subject,
          method,
          labels,
          draft,
          scores: [...scores],
          isReviewDue: set.reviewDue !== null && set.reviewDue <= now,
          segments: segments.map((segment) => {
            const size = sizes.find((one) => one.segment === segment.key);
            const { size: members = null, revenue = null } = size ?? {};
            return { key: segment.key, name: segment.name, size: members, revenue };
          }),
        };
      }),
    };
  },
});
