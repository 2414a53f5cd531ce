import { z } from 'zod';
import { DealFilter } from '../condition.ts';
import { common, learned, TiersSegment } from '../definition-parts.ts';
import { Duration } from '../duration.ts';
import { PurchaseTable } from './purchase-table.ts';

const purchases = {
  ...common,
  ...learned,
  labels: z.literal('one').default('one'),
  model: z
    .enum(['mbg_nbd', 'bg_nbd', 'pareto_nbd'])
    .default('mbg_nbd')
    .describe(
      'How buying and leaving are modelled. MBG/NBD lets one-time buyers fade; BG/NBD counts them as customers for ever.',
    ),
  where: DealFilter.optional().describe('Which won deals are purchases; all of them if left out.'),
  scope: z
    .enum(['credited', 'involved'])
    .optional()
    .describe(
      "For people: deals credited to them (default), or any that they take part in. A company's are its own.",
    ),
  horizon: Duration.default('12 months').describe('How far ahead purchases and value are expected.'),
};

const tiers = z.array(TiersSegment).min(1).max(100);

export const LifetimeValueSegmentation = z.strictObject({
  ...purchases,
  method: z.literal('lifetime_value'),
  margin: z.number().gt(0).max(1).default(1).describe('Share of revenue that is profit.'),
  discount: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Discount a year, such as 0.1: what comes later is worth less.'),
  segments: tiers.describe(
    'Highest first, by the value expected within the horizon; the last one may be open below.',
  ),
});
export type LifetimeValueSegmentation = z.infer<typeof LifetimeValueSegmentation>;

export const ChurnSegmentation = z.strictObject({
  ...purchases,
  method: z.literal('churn'),
  segments: tiers.describe(
    'Highest first, by the probability (0 to 1) of still being a customer; the last one may be open below.',
  ),
});
export type ChurnSegmentation = z.infer<typeof ChurnSegmentation>;

export type PurchaseSegmentation = LifetimeValueSegmentation | ChurnSegmentation;

const Reason = z.object({ code: z.string(), message: z.string() });

const Holdout = z.object({
  /** The last day that the model of the check knew. */
  calibrationEnd: z.string(),
  customers: z.number(),
  actual: z.number(),
  expected: z.number(),
  byFrequency: z.array(
    z.object({ x: z.number(), customers: z.number(), actualMean: z.number(), expectedMean: z.number() }),
  ),
});

const Parameters = z.record(z.string(), z.number());

/** The fitted purchase process; times in weeks. */
export const PurchaseFit = z.object({
  parameters: Parameters,
  standardErrors: Parameters.optional(),
  logLikelihood: z.number(),
  converged: z.boolean(),
  /** Purchases expected within the horizon of who is still a customer, and the same discounted. */
  expected: PurchaseTable,
  discounted: PurchaseTable,
  /** Gamma-Gamma, or one amount for all; null where spend can't be foreseen. */
  spend: z
    .union([z.object({ p: z.number(), q: z.number(), gamma: z.number() }), z.object({ amount: z.number() })])
    .nullable(),
});
export type PurchaseFit = z.infer<typeof PurchaseFit>;

const purchaseModel = {
  asOf: z.iso.datetime(),
  /** Whose customers: a sample where there are many. */
  customers: z.number(),
  repeatCustomers: z.number(),
  isSample: z.boolean(),
  confidence: z.enum(['none', 'low', 'medium', 'high']),
  /** Null where such a model does not fit this business: nobody gets a label, and `reasons` say why. */
  fit: PurchaseFit.nullable(),
  reasons: z.array(Reason),
  holdout: Holdout.nullable(),
  /** Segment key -> lowest score of a tier given as a percentage. */
  cutPoints: z.record(z.string(), z.number().nullable()),
  warnings: z.array(z.string()),
};

export const LifetimeValueModel = z.object({ method: z.literal('lifetime_value'), ...purchaseModel });
export const ChurnModel = z.object({ method: z.literal('churn'), ...purchaseModel });
export type PurchaseModel = z.infer<typeof LifetimeValueModel> | z.infer<typeof ChurnModel>;

/** The scores that each method gives, by name. */
export const purchaseScores = {
  lifetime_value: ['value', 'p_alive', 'expected_purchases', 'expected_spend', 'next_purchase_days'],
  churn: ['p_alive', 'expected_purchases', 'next_purchase_days'],
} as const;

/** Scores that are amounts of money, which reps may not see. */
export const moneyScores = ['value', 'expected_spend'] as const;

/** The score that the segments divide. */
export const dividedScore = { lifetime_value: 'value', churn: 'p_alive' } as const;
