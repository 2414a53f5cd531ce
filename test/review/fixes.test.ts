import { expect, it } from 'vitest';
import { type Feed, type Loss, rankFixes } from '../../src/review/fixes.ts';

const loss = (segment: string, more: Partial<Loss>): Loss => ({
  segmentation: 'shop',
  segment,
  subject: 'person',
  subjects: 100,
  missing: [],
  attributes: [],
  ...more,
});
const lost = (attribute: string, undecided: number, rate: number | null) => ({
  attribute,
  name: attribute,
  undecided,
  rate,
  expected: undecided * (rate ?? 0),
});
const feed = (attribute: string, more: Partial<Feed> = {}): Feed => ({
  connection: 'crm',
  object: 'contact',
  attribute,
  property: attribute,
  invalid: 0,
  problem: null,
  ...more,
});

it('puts what blocks a segment first, then what moves most', () => {
  const fixes = rankFixes(
    [
      loss('a', { attributes: [lost('age', 50, 0.1), lost('country', 20, 0.5)] }),
      loss('b', { missing: ['last_login_at'] }),
      loss('c', { attributes: [lost('country', 30, 0.5), lost('city', 90, null)] }),
    ],
    [feed('age'), feed('country')],
  );
  expect(
    fixes.map(({ kind, attribute, segments, customers, expectedMoves }) => [
      kind,
      attribute,
      segments,
      customers,
      expectedMoves,
    ]),
  ).toEqual([
    ['map', 'last_login_at', ['shop.b'], 100, null],
    ['fill', 'country', ['shop.a', 'shop.c'], 30, 25],
    ['fill', 'age', ['shop.a'], 50, 5],
    ['fill', 'city', ['shop.c'], 90, null],
  ]);
});

it('tells unreadable values from empty ones, and what was lost from what was never there', () => {
  const losses = [
    loss('a', { attributes: [lost('age', 50, 0.5)] }),
    loss('b', { attributes: [lost('company.size', 10, 1)] }),
  ];
  const fixes = rankFixes(losses, [
    feed('age', { invalid: 20 }),
    feed('size', { object: 'company', problem: 'The CRM no longer has it.' }),
  ]);
  expect(fixes).toMatchObject([
    { kind: 'fill', attribute: 'age', customers: 30, expectedMoves: 15 },
    {
      kind: 'format',
      attribute: 'age',
      customers: 20,
      expectedMoves: 10,
      what: expect.stringContaining('20 values'),
    },
    { kind: 'restore', attribute: 'company.size', customers: 10, what: expect.stringContaining('no longer') },
  ]);
});

it('names ten at most', () => {
  const attributes = Array.from({ length: 14 }, (_, i) => lost(`a${i}`, i + 1, 0.5));
  const fixes = rankFixes([loss('a', { attributes })], []);
  expect(fixes).toHaveLength(10);
  expect(fixes[0]?.attribute).toBe('a13');
});
