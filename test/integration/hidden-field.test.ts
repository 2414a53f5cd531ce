import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { countShown } from '../../src/store/shown.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from './rig.ts';
import { customers, orderInSalesforce } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

const FIELD = 'Segment_Sync_Spend__c';
const noteds = async () => {
  const { schema } = rig.tenant;
  const { rows } = await rig.pool.query(
    `select external_key from ${schema}.pin union all select external_key from ${schema}.sighting`,
  );
  return rows;
};
const spendTarget = async () =>
  (await rig.targets('salesforce')).find(
    ({ kind, segmentation }) => kind === 'property' && segmentation === 'spend',
  );
const contactOf = (n: number) =>
  rig.salesforce.admin.find('Contact', 'LastName', `Customer ${n}`)[0]?.Id ?? '';
const shows = (n: number) => rig.state('salesforce').records[`Contact ${contactOf(n)}`]?.[FIELD];

/** Labels that the ledger says are shown in the field. */
const known = async () => (await countShown(rig.pool, rig.tenant)).get((await spendTarget())?.id ?? '');

/** The admin keeps us from giving the field back to ourselves, which each push tries before it writes. */
function refuseGrants(): void {
  const fault = { kind: 'status', status: 403, applied: false } as const;
  rig.faults('salesforce', { rules: [{ match: '^POST .*/composite/sobjects', fault }] });
}

/** Another large order of a customer who has none. */
const buy = (n: number) => orderInSalesforce(rig.salesforce, contactOf(n));

it.each([
  ['contacts', ['Contact']],
  ['contacts and leads', ['Contact', 'Lead']],
])(
  'a field of ours that an admin hides on %s keeps its labels, says what to do, and goes on once it is shown',
  async (_, objects) => {
    rig = await writtenRig(database, { people: customers(9), systems: ['salesforce'] });
    const before = rig.state('salesforce');
    for (const object of objects) rig.salesforce.admin.hideField(`${object}.${FIELD}`);
    refuseGrants();
    await rig.run({ options: { full: true } });
    expect(rig.state('salesforce').records).toEqual(before.records);
    expect(await noteds()).toEqual([]);
    expect(await spendTarget()).toMatchObject({
      state: 'live',
      reason: { code: 'needs_you', action: expect.stringMatching(/Assign the permission set Segment_Sync/) },
    });

    expect(await known()).toBe(9);

    buy(3);
    refuseGrants();
    await rig.run({ options: { full: true } });
    expect(shows(3)).toBe('prospect');
    expect(await noteds()).toEqual([]);
    expect(await known()).toBe(9);

    rig.faults('salesforce', {});
    for (const object of objects) rig.salesforce.admin.showField(`${object}.${FIELD}`);
    const writes = rig.writes('salesforce');
    await rig.run({ options: { full: true } });
    expect(shows(3)).toBe('vip');
    expect(await spendTarget()).toMatchObject({ state: 'live', reason: null });
    expect(await noteds()).toEqual([]);
    expect(await rig.check('salesforce')).toMatchObject({ mismatches: 0, samples: [] });
    // The one record that changed, in one call; perhaps one more for its campaigns.
    expect(rig.writes('salesforce') - writes).toBeLessThanOrEqual(4);
  },
);
