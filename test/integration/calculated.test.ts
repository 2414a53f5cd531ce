import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { mapProperty } from '../../src/pipeline/connection/change-mapping.ts';
import { preflight } from '../../src/pipeline/connection/preflight.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from './rig.ts';
import { AS_OF, customers, hubspotId } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

const readValue = async (id: string, attribute: string) => {
  const { rows } = await rig.pool.query<{ value: unknown }>(
    `select properties -> $2 as value from ${rig.tenant.schema}.contact_record where id = $1`,
    [id, attribute],
  );
  return rows[0]?.value;
};
const aDayLater = () =>
  rig.pool.query(`update ${rig.tenant.schema}.cursor set updated_at = updated_at - interval '1 day'`);

it('reads what a CRM works out once a day, in the calls of the daily look at all records', async () => {
  rig = await writtenRig(database, {
    people: customers(3),
    systems: ['hubspot', 'salesforce'],
    definitions: [],
  });
  const { hubspot, salesforce } = rig;
  const contact = salesforce.admin.find('Contact', 'LastName', 'Customer 1')[0]?.Id ?? '';
  salesforce.admin.addFormula('Contact.Days_Left__c', 'double');
  await mapProperty(
    rig.pool,
    rig.tenant,
    { id: rig.ids.salesforce },
    {
      object: 'contact',
      attribute: 'days_left',
      property: 'Days_Left__c',
      describe: { name: 'Days left', type: 'number', kind: 'behavioural', sensitivity: 'normal' },
    },
  );
  await rig.run();

  // No change time moves.
  hubspot.admin.setProperties('contact', hubspotId(1), { hs_email_open: 7 }, { bumpModified: false });
  salesforce.admin.update(contact, { Days_Left__c: 3 }, { stamp: false });
  await rig.run();
  expect(await readValue(hubspotId(1), 'emails_opened')).toBeNull();
  expect(await readValue(contact, 'days_left')).toBeNull();

  await aDayLater();
  await rig.run();
  expect(await readValue(hubspotId(1), 'emails_opened')).toBe(7);
  expect(await readValue(contact, 'days_left')).toBe(3);
  const { rows } = await rig.pool.query(
    `select purpose, count(*)::int as passes from ${rig.tenant.schema}.cursor
     where object = 'contact' and purpose in ('full', 'links') group by 1`,
  );
  expect(rows, 'no second pass for ids alone').toEqual([{ purpose: 'full', passes: 2 }]);

  for (const [id, names] of [
    [rig.ids.hubspot, 'hs_email_open'],
    [rig.ids.salesforce, 'Days_Left__c'],
  ] as const) {
    const opener = rig.openConnections({
      tenant: rig.tenant,
      asOf: AS_OF,
      signal: new AbortController().signal,
    });
    const items = await preflight(rig.pool, rig.tenant, await opener.open(id));
    await opener.close();
    const told = items.filter(
      ({ code }) => code.toLowerCase().startsWith('contact') && code.endsWith('_calculated'),
    );
    expect(told).toEqual([expect.objectContaining({ ok: true, message: expect.stringContaining(names) })]);
  }
});
