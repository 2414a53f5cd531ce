import { z } from 'zod';
import { Condition } from '../condition.ts';
import { common, learned, segment } from '../definition-parts.ts';
import { Feature } from './features.ts';

const ClusterSegment = z.strictObject(segment);

const Count = z.number().int().min(2).max(20);

export const ClustersSegmentation = z.strictObject({
  ...common,
  ...learned,
  method: z.literal('clusters'),
  labels: z.literal('one').default('one'),
  of: z.array(Feature).min(1).max(40).describe('What customers are compared by; dates count as days ago.'),
  among: Condition.optional().describe('Who is divided at all; the others get no label.'),
  k: z
    .union([Count, z.tuple([Count, Count])])
    .optional()
    .describe(
      'How many groups, or from how many to how many to choose; as many as there are segments if left out.',
    ),
  scale: z
    .enum(['standard', 'robust', 'none'])
    .default('standard')
    .describe('How attributes of different size are made comparable.'),
  tails: z
    .enum(['auto', 'log', 'winsorise', 'none'])
    .default('auto')
    .describe('How a few very large values are kept from deciding alone.'),
  unknown: z
    .enum(['median', 'none'])
    .default('median')
    .describe('Unknown numbers count as the median, or whoever has one gets no label.'),
  minShare: z
    .number()
    .min(0)
    .max(50)
    .default(5)
    .describe('Percent that the smallest group must hold, where the number of groups is chosen.'),
  segments: z
    .array(ClusterSegment)
    .min(2)
    .max(20)
    .describe('A key for each group that there may be. Name them once you have seen what they are like.'),
});
export type ClustersSegmentation = z.infer<typeof ClustersSegmentation>;

const Axis = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('number'),
    column: z.string(),
    fill: z.number(),
    low: z.number().nullable(),
    high: z.number().nullable(),
    log: z.boolean(),
    center: z.number(),
    scale: z.number(),
  }),
  z.object({
    kind: z.enum(['category', 'multi']),
    column: z.string(),
    option: z.string(),
    center: z.number(),
    scale: z.number(),
  }),
]);

const Candidate = z.object({
  k: z.number(),
  inertia: z.number(),
  silhouette: z.number().nullable(),
  calinskiHarabasz: z.number().nullable(),
  daviesBouldin: z.number().nullable(),
  smallest: z.number(),
});

export const ClustersModel = z.object({
  method: z.literal('clusters'),
  asOf: z.iso.datetime(),
  customers: z.number(),
  isSample: z.boolean(),
  axes: z.array(Axis),
  centroids: z.array(z.array(z.number())),
  /** Segment of each centroid; kept over learnings where most members stay together. */
  keys: z.array(z.string()),
  chosen: Candidate,
  candidates: z.array(Candidate),
  /** What each group is like, in the order of the centroids. */
  groups: z.array(
    z.object({
      segment: z.string(),
      /** From its strongest differences, such as `high revenue_total, low days_since`. */
      description: z.string(),
      size: z.number(),
      /** Mean within and outside; the difference in standard deviations (.2 small, .5 medium, .8 large). */
      traits: z.array(
        z.object({
          column: z.string(),
          option: z.string().optional(),
          inside: z.number(),
          outside: z.number(),
          difference: z.number(),
        }),
      ),
      stability: z
        .object({ jaccard: z.number(), reading: z.enum(['highly_stable', 'stable', 'pattern', 'unstable']) })
        .optional(),
      /** The group as a rule that people can read, and how well it stands for the group; null where there is none. */
      rule: z
        .object({ when: Condition, precision: z.number(), recall: z.number(), size: z.number() })
        .nullable(),
    }),
  ),
  warnings: z.array(z.string()),
});
export type ClustersModel = z.infer<typeof ClustersModel>;
