import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Attribute } from '../../src/model/attribute.ts';
import { indexAttributes } from '../../src/segmentation/attribute-index.ts';
import { catalogue, computedAttributes } from '../../src/segmentation/catalogue.ts';
import { compileLabels } from '../../src/segmentation/compile.ts';
import type { Condition } from '../../src/segmentation/condition.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { tellable } from '../../src/segmentation/requirements.ts';

const KNOWN = ['a', 'b', 'c'];
/** Nothing feeds it. */
const MISSING = 'z';

const fed = indexAttributes(
  KNOWN.map((key): Attribute => {
    const [first] = catalogue;
    if (first === undefined) throw new Error('an empty catalogue');
    return { ...first.attribute, owner: 'person', key, type: 'boolean' };
  }),
);
const { told } = tellable([], fed);
const is = (attribute: string): Condition => ({ attribute, is: true });

test.each<[string, Condition, Condition | null]>([
  ['any goes by its other parts', { any: [is('a'), is('z')] }, { any: [is('a')] }],
  ['all can do without none', { all: [is('a'), is('z')] }, null],
  ['what is not so has to be known', { not: is('z') }, null],
  [
    'not all of them: one that is not so is enough',
    { not: { all: [is('a'), is('z')] } },
    { not: { all: [is('a')] } },
  ],
  ['not any of them: each has to be known', { not: { any: [is('a'), is('z')] } }, null],
  ['a company is looked at in the same way', { company: { any: [is('a'), is('z')] } }, null],
  [
    'that nothing is known of somebody is no sign where nothing is fed',
    { attribute: 'z', unknown: true },
    null,
  ],
])('%s', (_, condition, expected) => {
  expect(told(condition, 'person')).toEqual(expected);
});

type Truth = boolean | null;
const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const every = (truths: Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true;

/** Three-valued, as in SQL. */
function truthOf(condition: Condition, known: Record<string, Truth>): Truth {
  if ('all' in condition) return every(condition.all.map((part) => truthOf(part, known)));
  if ('any' in condition) return not(every(condition.any.map((part) => not(truthOf(part, known)))));
  if ('not' in condition) return not(truthOf(condition.not, known));
  if ('attribute' in condition) return known[condition.attribute] ?? null;
  throw new Error('not generated');
}

const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...KNOWN, MISSING).map(is),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('tree').map((inner) => ({ not: inner })),
  ),
}));
const truth = fc.constantFrom<Truth[]>(true, false, null);

test('what can be told holds for exactly those of whom the whole is true, the missing being unknown', () => {
  fc.assert(
    fc.property(tree, fc.record({ a: truth, b: truth, c: truth }), (condition, known) => {
      const part = told(condition, 'person');
      expect(JSON.stringify(part ?? '')).not.toContain(`"${MISSING}"`);
      expect(part !== null && truthOf(part, known) === true).toBe(truthOf(condition, known) === true);
    }),
    { numRuns: 3_000 },
  );
});

const rules = (key: string, segments: { key: string; when: Condition }[]) =>
  Segmentation.parse({
    key,
    name: key,
    subject: 'person',
    method: 'rules',
    segments: segments.map((segment) => ({ ...segment, name: segment.key })),
  });

test('a segment is unmet where nothing says who is in it, and so is what needs that segment', () => {
  const definitions = [
    rules('life', [
      { key: 'advocate', when: { any: [is('z'), is('a')] } },
      { key: 'called', when: is('z') },
    ]),
    rules('calls', [
      { key: 'both', when: { all: [{ segment: 'life.called' }, is('a')] } },
      { key: 'either', when: { any: [{ segment: 'life.called' }, is('a')] } },
    ]),
  ];
  expect(tellable(definitions, fed).unmet).toEqual([
    { segmentation: 'life', segment: 'called', missing: ['z'] },
    { segmentation: 'calls', segment: 'both', missing: ['z'] },
  ]);
});

test('a segment that others tell says what they pass over, through the segments that it builds on too', () => {
  const definitions = [
    rules('life', [
      { key: 'advocate', when: { any: [is('z'), is('a')] } },
      { key: 'called', when: is('z') },
      { key: 'told', when: is('a') },
    ]),
    rules('calls', [
      { key: 'either', when: { any: [{ segment: 'life.called' }, is('a')] } },
      { key: 'own', when: { any: [{ segment: 'life.advocate' }, { all: [is('y'), is('b')] }] } },
    ]),
  ];
  expect(tellable(definitions, fed).passedOver).toEqual([
    { segmentation: 'life', segment: 'advocate', missing: ['z'] },
    { segmentation: 'calls', segment: 'either', missing: ['z'] },
    { segmentation: 'calls', segment: 'own', missing: ['y'] },
  ]);
});

test('customers keep their label where only the stage that the CRM gives is not fed', () => {
  const definition = rules('lifecycle', [
    {
      key: 'customer',
      when: {
        any: [
          { attribute: 'deal_count', atLeast: 1 },
          { attribute: 'lifecycle_stage', is: 'customer' },
        ],
      },
    },
    { key: 'subscriber', when: { attribute: 'deal_count', atLeast: 0 } },
  ]);
  const { sql, unmet } = compileLabels({
    schema: 'tenant_x',
    subject: 'person',
    segmentations: [{ definition, model: null }],
    attributes: computedAttributes,
    asOf: new Date('2026-03-10T00:00:00Z'),
    zone: 'UTC',
    fiscalYearStart: 1,
    restrict: 'all',
  });
  expect(unmet).toEqual([]);
  expect(sql).not.toContain('lifecycle_stage');
  expect(sql.match(/deal_count/g)?.length).toBeGreaterThan(1);
});
