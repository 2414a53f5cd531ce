import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from './rig.ts';
import { customers, hubspotId, spend } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

const definition = spend({ targets: { hubspot: { why: true }, salesforce: { why: true } } });

it('both CRMs show why beside the label, without the money that reps may not see, and nothing is written twice', async () => {
  rig = await writtenRig(database, {
    people: customers(3),
    systems: ['hubspot', 'salesforce'],
    definitions: [definition],
  });
  // Customers 3, 1 and 2 ordered nothing, once in each CRM, and for 1,500 in each.
  const expected = [
    ['prospect', 'Purchases: 0 (below 1).'],
    ['buyer', 'Purchases: 2 (at least 1).'],
    ['vip', 'Revenue is within the threshold.'],
  ];
  const inHubspot = [3, 1, 2].map((n) => {
    const shown = rig.hubspot.admin.record('contact', hubspotId(n))?.properties;
    return [shown?.segment_sync_spend, shown?.segment_sync_spend_why];
  });
  const inSalesforce = [3, 1, 2].map((n) => {
    const [shown] = rig.salesforce.admin.find('Contact', 'LastName', `Customer ${n}`);
    return [shown?.Segment_Sync_Spend__c, shown?.Segment_Sync_Spend_Why__c];
  });
  expect(inHubspot).toEqual(expected);
  expect(inSalesforce).toEqual(expected);

  const before = [rig.writes('hubspot'), rig.writes('salesforce')];
  await rig.run({ options: { full: true } });
  expect([rig.writes('hubspot'), rig.writes('salesforce')]).toEqual(before);
});
