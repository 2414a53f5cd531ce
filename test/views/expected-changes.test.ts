import { afterAll, beforeAll, expect, test } from 'vitest';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { expectChanges } from '../../src/views/expected-changes.ts';
import type { TestDatabase } from '../database.ts';
import { ages, openShop, openTestDatabase, people, type Shop } from '../pipeline/review/shop.ts';
import { wholeRun } from '../pipeline/whole-run.ts';

let db: TestDatabase;
let shop: Shop;
const asOf = new Date('2026-06-01T00:00:00Z');

/** Forty of sixty bought on 10 May. */
beforeAll(async () => {
  db = await openTestDatabase();
  shop = await openShop(db);
  people(shop, 60, '2026-05-10');
  await wholeRun(shop.scope, { asOf });
});
afterAll(() => db.close());

const recent = Segmentation.parse({
  key: 'recent',
  name: 'Recent',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'bought',
      name: 'Bought lately',
      when: { deals: { where: { won: true, closed_at: { inLast: '30 days' } }, count: true, atLeast: 1 } },
    },
    { key: 'quiet', name: 'Quiet', when: { attribute: 'age', known: true } },
  ],
});

test('a draft is compared with itself a month before', async () => {
  const expected = await expectChanges(db.pool, db.tenant, recent, { asOf });
  expect(expected).toEqual({
    days: 30,
    subjects: 60,
    changed: 40,
    perSubjectAndMonth: 40 / 60,
    segments: [
      { segment: 'bought', entered: 40, left: 0 },
      { segment: 'quiet', entered: 0, left: 40 },
    ],
  });
  const week = await expectChanges(db.pool, db.tenant, recent, { asOf, days: 15 });
  expect(week).toMatchObject({ changed: 0, perSubjectAndMonth: 0 });
});

test('what has no date does not change', async () => {
  expect(await expectChanges(db.pool, db.tenant, ages(), { asOf })).toMatchObject({
    subjects: 60,
    changed: 0,
  });
});

test('a draft that learns is learned once, for both sides', async () => {
  const when = {
    all: [
      { attribute: 'age', topPercent: 25 },
      { attribute: 'last_order_at', inLast: '30 days' },
    ],
  };
  const top = Segmentation.parse({
    key: 'top',
    name: 'Top',
    subject: 'person',
    method: 'rules',
    segments: [{ key: 'top', name: 'Top', when }],
  });
  const { segments } = await expectChanges(db.pool, db.tenant, top, { asOf });
  expect(segments).toEqual([{ segment: 'top', entered: 15, left: 0 }]);
});
