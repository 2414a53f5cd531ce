import { z } from 'zod';
import type { AttributeType } from '../model/attribute.ts';
import { Duration } from './duration.ts';

const Value = z.union([z.string().max(10_000), z.number(), z.boolean()]);
const Values = z.array(Value).min(1).max(10_000);
const Amount = z.number();
const Day = z.union([z.iso.date(), z.enum(['today', 'yesterday', 'tomorrow'])], {
  error: 'write a date as 2026-03-31, or today, yesterday or tomorrow',
});
const Percent = z.number().gt(0).lt(100);

/** Spans that are named by the calendar of the tenant's zone; fiscal ones start in its fiscal year's month. */
export const Period = z.enum([
  'today',
  'yesterday',
  'tomorrow',
  'this week',
  'last week',
  'next week',
  'this month',
  'last month',
  'next month',
  'this quarter',
  'last quarter',
  'next quarter',
  'this year',
  'last year',
  'next year',
  'this fiscal quarter',
  'last fiscal quarter',
  'next fiscal quarter',
  'this fiscal year',
  'last fiscal year',
  'next fiscal year',
]);
export type Period = z.infer<typeof Period>;

/** One comparison or several, all of which must hold. An unknown value makes each of them unknown. */
export const comparison = {
  is: Value.optional().describe('Equal; text ignores the case of A to Z.'),
  isNot: Value.optional().describe('Known and different.'),
  in: Values.optional().describe('Equal to one of the list.'),
  notIn: Values.optional().describe('Known and equal to none of the list.'),
  contains: z.string().min(1).optional().describe('The text occurs in it.'),
  startsWith: z.string().min(1).optional().describe('It begins with the text.'),
  endsWith: z.string().min(1).optional().describe('It ends with the text.'),
  atLeast: Amount.optional().describe('This number or more.'),
  atMost: Amount.optional().describe('This number or less.'),
  above: Amount.optional().describe('More than this number.'),
  below: Amount.optional().describe('Less than this number.'),
  between: z
    .union([z.tuple([Amount, Amount]), z.tuple([Day, Day])])
    .optional()
    .describe('From the first to the second, both included: two numbers, or two days.'),
  topPercent: Percent.optional().describe(
    'Among the highest so many percent of the known values. The cut point is learned; equal values stay together.',
  ),
  bottomPercent: Percent.optional().describe('Among the lowest so many percent of the known values.'),
  known: z.literal(true).optional().describe('It has a value.'),
  unknown: z.literal(true).optional().describe('It has no value.'),
  includes: z.string().optional().describe('The list holds this option.'),
  includesAny: z.array(z.string()).min(1).optional().describe('The list holds at least one of these.'),
  includesAll: z.array(z.string()).min(1).optional().describe('The list holds all of these.'),
  inLast: Duration.optional().describe('In the window that ends now.'),
  notInLast: Duration.optional().describe('Known, and outside the window that ends now.'),
  inNext: Duration.optional().describe('In the window that starts now.'),
  notInNext: Duration.optional().describe('Known, and outside the window that starts now.'),
  before: Day.optional().describe('Earlier than this day.'),
  after: Day.optional().describe('Later than this day.'),
  on: Day.optional().describe('On this day.'),
  during: Period.optional().describe(
    'In a span of the calendar, as in "this month" or "last fiscal quarter".',
  ),
  anniversaryInNext: Duration.optional().describe(
    'Its day and month come round within this time (days or longer, at most a year); 29 February counts as 28 in other years.',
  ),
  anniversaryInLast: Duration.optional().describe('Its day and month came round within this time.'),
};
export const Comparison = z.strictObject(comparison);
export type Comparison = z.infer<typeof Comparison>;
export type Operator = keyof Comparison;

/** All operators, in the order of the schema. */
export const operators: readonly Operator[] = Comparison.keyof().options;

const EVERY: AttributeType[] = ['text', 'number', 'money', 'boolean', 'date', 'datetime', 'enum', 'multi'];
const WORDS: AttributeType[] = ['text', 'enum'];
const NUMBERS: AttributeType[] = ['number', 'money'];
const TIMES: AttributeType[] = ['date', 'datetime'];

/** Which types of attribute each operator takes. */
export const operatorTypes: Record<Operator, readonly AttributeType[]> = {
  is: ['text', 'enum', 'number', 'money', 'boolean'],
  isNot: ['text', 'enum', 'number', 'money', 'boolean'],
  in: ['text', 'enum', 'number', 'money'],
  notIn: ['text', 'enum', 'number', 'money'],
  contains: WORDS,
  startsWith: WORDS,
  endsWith: WORDS,
  atLeast: NUMBERS,
  atMost: NUMBERS,
  above: NUMBERS,
  below: NUMBERS,
  between: [...NUMBERS, ...TIMES],
  topPercent: NUMBERS,
  bottomPercent: NUMBERS,
  known: EVERY,
  unknown: EVERY,
  includes: ['multi'],
  includesAny: ['multi'],
  includesAll: ['multi'],
  inLast: TIMES,
  notInLast: TIMES,
  inNext: TIMES,
  notInNext: TIMES,
  before: TIMES,
  after: TIMES,
  on: TIMES,
  during: TIMES,
  anniversaryInNext: TIMES,
  anniversaryInLast: TIMES,
};

/** One operator with its operand, taken out of a comparison. */
export type Test = { [O in Operator]: { operator: O; operand: NonNullable<Comparison[O]> } }[Operator];

/** The operators present in a comparison, in the order of the schema. */
export function testsOf(condition: Comparison): Test[] {
  const tests: Test[] = [];
  for (const operator of operators) {
    const operand = condition[operator];
    // The pair is right by construction; the compiler can't follow a union of keys.
    if (operand !== undefined) tests.push({ operator, operand } as Test);
  }
  return tests;
}
