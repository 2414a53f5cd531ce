import { afterAll, beforeAll, expect, it } from 'vitest';
import { startExperiment, stopExperiment } from '../../../src/pipeline/review/experiments.ts';
import { readMetrics } from '../../../src/pipeline/review/metrics.ts';
import { armOf, Experiment } from '../../../src/review/experiment.ts';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { buy, openShop, openTestDatabase, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
const day = (month: number, date = 1) => new Date(Date.UTC(2026, month - 1, date));

const halves = Segmentation.parse({
  key: 'halves',
  name: 'Halves',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'upper',
      name: 'Upper',
      when: { attribute: 'age', atLeast: 60 },
      play: { channel: 'email', costPerContact: 2, window: '2 weeks' },
    },
    {
      key: 'lower',
      name: 'Lower',
      when: { attribute: 'age', below: 60 },
      play: { channel: 'email', budget: 50 },
    },
  ],
});

/** Sixty people, thirty in each half from 1 March on; then twelve of the lower get older. */
beforeAll(async () => {
  db = await openTestDatabase();
  shop = await openShop(db);
  for (let i = 1; i <= 60; i += 1)
    shop.crm.put('contact', String(i).padStart(4, '0'), {
      age: i <= 30 ? 30 : 70,
      email: `p${i}@example.com`,
    });
  await publish(shop.scope, halves);
  await wholeRun(shop.scope, { asOf: day(3) });
  // On the day itself, within the two weeks, after them.
  buy(shop, 31, { closed_at: '2026-03-01' });
  for (const i of [32, 33, 34]) buy(shop, i, { closed_at: '2026-03-10' });
  buy(shop, 35, { closed_at: '2026-03-16' });
  // Of the lower, with 30 days; one moves up before it buys.
  buy(shop, 1, { closed_at: '2026-03-25' });
  buy(shop, 2, { closed_at: '2026-03-25' });
  for (let i = 2; i <= 13; i += 1) shop.crm.put('contact', String(i).padStart(4, '0'), { age: 70 });
  await wholeRun(shop.scope, { asOf: day(3, 20) });
});
afterAll(() => db.close());

const plays = async (to: Date) => {
  const { segments } = await readMetrics(db.pool, db.tenant, 'halves', { from: day(2), to });
  return segments.map(({ play }) => play);
};

it('counts purchases after entering, within the window, for the segment entered last', async () => {
  const [upper, lower] = await plays(day(5));
  expect(upper).toMatchObject({
    attribution: 'last_touch',
    windowDays: 14,
    customers: 42,
    cost: 84,
    costFrom: 'contacts',
    revenue: { value: 400 },
    return: { value: (400 - 84) / 84 },
  });
  expect(lower).toMatchObject({ windowDays: 30, customers: 30, cost: 50, revenue: { value: 100 } });
});

it('looks at the window only', async () => {
  const [upper] = await plays(day(3, 12));
  expect(upper).toMatchObject({ customers: 30, revenue: { value: 300 } });
});

it('compares with the holdout from the horizon of an experiment on', async () => {
  const experiment = Experiment.parse({
    key: 'gift',
    segmentation: 'halves',
    segment: 'upper',
    share: 0.5,
    base: 0.1,
    target: 0.9,
    horizonDays: 20,
  });
  await startExperiment(db.pool, db.tenant, experiment, { at: day(4), by: 'ada' });
  const { rows } = await db.pool.query<{ id: string; person_id: string }>(
    `select id, person_id::text as person_id from ${db.tenant.schema}.contact_record where connection_id = 'crm'`,
  );
  const treated = rows.filter(
    ({ id, person_id }) =>
      (Number(id) > 30 || (Number(id) > 1 && Number(id) < 14)) && armOf(experiment, person_id) === 'treated',
  );
  for (const { id } of treated) buy(shop, Number(id), { closed_at: '2026-04-10' });
  await wholeRun(shop.scope, { asOf: day(4, 21) });
  expect((await plays(day(4, 20)))[0]).toMatchObject({ attribution: 'last_touch' });
  const [upper] = await plays(day(4, 22));
  expect(upper).toMatchObject({
    attribution: 'holdout',
    windowDays: 20,
    customers: treated.length,
    revenue: { value: treated.length * 100, low: treated.length * 100 },
    tooFew: true,
  });
  await stopExperiment(db.pool, db.tenant, 'gift', { at: day(4, 22), by: 'ada' });
  expect((await plays(day(4, 23)))[0]).toMatchObject({ attribution: 'holdout' });
});
