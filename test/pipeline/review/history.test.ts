import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeBaselines } from '../../../src/pipeline/review/baselines.ts';
import { readDistributions } from '../../../src/pipeline/review/distributions.ts';
import { readHistory } from '../../../src/pipeline/review/history.ts';
import { findReviewed, readReviewScene } from '../../../src/pipeline/review/scene.ts';
import { addReview } from '../../../src/store/reviews.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { ages, interests, openShop, openTestDatabase, people, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
const day = (month: number, date = 1) => new Date(Date.UTC(2026, month - 1, date));

beforeAll(async () => {
  db = await openTestDatabase();
  shop = await openShop(db);
  people(shop, 60);
  await publish(shop.scope, ages(), interests());
  await wholeRun(shop.scope, { asOf: day(3) });
  const scene = await readReviewScene(db.pool, db.tenant, day(3));
  const row = findReviewed(scene, 'ages');
  const distributions = await readDistributions(db.pool, scene, row);
  await addReview(db.pool, db.tenant, {
    segmentation: 'ages',
    version: 1,
    at: day(3),
    report: {},
    distributions,
  });
  // Twelve of the young turn 50; then the line moves from 85 to 70.
  for (let i = 1; i <= 12; i += 1) shop.crm.put('contact', String(i).padStart(4, '0'), { age: 50 });
  await wholeRun(shop.scope, { asOf: day(4) });
  await publish(shop.scope, ages(70));
  await wholeRun(shop.scope, { asOf: day(5) });
});
afterAll(() => db.close());

const history = (key: string, from: Date, to: Date) => readHistory(db.pool, db.tenant, key, { from, to });

it('tells who moved from which segment to which between two dates', async () => {
  const { migration, flows } = await history('ages', day(3, 15), day(5, 15));
  expect(migration).toEqual({
    from: ['ages.adult', 'ages.young'],
    to: ['ages.senior', 'ages.adult', 'ages.young'],
    counts: [
      [11, 32, 0],
      [0, 12, null],
    ],
    stayed: 37 / 60,
  });
  expect(flows).toEqual([
    { segment: 'senior', before: 0, entered: 11, left: 0, after: 11 },
    { segment: 'adult', before: 43, entered: 12, left: 11, after: 44 },
    { segment: 'young', before: 17, entered: 0, left: 12, after: 5 },
  ]);
});

it('looks at any two dates, not only up to now', async () => {
  const { flows } = await history('ages', day(3, 15), day(4, 15));
  expect(flows.map(({ segment, after }) => [segment, after])).toEqual([
    ['senior', 0],
    ['adult', 55],
    ['young', 5],
  ]);
  const before = await history('ages', day(2), day(3, 15));
  expect(before.migration).toMatchObject({ from: ['(new)'], counts: [[43, 17]], stayed: null });
  expect(before.memberDrift).toBeNull();
});

it('keeps flows of many labels apart', async () => {
  const { flows, migration } = await history('shop', day(3, 15), day(5, 15));
  expect(flows).toContainEqual({ segment: 'grown_up', before: 43, entered: 12, left: 0, after: 55 });
  expect(migration.from).toEqual(['shop.buyers', 'shop.grown_up', '(new)']);
});

it('tells members who moved from lines that moved', async () => {
  const { causes } = await history('ages', day(3, 15), day(5, 15));
  expect(causes).toMatchObject({ byCause: { data: 12, definition: 11 }, membersMoved: 12, linesMoved: 11 });
  expect(causes.perSubjectAndMonth).toBeCloseTo(12 / 60 / (61 / 30), 10);
});

it('measures drift of members and of attributes, and says that the sample is small', async () => {
  const { memberDrift, attributeDrift, sizes } = await history('ages', day(3, 15), day(5, 15));
  expect(memberDrift).toMatchObject({ level: 'major', smallSample: true });
  expect(memberDrift?.pValue).toBeLessThan(0.001);
  expect(attributeDrift).toMatchObject([{ attribute: 'age', since: day(3), smallSample: true }]);
  expect(attributeDrift[0]?.psi).toBeGreaterThan(0.1);
  expect(sizes.filter(({ segment }) => segment === 'young')).toEqual([
    { day: '2026-04-01', segment: 'young', size: 5, revenue: null },
    { day: '2026-05-01', segment: 'young', size: 5, revenue: null },
  ]);
});

it('measures drift from the first run of a version on, before there is any review', async () => {
  const { attributeDrift } = await history('shop', day(3, 15), day(5, 15));
  expect(attributeDrift.map(({ attribute, since }) => [attribute, since])).toContainEqual(['age', day(3)]);
  expect(attributeDrift.find(({ attribute }) => attribute === 'age')?.psi).toBeGreaterThan(0.1);
  // The new version of ages is compared with its own first run, as its review came with the version before.
  const later = await history('ages', day(2), day(5, 15));
  expect(later.attributeDrift).toMatchObject([{ attribute: 'age', since: day(5), psi: 0 }]);
});

it('finds no drift where nothing changed', async () => {
  const { memberDrift, causes } = await history('ages', day(5, 2), day(5, 15));
  expect(memberDrift).toMatchObject({ psi: 0, pValue: 1, level: 'none' });
  expect(causes).toMatchObject({ membersMoved: 0, linesMoved: 0 });
});

it('refuses dates in the wrong order', async () => {
  await expect(history('ages', day(5), day(4))).rejects.toMatchObject({ code: 'range_invalid' });
});

it('goes on in the next slice where the first runs of many versions do not fit in one', async () => {
  const { pool, tenant } = db;
  await pool.query(`delete from ${tenant.schema}.baseline`);
  const pins = { ages: { definition: 2, model: null }, shop: { definition: 1, model: null } };
  const slice = {
    pool,
    tenant,
    run: { asOf: day(5), pins },
    deadline: 0,
    signal: new AbortController().signal,
  };
  expect([await storeBaselines(slice), await storeBaselines(slice), await storeBaselines(slice)]).toEqual([
    false,
    true,
    true,
  ]);
  const { rows } = await pool.query(`select segmentation, version from ${tenant.schema}.baseline order by 1`);
  expect(rows).toEqual([
    { segmentation: 'ages', version: 2 },
    { segmentation: 'shop', version: 1 },
  ]);
});
