import { z } from 'zod';
import { ObjectType } from '../../model/record.ts';
import { readWaiting } from '../../views/waiting.ts';
import { Instant, route } from '../route.ts';
import { ReasonAnswer } from '../run-answer.ts';

export default route({
  method: 'GET',
  path: '/api/waiting',
  summary: 'Every target with why it waits, if it does; falls in records; values set by hand',
  tag: 'Waiting',
  may: 'read',
  answer: z.object({
    targets: z.array(
      z.object({
        id: z.string(),
        connectionId: z.string(),
        connection: z.string(),
        system: z.string(),
        segmentation: z.string(),
        set: z.string(),
        what: z.string(),
        kind: z.string(),
        object: ObjectType,
        state: z.enum(['held', 'live', 'paused']),
        /** held for the first look, stopped by a brake, by hand, or for something that is missing in the CRM. */
        why: z.enum(['new', 'brake', 'by_hand', 'needs_you', 'undone', 'live']),
        reason: ReasonAnswer.extend({ by: z.string().optional() }).nullable(),
        /** Files that an admin deploys in the CRM, by path. */
        bundle: z.record(z.string(), z.string()).nullable(),
        /** Records that show a value now; would be written; of those, would show another value. */
        shown: z.number(),
        writes: z.number(),
        changes: z.number(),
        /** The CRM works out what it holds. */
        filledByCrm: z.boolean(),
      }),
    ),
    falls: z.array(
      z.object({
        connectionId: z.string(),
        connection: z.string(),
        object: ObjectType,
        purpose: z.enum(['full', 'links', 'deleted']),
        missing: z.number(),
        live: z.number(),
        since: Instant,
      }),
    ),
    pins: z.number(),
    /** Is a run under way, after which these figures change? */
    runId: z.string().nullable(),
    /** Only the first records of each object are counted yet: figures are at least as high. Ask again soon. */
    isCounting: z.boolean(),
  }),
  handle: ({ tenant, parts }) => readWaiting(parts.store.pool, tenant, new Date()),
});
