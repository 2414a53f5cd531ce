import { afterAll, beforeAll, expect, it } from 'vitest';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import { planSegmentations } from '../../../src/views/plan.ts';
import { previewSegmentations } from '../../../src/views/preview.ts';
import type { TestDatabase } from '../../database.ts';
import { buy, openShop, openTestDatabase, people, type Shop } from '../review/shop.ts';
import { publish, wholeRun } from '../whole-run.ts';

let db: TestDatabase;
let shop: Shop;
const asOf = new Date('2026-06-01T00:00:00Z');
const spend = Segmentation.parse({ key: 'spend', name: 'Spend', subject: 'person', method: 'rfm' });
const above = Segmentation.parse({
  key: 'above',
  name: 'Above',
  subject: 'person',
  method: 'tiers',
  of: { score: 'spend.monetary' },
  segments: [
    { key: 'top', name: 'Top', topPercent: 20 },
    { key: 'rest', name: 'Rest' },
  ],
});

/** Forty who bought once, and eight of them once more. */
beforeAll(async () => {
  db = await openTestDatabase();
  shop = await openShop(db);
  people(shop, 60, '2026-05-10');
  for (let i = 21; i <= 28; i += 1) buy(shop, i, { closed_at: '2026-05-20', amount: '900' });
  await wholeRun(shop.scope, { asOf });
});
afterAll(() => db.close());

const sizes = async () => {
  const { rows } = await db.pool.query<{ label: string | null; n: number }>(
    `select label_above as label, count(*)::int as n from ${db.tenant.schema}.person group by 1 order by 1 nulls last`,
  );
  return rows.map(({ label, n }) => [label, n]);
};

it('tiers of a score are previewed, planned and learned together with what gives the score', async () => {
  const [preview] = await previewSegmentations(db.pool, db.tenant, [above, spend], { asOf, samples: 0 });
  const both = [preview].flatMap((one) => one?.segments ?? []).map(({ segment, size }) => [segment, size]);
  expect(both).toEqual([
    ['top', 8],
    ['rest', 32],
  ]);
  const planned = await planSegmentations(db.pool, db.tenant, [spend, above], asOf);
  expect(planned[1]).toMatchObject({
    problem: null,
    segments: [{ after: 8 }, { after: 32 }],
    unlabelled: 20,
  });
  await publish(shop.scope, above, spend);
  await wholeRun(shop.scope, { asOf });
  expect(await sizes()).toEqual([
    ['rest', 32],
    ['top', 8],
    [null, 20],
  ]);
});
