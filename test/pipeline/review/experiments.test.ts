import { afterAll, beforeAll, expect, it } from 'vitest';
import { readExperiment, startExperiment, stopExperiment } from '../../../src/pipeline/review/experiments.ts';
import { armOf, Experiment } from '../../../src/review/experiment.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, releaseAll, wholeRun } from '../whole-run.ts';
import { ages, buy, openShop, openTestDatabase, people, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
const day = (month: number, date = 1) => new Date(Date.UTC(2026, month - 1, date));
const experiment = Experiment.parse({
  key: 'letter',
  segmentation: 'ages',
  segment: 'adult',
  share: 0.5,
  base: 0.1,
  target: 0.9,
  horizonDays: 30,
});

beforeAll(async () => {
  db = await openTestDatabase();
  shop = await openShop(db);
  shop.crm.defaultTargets = ['property', 'manual_list'];
  people(shop, 100, '2026-01-10');
  await publish(shop.scope, ages());
  await releaseAll(shop.scope);
  await wholeRun(shop.scope, { asOf: day(3) });
});
afterAll(() => db.close());

/** Record id -> the arm of its person. */
async function arms(): Promise<Map<string, string>> {
  const { rows } = await db.pool.query<{ id: string; person_id: string }>(
    `select id, person_id::text as person_id from ${db.tenant.schema}.contact_record`,
  );
  return new Map(rows.map((row) => [row.id, armOf(experiment, row.person_id)]));
}

it('is not started with too few members', async () => {
  const small = { ...experiment, target: 0.12 };
  await expect(
    startExperiment(db.pool, db.tenant, small, { at: day(3, 2), by: 'ada' }),
  ).rejects.toMatchObject({
    code: 'sample_too_small',
    message: expect.stringMatching(/has 47 members, and 7682 are needed/),
  });
});

it('leaves the held-out off the list, and their label where it is', async () => {
  const list = () => (shop.crm.lists.get('ages.adult') ?? []).toSorted();
  const adults = Object.entries(shop.crm.shown('seg_ages')).flatMap(([id, label]) =>
    label === 'adult' ? [id] : [],
  );
  expect(list()).toHaveLength(42);
  await startExperiment(db.pool, db.tenant, experiment, { at: day(3, 2), by: 'ada' });
  await wholeRun(shop.scope, { asOf: day(3, 3) });
  const arm = await arms();
  // Every tenth opted out and is on no list anyway.
  const treated = adults.filter((id) => arm.get(id) === 'treated' && !id.endsWith('0'));
  expect(list()).toEqual(treated.toSorted());
  expect(treated.length).toBeGreaterThan(8);
  expect(treated.length).toBeLessThan(35);
  expect(Object.values(shop.crm.shown('seg_ages')).filter((label) => label === 'adult')).toHaveLength(47);
});

it('tells who bought from the horizon on, by the arm that was assigned', async () => {
  const arm = await arms();
  for (let i = 18; i <= 64; i += 1)
    if (arm.get(String(i).padStart(4, '0')) === 'treated') buy(shop, i, { closed_at: '2026-03-20' });
  buy(shop, 19, { closed_at: '2026-05-20' });
  await wholeRun(shop.scope, { asOf: day(3, 21) });
  const early = await readExperiment(db.pool, db.tenant, 'letter', day(3, 25));
  expect(early.result).toMatchObject({ verdict: 'early', test: null, ends: day(4) });
  expect(early.result.treated + early.result.holdout).toBe(47);
  const { result } = await readExperiment(db.pool, db.tenant, 'letter', day(4, 1));
  expect(result).toMatchObject({ test: { treatedRate: 1, holdoutRate: 0 }, ratio: { mismatch: false } });
});

it('may be looked at on any day where it was planned so', async () => {
  const open = { ...experiment, key: 'open_letter', looks: 'any_time' as const };
  await startExperiment(db.pool, db.tenant, open, { at: day(3, 18), by: 'ada' });
  const { result } = await readExperiment(db.pool, db.tenant, 'open_letter', day(3, 21));
  const bought = Math.round((result.test?.treatedRate ?? 0) * result.treated);
  expect(result.sequential?.events).toBe(
    bought + Math.round((result.test?.holdoutRate ?? 0) * result.holdout),
  );
  expect(bought).toBeGreaterThan(0);
  const before = await readExperiment(db.pool, db.tenant, 'open_letter', day(3, 19));
  expect(before.result.sequential).toMatchObject({ events: 0, pValue: 1 });
  await stopExperiment(db.pool, db.tenant, 'open_letter', { at: day(3, 22), by: 'ada' });
});

it('holds nobody out once it has ended, and its key is never used again', async () => {
  await stopExperiment(db.pool, db.tenant, 'letter', { at: day(4, 2), by: 'ada' });
  await wholeRun(shop.scope, { asOf: day(4, 3) });
  expect(shop.crm.lists.get('ages.adult')).toHaveLength(42);
  const again = startExperiment(db.pool, db.tenant, experiment, { at: day(4, 4), by: 'ada' });
  await expect(again).rejects.toMatchObject({ code: 'experiment_exists' });
  expect(await readExperiment(db.pool, db.tenant, 'letter', day(4, 4))).toMatchObject({ state: 'ended' });
});
