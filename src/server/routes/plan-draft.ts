import { z } from 'zod';
import { planDraft } from '../../views/draft-plan.ts';
import { SetParams } from '../definition-schema.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/plan',
  summary:
    'What publishing the draft would change: the definition, who enters and leaves, where it is written',
  tag: 'Segment sets',
  may: 'read',
  asks: true,
  params: SetParams,
  answer: z.object({
    change: z.enum(['new', 'changed', 'unchanged']),
    differences: z.array(z.object({ text: z.string(), kind: z.enum(['added', 'removed', 'changed']) })),
    segments: z.array(
      z.object({
        segment: z.string(),
        name: z.string(),
        before: z.number(),
        after: z.number(),
        enters: z.number(),
        leaves: z.number(),
        lacks: z.array(z.string()).describe('Attributes that nothing feeds, by name'),
        passedOver: z
          .array(z.string())
          .describe('The same where the other conditions tell who is in it, without those'),
      }),
    ),
    changes: z.number().describe('People or companies whose labels would change'),
    total: z.number(),
    unlabelled: z.number(),
    samples: z.array(
      z.object({
        id: z.string(),
        name: z.string().nullable(),
        before: z.array(z.string()),
        after: z.array(z.string()),
      }),
    ),
    problem: z.string().nullable().describe('Why it can not be counted yet'),
    targets: z.array(
      z.object({
        connection: z.string(),
        system: z.string(),
        what: z.string(),
        state: z.enum(['new', 'held', 'live', 'paused']),
      }),
    ),
    room: z.array(
      z.object({ connection: z.string(), message: z.string(), action: z.string(), isBlocking: z.boolean() }),
    ),
    warnings: z.array(z.object({ code: z.string(), message: z.string(), action: z.string() })),
    releases: z.enum(['ask', 'auto']).describe('Whether new targets wait for a person'),
  }),
  handle: ({ params, tenant, parts }) => planDraft(parts.store.pool, tenant, params.key, new Date()),
});
