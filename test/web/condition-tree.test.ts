import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { templateDefinitions } from '../../src/pipeline/publish/template-files.ts';
import type { Condition } from '../../src/segmentation/condition.ts';
import { templates } from '../../src/segmentation/templates.ts';
import {
  fromTree,
  type Group,
  isGroup,
  placeIn,
  type Rule,
  toTree,
} from '../../web/src/screens/segment-sets/builder/tree.ts';
import { condition } from '../segmentation/random-definitions.ts';

const thereAndBack = (given: Condition): unknown => {
  const read = fromTree(toTree(given));
  return 'condition' in read ? read.condition : read;
};
const rulesOf = (part: Rule | Group): Rule[] => (isGroup(part) ? part.rules.flatMap(rulesOf) : [part]);

describe('a condition', () => {
  it.each(['person', 'company'] as const)('of a %s comes back from the tree as it was', (subject) => {
    fc.assert(
      fc.property(condition(subject, ['rfm.at_risk', 'shop.new'], ['grade.a', 'grade.b']), (given) => {
        expect(thereAndBack(given)).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  const twice = { attribute: 'age', atLeast: 18, below: 65 } as const;
  const cases: [string, Condition][] = [
    ['a single rule', { attribute: 'country', is: 'US' }],
    ['a group of one', { all: [{ attribute: 'country', is: 'US' }] }],
    ['a negated rule', { not: { attribute: 'opted_out', is: true } }],
    ['a negated group of one', { not: { all: [{ attribute: 'opted_out', is: true }] } }],
    ['a double negation', { not: { not: { segment: 'rfm.new' } } }],
    ['a negated negated group', { not: { not: { any: [{ segment: 'rfm.new' }] } } }],
    ['two comparisons of one attribute', twice],
    ['an empty text', { attribute: 'country', is: '' }],
    ['a group of the company', { company: { any: [{ attribute: 'industry', known: true }] } }],
    ['contacts of a company', { contacts: { count: true, atLeast: 2, where: { segment: 'rfm.new' } } }],
  ];
  it.each(cases)('with %s comes back as it was', (_what, given) => {
    expect(thereAndBack(given)).toEqual(given);
  });

  it('that the tree has no form for stays whole in an opaque rule', () => {
    expect(rulesOf(toTree({ all: [twice, { segment: 'rfm.new' }] }))).toMatchObject([
      { field: 'yaml', value: twice },
      { field: 'segment', value: 'rfm.new' },
    ]);
  });
});

it('shows nearly every rule of the templates in a form', () => {
  const rules = templates
    .flatMap(({ key }) => templateDefinitions([key]))
    .flatMap((definition) => (definition.method === 'rules' ? definition.segments : []))
    .flatMap(({ when }) => rulesOf(toTree(when)));
  const opaque = rules.filter(({ field }) => field === 'yaml');
  expect(rules.length).toBeGreaterThan(50);
  expect(opaque.length / rules.length).toBeLessThan(0.1);
});

describe('a tree', () => {
  it('says what is still to be filled in', () => {
    const rule = (change: Partial<Rule>): Rule => ({
      field: 'attribute:country',
      operator: 'is',
      value: 'US',
      ...change,
    });
    const read = fromTree({
      combinator: 'and',
      rules: [rule({}), rule({ value: '' }), rule({ operator: '' }), rule({ field: 'segment', value: null })],
    });
    expect(read).toEqual({
      unfinished: ['Fill in the value.', 'Choose how to compare.', 'Choose a segment.'],
    });
  });

  it('leaves groups out that hold nothing', () => {
    const rules: Group['rules'] = [
      { field: 'segment', operator: 'holds', value: 'rfm.new' },
      { combinator: 'or', rules: [] },
    ];
    expect(fromTree({ combinator: 'and', rules })).toEqual({
      condition: { all: [{ segment: 'rfm.new' }] },
    });
  });

  it('that lost its only rule asks for one', () => {
    expect(fromTree({ combinator: 'and', single: true, rules: [] })).toEqual({
      unfinished: ['Add a condition.'],
    });
  });

  it('that stood for a single rule becomes a group with the second one', () => {
    const root = toTree({ segment: 'rfm.new' });
    root.rules.push({ field: 'segment', operator: 'holds', value: 'rfm.loyal' });
    expect(fromTree(root)).toEqual({
      condition: { all: [{ segment: 'rfm.new' }, { segment: 'rfm.loyal' }] },
    });
  });
});

it.each<[condition: Condition, path: (string | number)[], place: number[]]>([
  [{ attribute: 'age', known: true }, ['attribute'], [0]],
  [{ not: { attribute: 'age', known: true } }, ['not', 'attribute'], [0]],
  [{ all: [{ attribute: 'a', known: true }, { segment: 's.x' }] }, ['all', 1, 'segment'], [1]],
  [{ any: [{ all: [{ segment: 's.x' }, { segment: 's.y' }] }] }, ['any', 0, 'all', 1], [0, 1]],
  [{ all: [{ not: { segment: 's.x' } }] }, ['all', 0, 'not', 'segment'], [0]],
  [{ all: [{ not: { any: [{ segment: 's.x' }] } }] }, ['all', 0, 'not', 'any', 0], [0, 0]],
  [{ not: { not: { segment: 's.x' } } }, ['not', 'not', 'segment'], [0]],
  [{ company: { attribute: 'industry', known: true } }, ['company', 'attribute'], [0]],
])('finds the rule that shows a part of %j', (condition, path, place) => {
  expect(placeIn(condition, path)).toEqual(place);
});
