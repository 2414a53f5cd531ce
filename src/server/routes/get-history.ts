import { z } from 'zod';
import { readHistory } from '../../pipeline/review/history.ts';
import { Instant, route } from '../route.ts';

const Day = z.iso.date().transform((day) => new Date(`${day}T00:00:00Z`));

const Drift = z.object({
  psi: z.number(),
  pValue: z.number(),
  level: z.string(),
  smallSample: z.boolean(),
});

export default route({
  method: 'GET',
  path: '/api/segmentations/:key/history',
  summary: 'Sizes by day, who moved from where to where between two dates, why, and what drifted',
  tag: 'Segments',
  may: 'read',
  params: z.strictObject({ key: z.string().max(60) }),
  query: z.strictObject({
    from: Day.optional().describe('90 days before `to` if left out'),
    to: Day.optional(),
  }),
  answer: z.object({
    from: Instant,
    to: Instant,
    sizes: z.array(
      z.object({ day: z.string(), segment: z.string(), size: z.number(), revenue: z.number().nullable() }),
    ),
    migration: z.object({
      from: z.array(z.string()),
      to: z.array(z.string()),
      /** Counts under 10 are null. */
      counts: z.array(z.array(z.number().nullable())),
      stayed: z.number().nullable(),
    }),
    flows: z.array(
      z.object({
        segment: z.string(),
        before: z.number(),
        entered: z.number(),
        left: z.number(),
        after: z.number(),
      }),
    ),
    memberDrift: Drift.nullable(),
    attributeDrift: z.array(Drift.extend({ name: z.string(), since: Instant })),
    causes: z.object({
      byCause: z.record(z.string(), z.number()),
      membersMoved: z.number(),
      linesMoved: z.number(),
      perSubjectAndMonth: z.number().nullable(),
    }),
  }),
  handle: ({ params, query, tenant, parts }) =>
    readHistory(parts.store.pool, tenant, params.key, { from: query.from, to: query.to ?? new Date() }),
});
