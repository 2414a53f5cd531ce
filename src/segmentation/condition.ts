import { z } from 'zod';
import { Key } from '../model/attribute.ts';
import { Comparison, comparison, operators } from './operators.ts';

/** A segment as others name it: `segmentation.segment`. */
export const SegmentName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/,
    'name a segment as segmentation.segment, for example rfm.at_risk',
  );

const AttributeCondition = z
  .strictObject({ attribute: Key.describe('The key of an attribute of the subject.'), ...comparison })
  .refine(hasOperator, { error: 'say how to compare, for example "atLeast: 3" or "known: true"' });
export type AttributeCondition = z.infer<typeof AttributeCondition>;

/** Filter on deals: attribute of the deal -> a value that it must be, or a comparison. All must hold. */
export const DealFilter = z.record(Key, z.union([z.string(), z.number(), z.boolean(), Comparison]));
export type DealFilter = z.infer<typeof DealFilter>;

const dealMeasure = {
  where: DealFilter.optional().describe('Which deals; all of them if left out.'),
  scope: z
    .enum(['credited', 'involved', 'company'])
    .optional()
    .describe(
      'Whose deals: credited to the person (default), any that the person takes part in, or all of the company.',
    ),
  count: z.literal(true).optional().describe('How many deals; 0 where there are none.'),
  sum: Key.optional().describe('The total of an attribute; 0 where there are no deals.'),
  average: Key.optional().describe('The mean of an attribute; unknown where there are no deals.'),
  min: Key.optional().describe('The lowest value of an attribute.'),
  max: Key.optional().describe('The highest value of an attribute.'),
  first: Key.optional().describe('The attribute of the deal that closed first.'),
  last: Key.optional().describe('The attribute of the deal that closed last.'),
};
export const aggregates = ['count', 'sum', 'average', 'min', 'max', 'first', 'last'] as const;
export type Aggregate = (typeof aggregates)[number];

const oneAggregate = { error: 'say what to work out: one of count, sum, average, min, max, first, last' };

export const DealMeasure = z.strictObject(dealMeasure).refine(hasOneAggregate, oneAggregate);
export type DealMeasure = z.infer<typeof DealMeasure>;

const DealsCondition = z.strictObject({
  deals: z
    .strictObject({ ...dealMeasure, ...comparison })
    .refine(hasOneAggregate, oneAggregate)
    .refine(hasOperator, { error: 'say how to compare, for example "atLeast: 3"' }),
});
export type DealsCondition = z.infer<typeof DealsCondition>;

const SegmentCondition = z.strictObject({
  segment: SegmentName.describe('Holds the label of this segment; never unknown.'),
});
export type SegmentCondition = z.infer<typeof SegmentCondition>;

const ScoreCondition = z
  .strictObject({
    score: SegmentName.describe('A score of another segmentation, for example rfm.recency.'),
    ...comparison,
  })
  .refine(hasOperator, { error: 'say how to compare, for example "atLeast: 4"' });
export type ScoreCondition = z.infer<typeof ScoreCondition>;

export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | AttributeCondition
  | DealsCondition
  | { company: Condition }
  | { contacts: { where?: Condition; count: true } & Comparison }
  | SegmentCondition
  | ScoreCondition;

/** The word that tells which kind of condition an object is; exactly one of them is present. */
export const conditionWords = [
  'all',
  'any',
  'not',
  'attribute',
  'deals',
  'company',
  'contacts',
  'segment',
  'score',
] as const;

/** Named as it is wherever it recurs: each `.describe()` of it would be one more schema, without end. */
export const Condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(Condition).min(1).describe('All of these hold.') }),
    z.strictObject({ any: z.array(Condition).min(1).describe('At least one of these holds.') }),
    z.strictObject({ not: Condition }).describe('This is known not to hold.'),
    AttributeCondition,
    DealsCondition,
    z.strictObject({ company: Condition }).describe("On the person's company; unknown without a company."),
    z.strictObject({
      contacts: z
        .strictObject({
          where: Condition.optional().describe('Which of the people of the company.'),
          count: z.literal(true).describe('How many of them.'),
          ...comparison,
        })
        .refine(hasOperator, { error: 'say how many, for example "atLeast: 2"' }),
    }),
    SegmentCondition,
    ScoreCondition,
  ]),
);

function hasOperator(value: object): boolean {
  return operators.some((operator) => operator in value);
}

function hasOneAggregate(value: object): boolean {
  return aggregates.filter((aggregate) => aggregate in value).length === 1;
}

/** Which aggregate a deal measure asks for, and of which attribute (none for count). */
export function aggregateOf(measure: Omit<DealMeasure, 'where'>): {
  aggregate: Aggregate;
  attribute: string | null;
} {
  for (const aggregate of aggregates) {
    const operand = measure[aggregate];
    if (operand === undefined) continue;
    return { aggregate, attribute: operand === true ? null : operand };
  }
  throw new Error('a deal measure without an aggregate passed its schema');
}
