import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexAttributes } from '../../src/segmentation/attribute-index.ts';
import { catalogue } from '../../src/segmentation/catalogue.ts';
import type { Condition } from '../../src/segmentation/condition.ts';
import { fixedTruth } from '../../src/segmentation/explain-fixed.ts';
import { type Clause, changesOf, sentencesOf, type Truth } from '../../src/segmentation/explain-sentences.ts';
import { inWords, topicOf, type Words } from '../../src/segmentation/explain-words.ts';
import { type Comparison, testsOf } from '../../src/segmentation/operators.ts';
import { askedOf } from '../../src/segmentation/threshold-words.ts';
import { showValue } from '../../src/segmentation/value-words.ts';

const stage = (value: string, holds: boolean): Clause => ({
  kind: 'test',
  holds,
  about: 'Lifecycle stage',
  threshold: 'is customer',
  value,
  turnsOn: null,
});

describe('a value that has to be a certain one', () => {
  it.each([
    ['is said once where it is that one', stage('customer', true), true, 'Lifecycle stage: customer.'],
    [
      'is said beside what is asked for where it is another',
      stage('lead', false),
      false,
      'Lifecycle stage: lead (needed: customer).',
    ],
  ])('%s', (_, clause, holds, sentence) => {
    expect(sentencesOf(clause, holds)).toEqual([sentence]);
  });

  it('is not told again with what would change it', () => {
    expect(changesOf(stage('customer', true), false)).toEqual([
      'Would leave once lifecycle stage is no longer customer.',
    ]);
    expect(changesOf(stage('lead', false), true)).toEqual([
      'Would enter once lifecycle stage is customer (now lead).',
    ]);
  });
});

it.each([
  ['Last purchase', 'Would leave once last purchase no longer gets a score of 4 or 5 (now 9).'],
  ['Purchases', 'Would leave once purchases no longer get a score of 4 or 5 (now 9).'],
])('says what it takes to lose a score: %s', (about, sentence) => {
  const scored: Clause = {
    kind: 'test',
    holds: true,
    about,
    threshold: 'a score of 4 or 5',
    value: '9',
    turnsOn: null,
  };
  expect(changesOf(scored, false)).toEqual([sentence]);
});

const words: Words = {
  attributes: indexAttributes(catalogue.map(({ attribute }) => attribute)),
  calendar: { asOf: new Date('2026-11-22T12:00:00Z'), zone: 'UTC', fiscalYearStart: 1 },
  currency: 'EUR',
};

it('calls what nothing feeds by its name, not by its key', () => {
  const unfed = { ...words, attributes: indexAttributes([]) };
  const satisfaction = topicOf({ attribute: 'csat_score', below: 3 }, 'person', unfed);
  const renewals = topicOf({ deals: { where: { product_category: 'boats' }, count: true } }, 'person', unfed);
  expect([satisfaction.name, renewals.openName ?? renewals.name]).toEqual([
    'Satisfaction score (1 to 5)',
    'number of deals with product category boats',
  ]);
});

/** What is said of somebody with that value; `under` says whether the test stands under `not`. */
function said(
  given: Condition,
  comparison: Comparison,
  value: unknown,
  holds: Truth,
  under: 'plain' | 'not' = 'plain',
): [string[], string[]] {
  const [test] = testsOf(comparison);
  if (test === undefined) throw new Error('no test');
  const topic = topicOf(given, 'person', words);
  const leaf: Clause = {
    kind: 'test',
    holds,
    about: topic.openName ?? topic.name,
    ...askedOf(test, topic, words),
    ...(fixedTruth(test, topic) !== null && { isFixed: true }),
    value: showValue(value, topic, words),
    turnsOn: null,
  };
  const clause: Clause =
    under === 'plain' ? leaf : { kind: 'not', holds: holds === null ? null : !holds, parts: [leaf] };
  const isIn = clause.holds === true;
  return [sentencesOf(clause, isIn), changesOf(clause, !isIn)];
}

const of = (attribute: string, comparison: Comparison) =>
  [{ attribute, ...comparison } as Condition, comparison] as const;
const COUNTRIES = Array.from({ length: 60 }, (_, i) => `C${i}`);

