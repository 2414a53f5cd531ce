import fc from 'fast-check';
import { Attribute, type AttributeOwner, type AttributeType } from '../../src/model/attribute.ts';
import type { Condition, DealMeasure } from '../../src/segmentation/condition.ts';
import { type Operator, operators, operatorTypes } from '../../src/segmentation/operators.ts';

/** One attribute of each type per owner, with values near the edges of what definitions ask. */
export const attributes: Attribute[] = (
  [
    ['person', 'country', 'text'],
    ['person', 'stage', 'enum'],
    ['person', 'points', 'number'],
    ['person', 'visits', 'number', 'zero'],
    ['person', 'worth', 'money'],
    ['person', 'member', 'boolean'],
    ['person', 'opted_out', 'boolean', 'false'],
    ['person', 'born', 'date'],
    ['person', 'seen_at', 'datetime'],
    ['person', 'needs', 'multi'],
    ['company', 'industry', 'enum'],
    ['company', 'size', 'number', 'zero'],
    ['company', 'since', 'date'],
    ['company', 'target', 'boolean', 'false'],
    ['deal', 'amount', 'money'],
    ['deal', 'won', 'boolean', 'false'],
    ['deal', 'closed_at', 'date'],
    ['deal', 'opened_at', 'datetime'],
    ['deal', 'stage', 'enum'],
    ['deal', 'seats', 'number'],
  ] as [AttributeOwner, string, AttributeType, ('false' | 'zero')?][]
).map(([owner, key, type, empty]) => Attribute.parse({ owner, key, name: key, type, kind: 'value', empty }));

export const WORDS = ['US', 'us', 'CA', 'Österreich', 'österreich', 'a%b', 'A_B', "O'Neil", 'usa', 'München'];
export const NUMBERS = [-1, 0, 1, 2, 2.5, 3, 10, 100];
export const OPTIONS = ['price', 'quality', 'speed', 'it\'s "so", really'];
export const DAYS = [
  '2024-02-29',
  '2025-03-09',
  '2025-03-10',
  '2025-04-01',
  '2025-12-31',
  '2026-01-01',
  '2026-02-08',
  '2026-02-09',
  '2026-02-28',
  '2026-03-01',
  '2026-03-02',
  '2026-03-08',
  '2026-03-09',
  '2026-03-10',
  '2026-03-11',
  '2026-03-31',
  '2026-04-01',
  '2026-04-09',
];
/** Local midnights in New York around the start of summer time, and the instants beside them. */
export const INSTANTS = [
  '2025-03-10T04:00:00.000Z',
  '2026-02-09T04:59:59.999Z',
  '2026-02-09T05:00:00.000Z',
  '2026-03-02T05:00:00.000Z',
  '2026-03-08T04:59:59.000Z',
  '2026-03-08T05:00:00.000Z',
  '2026-03-08T07:30:00.000Z',
  '2026-03-09T03:59:59.999Z',
  '2026-03-09T04:00:00.000Z',
  '2026-03-10T01:29:59.999Z',
  '2026-03-10T01:30:00.000Z',
  '2026-03-10T03:30:00.000Z',
  '2026-03-10T03:30:00.001Z',
  '2026-03-10T03:59:59.999Z',
  '2026-03-10T04:00:00.000Z',
  '2026-03-10T05:30:00.000Z',
  '2026-04-10T03:59:59.999Z',
  '2026-04-10T04:00:00.000Z',
];

const durations = ['1 day', '2 days', '4 weeks', '1 month', '12 months', '1 quarter', '1 year', '29 days'];
const duration = fc.constantFrom(...durations);
const shortDuration = fc.constantFrom(...durations, '2 hours', '120 minutes', '1 hour');
const anniversary = fc.constantFrom('1 day', '30 days', '4 weeks', '11 months', '2 quarters');
const namedDay = fc.constantFrom(...DAYS, 'today', 'yesterday', 'tomorrow');
const periods = [
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
];
const words = fc.constantFrom(...WORDS);
const numbers = fc.constantFrom(...NUMBERS);

function value(type: AttributeType): fc.Arbitrary<string | number | boolean> {
  if (type === 'boolean') return fc.boolean();
  return type === 'number' || type === 'money' ? numbers : words;
}

function operand(operator: Operator, type: AttributeType): fc.Arbitrary<unknown> {
  switch (operator) {
    case 'is':
    case 'isNot':
      return value(type);
    case 'in':
    case 'notIn':
      return fc.array(value(type), { minLength: 1, maxLength: 12 });
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return fc.constantFrom('u', 'S', '%', '_', 'ö', 'Ö', 'neil', 'a', 'ich');
    case 'known':
    case 'unknown':
      return fc.constant(true);
    case 'includes':
      return fc.constantFrom(...OPTIONS);
    case 'includesAny':
    case 'includesAll':
      return fc.subarray(OPTIONS, { minLength: 1 });
    case 'between':
      return type === 'number' || type === 'money'
        ? fc.tuple(numbers, numbers)
        : fc.tuple(namedDay, namedDay);
    case 'before':
    case 'after':
    case 'on':
      return namedDay;
    case 'during':
      return fc.constantFrom(...periods);
    case 'anniversaryInNext':
    case 'anniversaryInLast':
      return anniversary;
    case 'inLast':
    case 'notInLast':
    case 'inNext':
    case 'notInNext':
      return type === 'datetime' ? shortDuration : duration;
    default:
      return numbers;
  }
}

