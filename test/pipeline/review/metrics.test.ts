import { afterAll, beforeAll, expect, it } from 'vitest';
import { Attribute } from '../../../src/model/attribute.ts';
import { readMetrics } from '../../../src/pipeline/review/metrics.ts';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import { addAttributes } from '../../../src/store/columns.ts';
import { addMappings } from '../../../src/store/mappings.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { buy, openShop, openTestDatabase } from './shop.ts';

let db: TestDatabase;
const to = new Date('2026-06-20T00:00:00Z');

const halves = Segmentation.parse({
  key: 'halves',
  name: 'Halves',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'upper',
      name: 'Upper',
      when: { attribute: 'age', atLeast: 70 },
      play: { channel: 'email', budget: 1_000, costPerContact: 2 },
    },
    {
      key: 'lower',
      name: 'Lower',
      when: { attribute: 'age', atLeast: 25 },
      play: { channel: 'phone', budget: 500 },
    },
    { key: 'few', name: 'Few', when: { attribute: 'age', atLeast: 21 } },
  ],
});

beforeAll(async () => {
  db = await openTestDatabase();
  await addAttributes(db.pool, db.tenant, [
    Attribute.parse({ owner: 'deal', key: 'opened_at', name: 'Opened', type: 'datetime', kind: 'lifecycle' }),
    Attribute.parse({ owner: 'person', key: 'csat_score', name: 'CSAT', type: 'number', kind: 'needs' }),
  ]);
  const shop = await openShop(db);
  await addMappings(db.pool, db.tenant, [
    { connectionId: 'crm', object: 'deal', attribute: 'opened_at', property: 'opened_at' },
    { connectionId: 'crm', object: 'contact', attribute: 'csat_score', property: 'csat_score' },
  ]);
  // Ages 21 to 110. Upper: 41 people, lower: 45, few: 4.
  for (let i = 1; i <= 90; i += 1) {
    const id = String(i).padStart(4, '0');
    shop.crm.put('contact', id, { age: i + 20, email: `p${i}@example.com`, csat_score: i % 2 === 0 ? 5 : 2 });
    const isUpper = i >= 50;
    // 30 of the upper bought in the year before, 20 of them again; 5 others for the first time.
    if (isUpper && i < 80) buy(shop, i, { closed_at: '2025-03-01', amount: '50' });
    if (isUpper && (i < 70 || i >= 86))
      buy(shop, i, { opened_at: '2026-01-01T10:00:00Z', closed_at: '2026-01-31' });
    if (isUpper && i < 60) buy(shop, i, { won: false, closed_at: '2026-02-01' });
    // Long ago: neither new nor bought in the window before.
    if (i === 30) buy(shop, i, { closed_at: '2020-01-01' });
  }
  await publish(shop.scope, halves);
  await wholeRun(shop.scope, { asOf: to });
});
afterAll(() => db.close());

it('counts numerators and denominators of each rate, with an interval', async () => {
  const { segments } = await readMetrics(db.pool, db.tenant, 'halves', { to });
  const [upper, lower] = segments;
  const counts = (metrics: typeof upper) =>
    Object.fromEntries(
      metrics?.rates.map(({ metric, successes, trials }) => [metric, [successes, trials]]) ?? [],
    );
  expect(counts(upper)).toEqual({
    winRate: [25, 35],
    conversion: [5, 11],
    retention: [20, 30],
    churn: [10, 30],
    engagement: [null, null],
    satisfaction: [21, 41],
  });
  expect(counts(lower)).toMatchObject({ winRate: [0, 0], conversion: [0, 44], retention: [0, 0] });
  const rate = (name: string) => upper?.rates.find(({ metric }) => metric === name);
  expect(rate('retention')).toMatchObject({
    numerator: 'members who bought in the window and in the one before',
    tooFew: false,
    // Wilson's interval of 20 of 30.
    rate: { low: expect.closeTo(0.4878, 4), high: expect.closeTo(0.8077, 4) },
  });
  expect(rate('conversion')).toMatchObject({ tooFew: true });
  expect(rate('engagement')).toMatchObject({ rate: null, needs: ['emails_delivered', 'last_email_open_at'] });
});

it('adds up revenue, and tells the average deal and the usual cycle', async () => {
  const { segments, everybody } = await readMetrics(db.pool, db.tenant, 'halves', { to });
  expect(segments[0]).toMatchObject({
    segment: 'upper',
    members: 41,
    revenue: 2_500,
    revenuePerMember: 2_500 / 41,
    averageDeal: { value: 100, deals: 25, tooFew: true },
    cycleDays: { value: 30, deals: 25, tooFew: true },
  });
  expect(everybody).toMatchObject({ segment: '*', members: 90, revenue: 2_500 });
});

it('says nothing of what under 10 did', async () => {
  const { segments } = await readMetrics(db.pool, db.tenant, 'halves', { to });
  expect(segments[2]).toMatchObject({ segment: 'few', members: 4, revenue: null, averageDeal: null });
  for (const { rate, trials } of segments[2]?.rates ?? []) expect(rate === null && trials !== 4).toBe(true);
});

it('looks at another window where one is given', async () => {
  const from = new Date('2025-01-01T00:00:00Z');
  const { segments } = await readMetrics(db.pool, db.tenant, 'halves', {
    from,
    to: new Date('2025-12-31T00:00:00Z'),
  });
  expect(segments[0]).toMatchObject({ revenue: 1_500 });
});