describe('what decides, and what would change it', () => {
  it.each<[readonly [Condition, Comparison], unknown, Truth, 'plain' | 'not', string, string]>([
    [
      of('city', { in: ['Bonn'] }),
      'Bonn',
      true,
      'plain',
      'City: Bonn.',
      'Would leave once city is no longer Bonn.',
    ],
    [
      of('city', { in: ['Bonn', 'Ulm'] }),
      'Köln',
      false,
      'plain',
      'City: Köln (needed: Bonn or Ulm).',
      'Would enter once city is Bonn or Ulm (now Köln).',
    ],
    [
      of('city', { notIn: ['Bonn', 'Ulm'] }),
      'Bonn',
      false,
      'plain',
      'City: Bonn (needed: neither Bonn nor Ulm).',
      'Would enter once city is no longer Bonn or Ulm (now Bonn).',
    ],
    [
      of('city', { in: COUNTRIES }),
      null,
      null,
      'plain',
      'City: not known (needed: one of C0, C1, C2, C3, C4 or 55 others).',
      'Would enter once city is one of C0, C1, C2, C3, C4 or 55 others (now not known).',
    ],
    [
      of('city', { is: 'Bonn' }),
      'Ulm',
      false,
      'not',
      'City: Ulm (not Bonn).',
      'Would leave once city is Bonn (now Ulm).',
    ],
    [
      of('city', { is: 'Bonn' }),
      'Bonn',
      true,
      'not',
      'City: Bonn (needed: not Bonn).',
      'Would enter once city is no longer Bonn.',
    ],
    [
      of('city', { known: true }),
      null,
      false,
      'plain',
      'City: not known.',
      'Would enter once city is known.',
    ],
    [
      of('email_opted_out', { is: true }),
      true,
      true,
      'not',
      'Opted out of e-mail: yes (needed: no).',
      'Would enter once opted out of e-mail is no (now yes).',
    ],
    [
      of('revenue_total', { atLeast: 1000 }),
      '1200',
      true,
      'plain',
      'Revenue: €1,200 (at least €1,000).',
      'Would leave once revenue is below €1,000 (now €1,200).',
    ],
    [
      of('last_order_at', { notInLast: '180 days' }),
      '2026-01-01',
      true,
      'plain',
      'Last purchase: 1 Jan 2026 (before 26 May 2026).',
      'Would leave once last purchase is on or after 26 May 2026 (now 1 Jan 2026).',
    ],
    [
      of('needs', { includesAny: ['price', 'speed'] }),
      ['price'],
      true,
      'not',
      'Needs (survey): price (needed: does not include price or speed).',
      'Would enter once needs (survey) no longer includes price or speed (now price).',
    ],
  ])('%j of %j: %s, %s', ([given, comparison], value, holds, under, sentence, change) => {
    expect(said(given, comparison, value, holds, under)).toEqual([[sentence], [change]]);
  });

  it.each<[Condition, Comparison]>([
    [{ attribute: 'website_visits', atLeast: 0 }, { atLeast: 0 }],
    [{ deals: { count: true, atLeast: 0 } }, { atLeast: 0 }],
    [{ attribute: 'email_opted_out', known: true }, { known: true }],
  ])('%j always holds, and nothing is said to change it', (given, comparison) => {
    expect(said(given, comparison, 3, true)[1]).toEqual([]);
  });

  it('leaves out a way that does not exist, and says the others', () => {
    const visits = (atLeast: number): Clause => {
      const topic = topicOf({ attribute: 'website_visits', atLeast }, 'person', words);
      const [test] = testsOf({ atLeast });
      if (test === undefined) throw new Error('no test');
      const isFixed = fixedTruth(test, topic) !== null;
      return {
        kind: 'test',
        holds: true,
        about: topic.name,
        ...askedOf(test, topic, words),
        ...(isFixed && { isFixed }),
        value: '30',
        turnsOn: null,
      };
    };
    const parts = [visits(0), visits(10)];
    expect(changesOf({ kind: 'all', holds: true, parts }, false)).toEqual([
      'Would leave once website visits are below 10 (now 30).',
    ]);
    expect(changesOf({ kind: 'any', holds: true, parts }, false)).toEqual([]);
  });
});

it.each([
  [{ not: { attribute: 'city', is: 'Bonn' } }, 'City is not Bonn'],
  [{ attribute: 'website_visits', atLeast: 3, below: 9 }, 'Website visits are at least 3 and below 9'],
  [
    { deals: { where: { won: false, closed: false }, last: 'amount', above: 10 } },
    'amount of the last open deal not won is above €10',
  ],
  [
    { deals: { where: { amount: { above: 500 } }, count: true, atLeast: 1 } },
    'number of deals with amount above €500 is at least 1',
  ],
])('%j reads "%s"', (condition, line) => {
  expect(inWords(condition as Condition, 'person', words)).toBe(line);
});

it('what is said never to change does not, whatever the value', () => {
  const operators = ['atLeast', 'atMost', 'above', 'below', 'is', 'isNot'] as const;
  const truthOf = (operator: (typeof operators)[number], value: number, operand: number): boolean =>
    ({
      atLeast: value >= operand,
      atMost: value <= operand,
      above: value > operand,
      below: value < operand,
      is: value === operand,
      isNot: value !== operand,
    })[operator];
  const number = fc.integer({ min: -3, max: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...operators), number, number, number, (operator, operand, a, b) => {
      const [least, most] = a < b ? [a, b] : [b, a];
      const [test] = testsOf({ [operator]: operand });
      if (test === undefined) return;
      const values = Array.from({ length: most - least + 1 }, (_, i) => least + i);
      const truths = new Set(values.map((value) => truthOf(operator, value, operand)));
      const fixed = fixedTruth(test, { isAlwaysKnown: true, range: [least, most] });
      if (fixed !== null) expect([...truths]).toEqual([fixed]);
      else if (operator !== 'is' && operator !== 'isNot') expect(truths.size).toBe(2);
    }),
    { numRuns: 2_000 },
  );
});
