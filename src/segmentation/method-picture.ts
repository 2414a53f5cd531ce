/** What a model says, without what only the arithmetic needs. */
import { z } from 'zod';
import type { ColumnNames } from './column-names.ts';
import type { Segmentation } from './definition.ts';
import type { Card } from './methods/scorecard-definition.ts';
import type { Model } from './model.ts';

const Bins = z.array(z.object({ from: z.number(), to: z.number(), count: z.number() }));
const Cuts = z.array(z.object({ segment: z.string(), at: z.number().nullable() }));
const Ascending = z.array(z.number());

const CardPicture = z.object({
  attributes: z.array(
    z.object({
      name: z.string(),
      reading: z.string().describe('How much it tells: useless, weak, medium, strong, suspicious'),
      bins: z.array(z.object({ test: z.string(), points: z.number(), won: z.number(), lost: z.number() })),
    }),
  ),
  auc: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  calibration: z.array(z.object({ count: z.number(), expected: z.number(), observed: z.number() })),
  liftTop10: z.number().nullable(),
  verdict: z.enum(['useful', 'no_better_than_chance', 'unknown']),
});

export const MethodPicture = z.discriminatedUnion('method', [
  z.object({
    method: z.literal('rfm'),
    cells: z.array(
      z.object({
        r: z.number(),
        f: z.number(),
        size: z.number(),
        revenue: z.number(),
        segment: z.string().nullable(),
      }),
    ),
    cutPoints: z.object({ recency: Ascending, frequency: Ascending, monetary: Ascending }).nullable(),
  }),
  z.object({ method: z.literal('tiers'), cuts: Cuts, bins: Bins }),
  z.object({
    method: z.literal('clusters'),
    /** Good where groups stand apart (mean silhouette of 0.25 or more, Kaufman and Rousseeuw). */
    grouping: z.enum(['good', 'weak']),
    customers: z.number(),
    chosen: z.number(),
    candidates: z.array(
      z.object({
        k: z.number(),
        silhouette: z.number().nullable(),
        calinskiHarabasz: z.number().nullable(),
        daviesBouldin: z.number().nullable(),
        smallest: z.number(),
      }),
    ),
    groups: z.array(
      z.object({
        segment: z.string(),
        description: z.string(),
        size: z.number(),
        stability: z.string().nullable(),
        traits: z.array(
          z.object({
            name: z.string(),
            /** Counted as days ago. */
            isDate: z.boolean(),
            inside: z.number(),
            outside: z.number(),
            difference: z.number(),
          }),
        ),
      }),
    ),
  }),
  z.object({
    method: z.enum(['lifetime_value', 'churn']),
    confidence: z.string(),
    customers: z.number(),
    repeatCustomers: z.number(),
    reasons: z.array(z.string()),
    parameters: z.record(z.string(), z.number()),
    holdout: z
      .object({
        calibrationEnd: z.string(),
        customers: z.number(),
        actual: z.number(),
        expected: z.number(),
        byFrequency: z.array(
          z.object({
            x: z.number(),
            customers: z.number(),
            actualMean: z.number(),
            expectedMean: z.number(),
          }),
        ),
      })
      .nullable(),
    cuts: Cuts,
    bins: Bins,
  }),
  z.object({
    method: z.enum(['scorecard', 'lookalike']),
    cases: z.number(),
    won: z.number(),
    use: z.enum(['learned', 'by_hand', 'nobody']),
    card: CardPicture.nullable(),
    profile: z.array(z.string()),
    cuts: Cuts,
    bins: Bins,
  }),
]);
export type MethodPicture = z.infer<typeof MethodPicture>;
type Bins = z.infer<typeof Bins>;

const GOOD_SILHOUETTE = 0.25;
const TRAITS = 6;

/** Of the methods whose picture is all in the model; `bins` are of the score that the segments divide. */
export function pictureOfModel(
  definition: Segmentation,
  model: Model,
  bins: Bins,
  names: ColumnNames,
): MethodPicture | null {
  switch (model.method) {
    case 'clusters':
      return {
        method: 'clusters',
        grouping: (model.chosen.silhouette ?? 0) >= GOOD_SILHOUETTE ? 'good' : 'weak',
        customers: model.customers,
        chosen: model.chosen.k,
        candidates: model.candidates.map(({ inertia: _, ...figures }) => figures),
        groups: model.groups.map(({ segment, description, size, stability, traits }) => ({
          segment,
          description,
          size,
          stability: stability?.reading ?? null,
          traits: [...traits]
            .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
            .slice(0, TRAITS)
            .map(({ column, option, inside, outside, difference }) => ({
              name: names.of(column, option),
              isDate: names.isDate(column),
              inside,
              outside,
              difference,
            })),
        })),
      };
    case 'lifetime_value':
    case 'churn': {
      const { confidence, customers, repeatCustomers, reasons, fit, holdout, cutPoints } = model;
      return {
        method: model.method,
        confidence,
        customers,
        repeatCustomers,
        reasons: reasons.map(({ message }) => message),
        parameters: fit?.parameters ?? {},
        holdout,
        cuts: cutsOf(definition, cutPoints),
        bins,
      };
    }
    case 'scorecard':
      return {
        method: 'scorecard',
        cases: model.cases,
        won: model.won,
        use: model.use,
        card: model.card === null ? null : cardPicture(model.card, names),
        profile: model.profile.map(names.sentence),
        cuts: cutsOf(definition, { ...model.card?.grades }),
        bins,
      };
    case 'lookalike':
      return {
        method: 'lookalike',
        cases: model.seeds + model.others,
        won: model.seeds,
        use: model.card === null ? 'nobody' : 'learned',
        card: model.card === null ? null : cardPicture(model.card, names),
        profile: [],
        cuts: cutsOf(definition, model.cutPoints),
        bins,
      };
    default:
      return null;
  }
}

function cutsOf(definition: Segmentation, learned: Record<string, number | null>) {
  return definition.segments.map((segment) => {
    const fixed = 'atLeast' in segment ? segment.atLeast : undefined;
    return { segment: segment.name, at: fixed ?? learned[segment.key] ?? null };
  });
}

function cardPicture({ attributes, validation }: Card, names: ColumnNames): z.infer<typeof CardPicture> {
  const { auc, calibration, liftTop10, verdict } = validation;
  return {
    attributes: attributes.map(({ column, option, reading, bins }) => ({
      name: names.of(column, option),
      reading,
      bins: bins.map(({ test, points, positives, negatives }) => ({
        test: inWords(test, (value) => names.option(column, value)),
        points,
        won: positives,
        lost: negatives,
      })),
    })),
    auc,
    calibration,
    liftTop10,
    verdict,
  };
}

function inWords(
  test: Card['attributes'][number]['bins'][number]['test'],
  nameOf: (option: string) => string,
): string {
  switch (test.kind) {
    case 'range':
      if (test.above === null) return `up to ${test.atMost ?? ''}`;
      return test.atMost === null ? `over ${test.above}` : `over ${test.above}, up to ${test.atMost}`;
    case 'options':
      return test.options.map(nameOf).join(', ');
    case 'other':
      return 'anything else';
    case 'unknown':
      return 'not known';
  }
}
