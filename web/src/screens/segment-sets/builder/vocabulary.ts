/** How operators read on screen, what a new comparison begins with, and which form its value takes. */
import type { AttributeType } from '../../../../../src/model/attribute.ts';
import type { Operator } from '../../../../../src/segmentation/operators.ts';

const OPERATOR_WORDS: Record<Operator, string> = {
  is: 'is',
  isNot: 'is not',
  in: 'is one of',
  notIn: 'is none of',
  contains: 'contains',
  startsWith: 'starts with',
  endsWith: 'ends with',
  atLeast: 'at least',
  atMost: 'at most',
  above: 'more than',
  below: 'less than',
  between: 'between',
  topPercent: 'in the top',
  bottomPercent: 'in the bottom',
  known: 'is known',
  unknown: 'is not known',
  includes: 'includes',
  includesAny: 'includes any of',
  includesAll: 'includes all of',
  inLast: 'in the last',
  notInLast: 'not in the last',
  inNext: 'in the next',
  notInNext: 'not in the next',
  before: 'before',
  after: 'after',
  on: 'on',
  during: 'during',
  anniversaryInNext: 'anniversary in the next',
  anniversaryInLast: 'anniversary in the last',
};

export const wordOf = (operator: string): string =>
  Object.entries(OPERATOR_WORDS).find(([known]) => known === operator)?.[1] ?? operator;

const FIRST_OPERATOR: Record<AttributeType, Operator> = {
  text: 'is',
  enum: 'is',
  number: 'atLeast',
  money: 'atLeast',
  boolean: 'is',
  date: 'inLast',
  datetime: 'inLast',
  multi: 'includes',
};
export const firstOperator = (type: AttributeType): Operator => FIRST_OPERATOR[type];

/** The form that a value is given in. */
export type ValueForm =
  | 'none'
  | 'text'
  | 'texts'
  | 'number'
  | 'numbers'
  | 'numberRange'
  | 'dayRange'
  | 'percent'
  | 'yesNo'
  | 'duration'
  | 'day'
  | 'period';

const DURATIONS = ['inLast', 'notInLast', 'inNext', 'notInNext', 'anniversaryInNext', 'anniversaryInLast'];
const DAYS = ['before', 'after', 'on'];
const LISTS = ['in', 'notIn', 'includesAny', 'includesAll'];

export const isNumeric = (type: AttributeType): boolean => type === 'number' || type === 'money';

export function formOf(operator: string, type: AttributeType): ValueForm {
  if (operator === 'known' || operator === 'unknown') return 'none';
  if (operator === 'topPercent' || operator === 'bottomPercent') return 'percent';
  if (operator === 'during') return 'period';
  if (operator === 'between') return isNumeric(type) ? 'numberRange' : 'dayRange';
  if (DURATIONS.includes(operator)) return 'duration';
  if (DAYS.includes(operator)) return 'day';
  if (LISTS.includes(operator)) return isNumeric(type) ? 'numbers' : 'texts';
  if (type === 'boolean') return 'yesNo';
  return isNumeric(type) ? 'number' : 'text';
}

/** What a value begins with; empty where only a person can say. */
export const FIRST_VALUE: Record<ValueForm, unknown> = {
  none: true,
  text: '',
  texts: [],
  number: '',
  numbers: [],
  numberRange: ['', ''],
  dayRange: ['', ''],
  percent: 20,
  yesNo: true,
  duration: '90 days',
  day: 'today',
  period: 'this month',
};

export const UNITS = ['minutes', 'hours', 'days', 'weeks', 'months', 'quarters', 'years'];

export const PERIODS = [
  'today',
  'yesterday',
  'tomorrow',
  ...['week', 'month', 'quarter', 'year', 'fiscal quarter', 'fiscal year'].flatMap((span) => [
    `this ${span}`,
    `last ${span}`,
    `next ${span}`,
  ]),
];
