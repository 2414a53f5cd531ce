import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openRig, type Rig } from './rig.ts';
import { hubspotShop } from './shop.ts';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await openTestDatabase();
  const seed = hubspotShop([{ n: 1, orders: [[100, 40]] }]);
  rig = await openRig(database, {
    hubspot: {
      ...seed,
      deals: seed.deals.map((deal) => ({
        ...deal,
        properties: { ...deal.properties, deal_currency_code: 'EUR', amount_in_home_currency: '112.5' },
      })),
    },
  });
});
afterAll(async () => {
  await rig.stop();
  await database.close();
});

it('counts a deal in another currency by the exchange that HubSpot made itself', async () => {
  await rig.connect('hubspot');
  await rig.run();
  const { rows } = await rig.pool.query(
    `select d.currency, d.amount, d.revenue, p.revenue_total from ${rig.tenant.schema}.deal d
     join ${rig.tenant.schema}.person p on p.id = d.person_id`,
  );
  expect(rows).toEqual([{ currency: 'EUR', amount: '100', revenue: '112.5', revenue_total: '112.5' }]);
});