function comparison(type: AttributeType): fc.Arbitrary<object> {
  const fitting = operators.filter(
    (operator) =>
      operatorTypes[operator].includes(type) && operator !== 'topPercent' && operator !== 'bottomPercent',
  );
  const one = fc
    .constantFrom(...fitting)
    .chain((operator) => operand(operator, type).map((given) => ({ [operator]: given })));
  return fc.oneof(
    { weight: 5, arbitrary: one },
    { weight: 1, arbitrary: fc.tuple(one, one).map(([a, b]) => ({ ...a, ...b })) },
  );
}

function attributeCondition(owner: AttributeOwner): fc.Arbitrary<Condition> {
  return fc
    .constantFrom(...attributes.filter((attribute) => attribute.owner === owner))
    .chain(({ key, type }) => comparison(type).map((given) => ({ attribute: key, ...given }) as Condition));
}

const dealAttributes = attributes.filter(({ owner }) => owner === 'deal');
const filter = fc
  .array(
    fc
      .constantFrom(...dealAttributes)
      .chain(({ key, type }) =>
        fc
          .oneof(comparison(type), type === 'boolean' ? fc.boolean() : comparison(type))
          .map((given) => [key, given] as const),
      ),
    { maxLength: 2 },
  )
  .map((entries) => Object.fromEntries(entries));

const aggregate: fc.Arbitrary<{ measure: object; type: AttributeType }> = fc.oneof(
  fc.constant({ measure: { count: true }, type: 'number' as const }),
  fc.constantFrom('sum', 'average').chain((name) =>
    fc.constantFrom('amount', 'seats').map((key) => ({
      measure: { [name]: key },
      type: key === 'amount' ? ('money' as const) : ('number' as const),
    })),
  ),
  fc
    .constantFrom('min', 'max')
    .chain((name) =>
      fc
        .constantFrom(
          ...dealAttributes.filter(({ type }) => ['money', 'number', 'date', 'datetime'].includes(type)),
        )
        .map(({ key, type }) => ({ measure: { [name]: key }, type })),
    ),
  fc
    .constantFrom('first', 'last')
    .chain((name) =>
      fc.constantFrom(...dealAttributes).map(({ key, type }) => ({ measure: { [name]: key }, type })),
    ),
);

function dealsCondition(subject: 'person' | 'company'): fc.Arbitrary<Condition> {
  const scopes: (DealMeasure['scope'] | undefined)[] =
    subject === 'person' ? [undefined, 'credited', 'involved', 'company'] : [undefined];
  return fc
    .tuple(filter, aggregate, fc.constantFrom(...scopes))
    .chain(([where, { measure, type }, scope]) =>
      comparison(type).map(
        (given) => ({ deals: { where, ...(scope && { scope }), ...measure, ...given } }) as Condition,
      ),
    );
}

/** Any condition on a subject; `segments` may be referred to. */
export function condition(
  subject: 'person' | 'company',
  segments: readonly string[],
  companySegments: readonly string[],
): fc.Arbitrary<Condition> {
  const leaves: fc.WeightedArbitrary<Condition>[] = [
    { weight: 5, arbitrary: attributeCondition(subject) },
    { weight: 3, arbitrary: dealsCondition(subject) },
  ];
  if (segments.length > 0)
    leaves.push({ weight: 2, arbitrary: fc.constantFrom(...segments).map((segment) => ({ segment })) });
  if (subject === 'company') {
    const contacts = logic(attributeCondition('person'), 1);
    leaves.push({
      weight: 3,
      arbitrary: fc
        .tuple(fc.option(contacts, { nil: undefined }), comparison('number'))
        .map(
          ([where, given]) => ({ contacts: { ...(where && { where }), count: true, ...given } }) as Condition,
        ),
    });
  } else {
    const ofCompany = fc.oneof(
      { weight: 3, arbitrary: attributeCondition('company') },
      { weight: 1, arbitrary: fc.constantFrom(...companySegments).map((segment) => ({ segment })) },
    );
    leaves.push({ weight: 2, arbitrary: logic(ofCompany, 1).map((company) => ({ company })) });
  }
  return logic(fc.oneof(...leaves), 2);
}

function logic(leaf: fc.Arbitrary<Condition>, depth: number): fc.Arbitrary<Condition> {
  if (depth === 0) return leaf;
  const inner = logic(leaf, depth - 1);
  const parts = fc.array(inner, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: parts.map((all) => ({ all })) },
    { weight: 1, arbitrary: parts.map((any) => ({ any })) },
    { weight: 1, arbitrary: inner.map((not) => ({ not })) },
  );
}
