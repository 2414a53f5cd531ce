import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../src/segmentation/check.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { privacyWarnings } from '../../src/segmentation/privacy-warnings.ts';
import { usesWithoutBasis } from '../../src/segmentation/sensitive.ts';

const ASOF = new Date('2026-11-21T00:00:00Z');

const rules = (when: unknown, more: Record<string, unknown> = {}): Segmentation =>
  Segmentation.parse({
    key: 's',
    name: 'S',
    subject: 'person',
    method: 'rules',
    segments: [{ key: 'a', name: 'A', when }],
    ...more,
  });

const usesOf = (when: unknown) =>
  usesWithoutBasis(rules(when), { asOf: ASOF }).map(({ key, why }) => `${key} ${why}`);

describe('what needs a lawful basis', () => {
  it.each<[string, unknown]>([
    ['religion', { attribute: 'religion', is: 'x' }],
    [
      'religion',
      {
        not: {
          any: [
            { attribute: 'religion', known: true },
            { attribute: 'city', is: 'x' },
          ],
        },
      },
    ],
    ['health_conditions', { attribute: 'health_conditions', includes: 'x' }],
  ])('%s, wherever it stands', (key, when) => {
    expect(usesOf(when)).toEqual([`${key} sensitive`]);
  });

  it.each<[unknown]>([
    [{ attribute: 'age', below: 18 }],
    [{ attribute: 'age', atMost: 17 }],
    [{ attribute: 'age', is: 16 }],
    [{ attribute: 'age', in: [14, 15] }],
    [{ attribute: 'age', between: [13, 17] }],
    [{ attribute: 'age', atLeast: 13, below: 18 }],
    [{ not: { attribute: 'age', atLeast: 18 } }],
    [{ not: { not: { attribute: 'age', below: 18 } } }],
    [
      {
        any: [
          { attribute: 'city', is: 'x' },
          { attribute: 'age', below: 16 },
        ],
      },
    ],
  ])('people under 18 singled out by age: %j', (when) => {
    expect(usesOf(when)).toEqual(['age minors']);
  });

  it.each<[unknown]>([
    [{ attribute: 'birth_date', inLast: '16 years' }],
    [{ attribute: 'birth_date', inLast: '200 months' }],
    [{ not: { attribute: 'birth_date', notInLast: '18 years' } }],
    [{ attribute: 'birth_date', after: '2010-01-01' }],
    [{ attribute: 'birth_date', between: ['2009-01-01', '2012-01-01'] }],
    [{ not: { attribute: 'birth_date', before: '2009-01-01' } }],
  ])('people under 18 singled out by date of birth: %j', (when) => {
    expect(usesOf(when)).toEqual(['birth_date minors']);
  });

  it.each<[unknown]>([
    [{ attribute: 'age', atLeast: 18 }],
    [{ attribute: 'age', below: 30 }],
    [{ attribute: 'age', between: [16, 24] }],
    [{ not: { attribute: 'age', below: 18 } }],
    [{ not: { attribute: 'age', between: [18, 65] } }],
    [{ attribute: 'age', known: true }],
    [{ attribute: 'birth_date', inLast: '30 years' }],
    [{ attribute: 'birth_date', before: '2000-01-01' }],
    [{ attribute: 'birth_date', anniversaryInNext: '7 days' }],
    [{ attribute: 'postal_code', is: '1' }],
  ])('not: %j', (when) => {
    expect(usesOf(when)).toEqual([]);
  });

  it('people under 18 in tiers of age, and in whom tiers are given among', () => {
    const tiers = (more: Record<string, unknown>) =>
      Segmentation.parse({
        key: 't',
        name: 'T',
        subject: 'person',
        method: 'tiers',
        of: 'age',
        segments: [
          { key: 'old', name: 'Old', atLeast: 18 },
          { key: 'young', name: 'Young' },
        ],
        ...more,
      });
    expect(usesWithoutBasis(tiers({}), {})).toMatchObject([{ key: 'age', path: ['segments', 1] }]);
    expect(
      usesWithoutBasis(tiers({ of: 'revenue_total', among: { attribute: 'age', below: 18 } }), {}),
    ).toMatchObject([{ key: 'age', path: ['among', 'attribute'] }]);
  });

  it('is allowed once it is on record', () => {
    const both = rules({
      all: [
        { attribute: 'religion', is: 'x' },
        { attribute: 'age', below: 18 },
      ],
    });
    expect(checkDefinition(both).map(({ message }) => message)).toEqual([
      expect.stringContaining('religion is sensitive'),
      expect.stringContaining('person.age singles out people under 18'),
    ]);
    const sensitiveAllowed = new Set(['person.religion', 'person.age']);
    expect(checkDefinition(both, { sensitiveAllowed })).toEqual([]);
  });
});

describe('warnings', () => {
  const codes = (definition: Segmentation) => privacyWarnings(definition).map(({ code }) => code);

  it('name proxies, and what is not written down', () => {
    const definition = rules({ attribute: 'postal_code', startsWith: '9' });
    expect(codes(definition)).toEqual(['proxy', 'no_purpose', 'no_basis']);
    expect(privacyWarnings(definition)[0]?.message).toContain('Postal code');
  });

  it('are none where purpose and basis are given, and stay where labels decide about access', () => {
    const told = { purpose: 'Second orders', lawfulBasis: 'legitimate_interests' };
    expect(codes(rules({ attribute: 'city', is: 'Bern' }, told))).toEqual([]);
    expect(codes(rules({ attribute: 'city', is: 'Bern' }, { ...told, use: 'eligibility' }))).toEqual([
      'eligibility',
    ]);
  });
});
