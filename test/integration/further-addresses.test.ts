import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from './rig.ts';
import { customers, hubspotId, orderInSalesforce } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

const spend = (n: number) => rig.state('hubspot').records[`contact ${hubspotId(n)}`]?.segment_sync_spend;
const personOf = async (id: string) => {
  const { rows } = await rig.pool.query<{ person_id: string }>(
    `select person_id from ${rig.tenant.schema}.contact_record where id = $1`,
    [id],
  );
  return rows[0]?.person_id;
};

it('a contact whose further address is known in the other CRM counts what was bought there', async () => {
  rig = await writtenRig(database, { people: customers(4), systems: ['hubspot', 'salesforce'] });
  const { admin } = rig.hubspot;
  const inSalesforce = rig.salesforce.admin.find('Contact', 'LastName', 'Customer 3')[0]?.Id ?? '';
  rig.salesforce.admin.update(inSalesforce, { Email: 'at.home@example.org' });
  await rig.run();
  const apart = await personOf(inSalesforce);
  expect(apart).not.toBe(await personOf(hubspotId(3)));
  expect(spend(3)).toBe('prospect');

  orderInSalesforce(rig.salesforce, inSalesforce);
  admin.setProperties('contact', hubspotId(3), {
    hs_additional_emails: 'old@example.org;At.Home@Example.org',
  });
  await rig.run();
  expect(await personOf(inSalesforce)).toBe(await personOf(hubspotId(3)));
  expect(spend(3)).toBe('vip');

  // HubSpot makes the address of whoever loses a merge a further one of the survivor.
  const both = await Promise.all([personOf(hubspotId(1)), personOf(hubspotId(2))]);
  const merged = admin.merge('contact', hubspotId(1), hubspotId(2));
  await rig.run();
  expect(both).toContain(await personOf(merged));
  for (const n of [1, 2]) {
    const id = rig.salesforce.admin.find('Contact', 'LastName', `Customer ${n}`)[0]?.Id ?? '';
    expect(await personOf(id), `customer ${n} in Salesforce`).toBe(await personOf(merged));
  }
  const writes = rig.writes('hubspot');
  await rig.run();
  expect(rig.writes('hubspot')).toBe(writes);
});
