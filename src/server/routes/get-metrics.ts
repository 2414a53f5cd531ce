import { z } from 'zod';
import { readMetrics } from '../../pipeline/review/metrics.ts';
import { audienceOf } from '../audience.ts';
import { Instant, route } from '../route.ts';

const Figure = z.object({ value: z.number(), deals: z.number(), tooFew: z.boolean() }).nullable();

const OfSegment = z.object({
  segment: z.string(),
  name: z.string(),
  members: z.number(),
  revenue: z.number().nullable(),
  revenuePerMember: z.number().nullable(),
  averageDeal: Figure,
  cycleDays: Figure,
  rates: z.array(
    z.object({
      metric: z.string(),
      name: z.string(),
      numerator: z.string(),
      denominator: z.string(),
      successes: z.number().nullable(),
      trials: z.number().nullable(),
      /** With its 95 % interval. */
      rate: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
      tooFew: z.boolean(),
      needs: z.array(z.string()),
    }),
  ),
});

export default route({
  method: 'GET',
  path: '/api/segmentations/:key/metrics',
  summary: 'What the members of each segment did in the last year, with intervals',
  tag: 'Segments',
  may: 'read',
  params: z.strictObject({ key: z.string().max(60) }),
  answer: z.object({ from: Instant, to: Instant, segments: z.array(OfSegment), everybody: OfSegment }),
  handle: async ({ params, tenant, actor, parts }) => {
    const metrics = await readMetrics(parts.store.pool, tenant, params.key, { to: new Date() });
    if (audienceOf(actor) === 'admin') return metrics;
    // Reps see no money.
    const withoutMoney = <T extends object>(one: T) => ({
      ...one,
      revenue: null,
      revenuePerMember: null,
      averageDeal: null,
    });
    return {
      ...metrics,
      segments: metrics.segments.map(withoutMoney),
      everybody: withoutMoney(metrics.everybody),
    };
  },
});
