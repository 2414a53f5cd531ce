import { z } from 'zod';
import { ClustersModel } from './methods/cluster-definition.ts';
import { ChurnModel, LifetimeValueModel } from './methods/purchase-definition.ts';
import { LookalikeModel, ScorecardModel } from './methods/scorecard-definition.ts';

/** A cut point that was learned; null where no value is in the group. */
const Cut = z.number().nullable();

const RulesModel = z.object({
  method: z.literal('rules'),
  asOf: z.iso.datetime(),
  /** Cut points of percentile tests by the key of percentile.ts. */
  cutPoints: z.record(z.string(), Cut),
  warnings: z.array(z.string()),
});

const TiersModel = z.object({
  method: z.literal('tiers'),
  asOf: z.iso.datetime(),
  /** Segment key -> lowest value of a tier given as a percentage. */
  cutPoints: z.record(z.string(), Cut),
  warnings: z.array(z.string()),
});

export const RfmModel = z.object({
  method: z.literal('rfm'),
  asOf: z.iso.datetime(),
  /** Four ascending cut points each; a score is 1 + the cut points exceeded, recency (days) from the other end. */
  cutPoints: z.object({
    recency: z.array(z.number()),
    frequency: z.array(z.number()),
    monetary: z.array(z.number()),
  }),
  warnings: z.array(z.string()),
});
export type RfmModel = z.infer<typeof RfmModel>;

/** What a segmentation learned from the data. */
export const Model = z.discriminatedUnion('method', [
  RulesModel,
  TiersModel,
  RfmModel,
  LifetimeValueModel,
  ChurnModel,
  ClustersModel,
  ScorecardModel,
  LookalikeModel,
]);
export type Model = z.infer<typeof Model>;
