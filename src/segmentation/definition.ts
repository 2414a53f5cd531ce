import { z } from 'zod';
import { Condition } from './condition.ts';
import { common, learned, Measure, segment, TiersSegment } from './definition-parts.ts';
import { ClustersSegmentation } from './methods/cluster-definition.ts';
import { ChurnSegmentation, LifetimeValueSegmentation } from './methods/purchase-definition.ts';
import { LookalikeSegmentation, ScorecardSegmentation } from './methods/scorecard-definition.ts';
import { RFM_GRID } from './statistics/rfm-maps.ts';

export { Measure, Play, SegmentationKey, SegmentKey, Targets, TiersSegment } from './definition-parts.ts';

export const RulesSegment = z.strictObject({
  ...segment,
  when: Condition.describe('Who enters. Holds only where the result is true, not where it is unknown.'),
  leaveWhen: Condition.optional().describe(
    'Who leaves: those who hold the label keep it until this is true. Without it they leave when `when` no longer holds.',
  ),
});
export type RulesSegment = z.infer<typeof RulesSegment>;

const ScoreRange = z
  .tuple([z.number().min(1).max(5), z.number().min(1).max(5)])
  .refine(([low, high]) => low <= high, { error: 'write the lower score first' });
export const RfmArea = z.strictObject({
  r: ScoreRange.optional().describe('Recency scores from, to; 5 is the most recent. Any if left out.'),
  f: ScoreRange.optional().describe('Frequency scores from, to; 5 is the most frequent. Any if left out.'),
  m: ScoreRange.optional().describe('Monetary scores from, to; 5 is the highest. Any if left out.'),
  fm: ScoreRange.optional().describe('Mean of frequency and monetary score, from, to. Any if left out.'),
});
export const RfmSegment = z.strictObject({
  ...segment,
  areas: z
    .array(RfmArea)
    .min(1)
    .describe('Which of the 125 score combinations belong here; the first segment that matches wins.'),
});
export type RfmSegment = z.infer<typeof RfmSegment>;

export const RulesSegmentation = z.strictObject({
  ...common,
  ...learned,
  method: z.literal('rules'),
  labels: z
    .enum(['one', 'many'])
    .default('one')
    .describe('One: the first segment that holds wins. Many: all that hold.'),
  segments: z.array(RulesSegment).min(1).max(100),
});
export type RulesSegmentation = z.infer<typeof RulesSegmentation>;

export const TiersSegmentation = z.strictObject({
  ...common,
  ...learned,
  method: z.literal('tiers'),
  labels: z.literal('one').default('one'),
  of: Measure.describe('The number that is divided.'),
  among: Condition.optional().describe('Who is divided at all; the others get no label.'),
  segments: z
    .array(TiersSegment)
    .min(1)
    .max(100)
    .describe('Highest tier first; the last one may be open below.'),
});
export type TiersSegmentation = z.infer<typeof TiersSegmentation>;

const Ascending = z.array(z.number()).length(4);
export const RfmSegmentation = z.strictObject({
  ...common,
  ...learned,
  method: z.literal('rfm'),
  labels: z.literal('one').default('one'),
  recency: Measure.default('last_order_at').describe('The date of the last purchase.'),
  frequency: Measure.default('deal_count').describe('How many purchases; none means no score.'),
  monetary: Measure.default('revenue_total').describe('How much was spent.'),
  cutPoints: z
    .strictObject({
      recency: Ascending.describe('Days since the last purchase, ascending: up to the first is a 5.'),
      frequency: Ascending.describe('Purchases, ascending: from the last on is a 5.'),
      monetary: Ascending.describe('Money, ascending: from the last on is a 5.'),
    })
    .optional()
    .describe('Fixed cut points; learned as fifths with equal values together if left out.'),
  segments: z
    .array(RfmSegment)
    .min(1)
    .max(100)
    .default(() => RFM_GRID.segments.map((entry) => RfmSegment.parse(entry)))
    .describe('The map from scores to segments; the recency by frequency grid if left out.'),
});
export type RfmSegmentation = z.infer<typeof RfmSegmentation>;

/** One way to divide people or companies into segments; as YAML or JSON in files, the API and the builder. */
export const Segmentation = z.discriminatedUnion('method', [
  RulesSegmentation,
  TiersSegmentation,
  RfmSegmentation,
  LifetimeValueSegmentation,
  ChurnSegmentation,
  ClustersSegmentation,
  ScorecardSegmentation,
  LookalikeSegmentation,
]);
export type Segmentation = z.infer<typeof Segmentation>;
