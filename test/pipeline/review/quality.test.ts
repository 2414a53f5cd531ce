import { afterAll, beforeAll, expect, it } from 'vitest';
import { readQuality } from '../../../src/pipeline/review/quality.ts';
import { RulesSegmentation } from '../../../src/segmentation/definition.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { ages, openShop, openTestDatabase, people } from './shop.ts';

let db: TestDatabase;
const asOf = new Date('2026-06-20T00:00:00Z');

const loyal = RulesSegmentation.parse({
  key: 'loyal',
  name: 'Loyal',
  subject: 'person',
  method: 'rules',
  labels: 'many',
  segments: [
    {
      key: 'grown',
      name: 'Grown-ups',
      when: {
        all: [
          { attribute: 'age', atLeast: 38 },
          { attribute: 'first_name', known: true },
        ],
      },
    },
    { key: 'late', name: 'Late', when: { attribute: 'first_order_at', notInLast: '1 day' } },
    { key: 'away', name: 'Away', when: { attribute: 'last_contacted_at', notInLast: '30 days' } },
    {
      key: 'known',
      name: 'Known',
      when: {
        any: [
          { attribute: 'last_contacted_at', inLast: '30 days' },
          { attribute: 'deal_count', atLeast: 1 },
        ],
      },
    },
  ],
});

beforeAll(async () => {
  db = await openTestDatabase();
  const shop = await openShop(db);
  people(shop, 30);
  for (let i = 1; i <= 8; i += 1) shop.crm.put('contact', `x${i}`, { email: `x${i}@example.com` });
  shop.crm.put('contact', 'bad', { email: 'bad@example.com', age: 'forty' });
  shop.crm.put('contact', 'twin', { email: 'p1@example.com', age: 21 });
  await publish(shop.scope, ages(), loyal);
  await wholeRun(shop.scope);
});
afterAll(() => db.close());

it('counts known, readable and fresh values by connection, and records too many', async () => {
  const { attributes, records } = await readQuality(db.pool, db.tenant, asOf);
  expect(attributes.find(({ attribute }) => attribute === 'age')).toEqual({
    connection: 'crm',
    object: 'contact',
    attribute: 'age',
    name: 'age',
    property: 'age',
    records: 40,
    known: 31,
    knownShare: 31 / 40,
    invalid: 1,
    validShare: 31 / 32,
    freshShare: 1,
    problem: null,
  });
  expect(records).toMatchObject([
    { object: 'contact', records: 40, subjects: 39, duplicates: 1 },
    { object: 'company', records: 0, recordsPerSubject: null },
    { object: 'deal', records: 10, duplicates: 0 },
  ]);
});

it('says who can not be placed for want of which attribute', async () => {
  const { losses } = await readQuality(db.pool, db.tenant, asOf);
  const age = (rate: number) => [
    expect.objectContaining({ attribute: 'age', undecided: 9, rate, expected: 9 * rate }),
  ];
  expect(losses).toMatchObject([
    { segment: 'senior', subjects: 39, undecided: 9, attributes: age(0) },
    { segment: 'adult', undecided: 9, attributes: age(13 / 30) },
    { segment: 'young', undecided: 9, attributes: age(17 / 30) },
    // Whoever has no first name is known not to belong.
    { segment: 'grown', undecided: 0, attributes: [] },
    // Who never bought has no first order: nothing is missing.
    { segment: 'late', undecided: 0, attributes: [] },
    { segment: 'away', undecided: 39, missing: ['last_contacted_at'] },
    // The other condition tells.
    { segment: 'known', undecided: 0, missing: [], attributes: [] },
  ]);
});

it('ranks what to mend, of one segmentation or all', async () => {
  const { fixes } = await readQuality(db.pool, db.tenant, asOf);
  expect(fixes).toMatchObject([
    { kind: 'map', attribute: 'last_contacted_at', segments: ['loyal.away'], customers: 39 },
    { kind: 'fill', attribute: 'age', customers: 8, segments: ['ages.senior', 'ages.adult', 'ages.young'] },
    { kind: 'format', attribute: 'age', customers: 1 },
  ]);
  expect((await readQuality(db.pool, db.tenant, asOf, 'ages')).fixes).toHaveLength(2);
});
