import { z } from 'zod';
import { Key } from '../../model/attribute.ts';
import { Condition, SegmentName } from '../condition.ts';
import { common, learned, segment, TiersSegment } from '../definition-parts.ts';
import { Feature } from './features.ts';

export const GradeSegment = z.strictObject({
  ...segment,
  atLeast: z.number().optional().describe('Lowest score of this grade; learned if left out.'),
});
export type GradeSegment = z.infer<typeof GradeSegment>;

const GRADES = ['A', 'B', 'C', 'D'].map((name) => ({ key: name.toLowerCase(), name }));

const among = Condition.optional().describe('Who is scored at all; the others get no label.');

export const ScorecardSegmentation = z.strictObject({
  ...common,
  ...learned,
  method: z.literal('scorecard'),
  labels: z.literal('one').default('one'),
  of: z.array(Feature).max(40).default([]).describe('What is known before a deal is won or lost.'),
  cases: z
    .strictObject({
      won: Condition.describe('Past cases that went well.'),
      lost: Condition.describe('Past cases that did not.'),
      at: Key.optional().describe(
        'When a case ended: a date attribute. With it, the score is checked on later cases.',
      ),
    })
    .optional()
    .describe('The past that is learned from; won and lost deals if left out.'),
  scope: z
    .enum(['credited', 'involved'])
    .optional()
    .describe('For people, whose deals: credited to them (default), or any that they take part in.'),
  points: z
    .array(
      z.strictObject({
        when: Condition,
        points: z.number().int().min(-100).max(100).describe('Added to 50 where the condition holds.'),
      }),
    )
    .max(100)
    .optional()
    .describe(
      'Points by hand: used as long as there is too little to learn from, or alone where nothing is learned.',
    ),
  among,
  segments: z
    .array(GradeSegment)
    .min(1)
    .max(100)
    .default(() => GRADES)
    .describe(
      'Best grade first; A to D if left out: the best fifth, the next 30 %, the next 30 %, the rest.',
    ),
});
export type ScorecardSegmentation = z.infer<typeof ScorecardSegmentation>;

export const LookalikeSegmentation = z.strictObject({
  ...common,
  ...learned,
  method: z.literal('lookalike'),
  labels: z.literal('one').default('one'),
  seed: SegmentName.describe('The segment whose like is looked for; its own members get no label.'),
  of: z.array(Feature).min(1).max(40).describe('By what likeness is told.'),
  among,
  segments: z
    .array(TiersSegment)
    .min(1)
    .max(100)
    .describe('Most alike first, by topPercent of those outside the seed, or by a score.'),
});
export type LookalikeSegmentation = z.infer<typeof LookalikeSegmentation>;

const BinTest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('range'), above: z.number().nullable(), atMost: z.number().nullable() }),
  z.object({ kind: z.literal('options'), options: z.array(z.string()) }),
  z.object({ kind: z.literal('other') }),
  z.object({ kind: z.literal('unknown') }),
]);
const Bin = z.object({
  test: BinTest,
  positives: z.number(),
  negatives: z.number(),
  woe: z.number(),
  points: z.number(),
});
const CardAttribute = z.object({
  column: z.string(),
  option: z.string().optional(),
  bins: z.array(Bin),
  iv: z.number(),
  reading: z.enum(['useless', 'weak', 'medium', 'strong', 'suspicious']),
  coefficient: z.number(),
});
export type CardAttribute = z.infer<typeof CardAttribute>;

const Validation = z.object({
  split: z.enum(['time', 'cross_validation']),
  cases: z.number(),
  auc: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  brier: z.number(),
  baseBrier: z.number(),
  calibration: z.array(z.object({ count: z.number(), expected: z.number(), observed: z.number() })),
  liftTop10: z.number().nullable(),
  liftTop20: z.number().nullable(),
  verdict: z.enum(['useful', 'no_better_than_chance', 'unknown']),
});

/** Points per value, learned; how well they do on cases not seen. */
export const Card = z.object({
  attributes: z.array(CardAttribute),
  intercept: z.number(),
  grades: z.object({ a: z.number(), b: z.number(), c: z.number() }),
  validation: Validation,
  converged: z.boolean(),
});
export type Card = z.infer<typeof Card>;

export const ScorecardModel = z.object({
  method: z.literal('scorecard'),
  asOf: z.iso.datetime(),
  cases: z.number(),
  won: z.number(),
  card: Card.nullable(),
  /** Which points are given: the learned ones, those by hand, or none at all, for `reason`. */
  use: z.enum(['learned', 'by_hand', 'nobody']),
  reason: z.string().nullable(),
  /** What won cases share, in words, the strongest first. */
  profile: z.array(z.string()),
  /** Where there is too little to learn from: the attributes in the order of what is known so far. */
  suggestions: z.array(CardAttribute.omit({ reading: true, coefficient: true })),
  warnings: z.array(z.string()),
});
export type ScorecardModel = z.infer<typeof ScorecardModel>;

export const LookalikeModel = z.object({
  method: z.literal('lookalike'),
  asOf: z.iso.datetime(),
  seeds: z.number(),
  others: z.number(),
  card: Card.nullable(),
  reason: z.string().nullable(),
  /** Segment key -> lowest score of a tier given as a percentage. */
  cutPoints: z.record(z.string(), z.number().nullable()),
  warnings: z.array(z.string()),
});
export type LookalikeModel = z.infer<typeof LookalikeModel>;
