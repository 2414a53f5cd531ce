import { afterAll, beforeAll, expect, it } from 'vitest';
import { readOverlap } from '../../../src/pipeline/review/overlap.ts';
import { RulesSegmentation } from '../../../src/segmentation/definition.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { interests, openShop, openTestDatabase, people } from './shop.ts';

let db: TestDatabase;
const asOf = new Date('2026-06-20T00:00:00Z');

const few = RulesSegmentation.parse({
  key: 'few',
  name: 'A few',
  subject: 'person',
  method: 'rules',
  segments: [{ key: 'old', name: 'Old customers', when: { attribute: 'age', atLeast: 78 } }],
});

beforeAll(async () => {
  db = await openTestDatabase();
  const shop = await openShop(db);
  people(shop, 60);
  await publish(shop.scope, interests(), few);
  await wholeRun(shop.scope);
});
afterAll(() => db.close());

it('compares segments with each other and with those of other segmentations, most alike first', async () => {
  const { pairs } = await readOverlap(db.pool, db.tenant, 'shop', asOf);
  expect(pairs.slice(0, 3)).toEqual([
    {
      a: 'shop.buyers',
      b: 'shop.visitors',
      sizeA: 40,
      sizeB: 40,
      both: 40,
      jaccard: 1,
      containment: 1,
      flagged: true,
    },
    expect.objectContaining({
      a: 'shop.buyers',
      b: 'shop.grown_up',
      both: 40,
      jaccard: 40 / 43,
      containment: 1,
    }),
    expect.objectContaining({ a: 'shop.grown_up', b: 'shop.visitors', sizeA: 43, sizeB: 40 }),
  ]);
});

it('does not tell how many are in both where they are under 10', async () => {
  const { pairs } = await readOverlap(db.pool, db.tenant, 'few', asOf);
  expect(pairs).toHaveLength(3);
  for (const pair of pairs)
    expect(pair).toMatchObject({ a: 'few.old', sizeA: 3, both: null, jaccard: null, flagged: false });
});

it('says who is in no segment, with their revenue', async () => {
  const shop = await readOverlap(db.pool, db.tenant, 'shop', asOf);
  expect(shop).toMatchObject({
    subjects: 60,
    coverage: 43 / 60,
    unserved: { size: 17, revenue: 0, buyers: 0, reachable: 16 },
    unservedByAll: { size: 17 },
  });
  const few = await readOverlap(db.pool, db.tenant, 'few', asOf);
  expect(few.unserved).toMatchObject({ size: 57, revenue: 3_700, revenueShare: 0.925, buyers: 37 });
});

it('says which label counts where several apply', async () => {
  const { priority } = await readOverlap(db.pool, db.tenant, 'shop', asOf);
  expect(priority).toEqual([
    { segment: 'buyers', held: 40, first: 40, yieldsTo: [] },
    { segment: 'visitors', held: 40, first: 0, yieldsTo: [{ segment: 'buyers', count: 40 }] },
    { segment: 'grown_up', held: 43, first: 3, yieldsTo: [{ segment: 'buyers', count: 40 }] },
  ]);
});
