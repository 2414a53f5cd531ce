import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noteDirtyRecords } from '../../src/store/dirty.ts';
import { requestRun } from '../../src/store/runs.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openRig, type Rig, writtenRig } from './rig.ts';
import {
  AS_OF,
  customers,
  habits,
  hubspotId,
  hubspotShop,
  orderInHubspot,
  salesforceShop,
  spend,
} from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

const SYSTEMS = ['hubspot', 'salesforce'] as const;
const spends = (id: string) => rig.state('hubspot').records[`contact ${id}`]?.segment_sync_spend;

describe('both CRMs, from the first pull to the labels', () => {
  it('writes nothing until released, then exactly what the store says, then nothing more', async () => {
    const people = customers(9);
    rig = await openRig(database, { hubspot: hubspotShop(people), salesforce: salesforceShop(people) });
    for (const system of SYSTEMS) await rig.connect(system);
    await rig.publish(spend(), habits);
    const writes = () => SYSTEMS.map((system) => rig.writes(system));
    // The preflight tries out what it may do, and changes nothing.
    const connected = writes();
    await rig.run();
    expect(writes()).toEqual(connected);

    await rig.release();
    await rig.run();
    for (const system of SYSTEMS) {
      const check = await rig.check(system);
      expect(check).toMatchObject({ mismatches: 0, samples: [] });
      expect(check.records).toBeGreaterThanOrEqual(9);
      // Orders of both CRMs count: nobody here has the same one in both.
      const { records, lists, listNames } = rig.state(system);
      const labels = Object.entries(records).filter(([key]) => key.toLowerCase().startsWith('contact'));
      const values = labels.map(([, { ...own }]) => Object.values(own).map(String));
      expect(values.filter((own) => own.includes('vip'))).toHaveLength(3);
      expect(values.filter((own) => own.includes('buyer'))).toHaveLength(3);
      expect(values.filter((own) => own.includes('prospect'))).toHaveLength(3);
      expect(values.filter((own) => own.includes('recent;repeat'))).toHaveLength(6);
      expect(
        Object.values(lists)
          .map((members) => members.length)
          .sort(),
      ).toEqual([3, 3, 3, 6, 6]);
      expect(new Set(listNames).size).toBe(listNames.length);
    }

    const before = writes();
    await rig.run();
    expect(writes()).toEqual(before);
  });

  it('makes one person of the same customer in both, who gets one label from all orders', async () => {
    rig = await openRig(database, {
      hubspot: hubspotShop([{ n: 1, orders: [[600, 30]] }]),
      salesforce: salesforceShop([{ n: 1, orders: [[600, 30]] }]),
    });
    for (const system of SYSTEMS) await rig.connect(system);
    await rig.publish(spend(), habits);
    await rig.release();
    await rig.run();
    const { rows } = await rig.pool.query(`select revenue_total::int from ${rig.tenant.schema}.person`);
    expect(rows).toEqual([{ revenue_total: 1200 }]);
    expect(spends(hubspotId(1))).toBe('vip');
    expect(Object.values(rig.state('salesforce').records)).toContainEqual(
      expect.objectContaining({ Segment_Sync_Spend__c: 'vip', Segment_Sync_Habits_Primary__c: 'repeat' }),
    );
    for (const system of SYSTEMS) expect(await rig.check(system)).toMatchObject({ mismatches: 0 });
  });

  it('never joins people of a test connection with those of production', async () => {
    const shop = [{ n: 1, orders: [[600, 30]] as [number, number][] }];
    rig = await openRig(database, { hubspot: hubspotShop(shop), salesforce: salesforceShop(shop) });
    await rig.connect('hubspot');
    await rig.connect('salesforce', 'test');
    await rig.publish(spend());
    await rig.release();
    await rig.run();
    const { rows } = await rig.pool.query(`select revenue_total::int from ${rig.tenant.schema}.person`);
    expect(rows).toEqual([{ revenue_total: 600 }, { revenue_total: 600 }]);
    expect(spends(hubspotId(1))).toBe('buyer');
    for (const system of SYSTEMS) expect(await rig.check(system)).toMatchObject({ mismatches: 0 });
  });

  it('touches no field that is not its own', async () => {
    const foreign = () =>
      rig.hubspot.admin
        .allRecords('contact')
        .map(({ properties }) =>
          Object.fromEntries(
            Object.entries(properties).filter(([name]) => !/^segment_sync_|lastmodified|updated/.test(name)),
          ),
        );
    rig = await openRig(database, { hubspot: hubspotShop(customers(6)) });
    const before = foreign();
    await rig.connect('hubspot');
    await rig.publish(spend(), habits);
    await rig.release();
    await rig.run();
    expect(rig.writes('hubspot')).toBeGreaterThan(0);
    expect(foreign()).toEqual(before);
  });
});

describe('a dry run', () => {
  it('works everything out and writes nothing, released or not', async () => {
    rig = await writtenRig(database, { people: customers(6) });
    orderInHubspot(rig.hubspot, hubspotId(3));
    const before = { writes: rig.writes('hubspot'), state: rig.state('hubspot') };
    const run = await rig.run({ options: { dryRun: true } });
    expect(run.counts.push?.would_write).toBe(1);
    expect({ writes: rig.writes('hubspot'), state: rig.state('hubspot') }).toEqual(before);
    await rig.run();
    expect(spends(hubspotId(3))).toBe('vip');
  });
});

describe('a record that changes while a long run is on', () => {
  it('reaches the CRM by a refresh before the long run ends', async () => {
    rig = await writtenRig(database, { people: customers(6) });
    const { run: long } = await requestRun(rig.pool, rig.tenant, { asOf: AS_OF, requestedBy: 'test' });
    let isSeen = false;
    await rig.finish(long.id, {
      onSlice: async (advanced) => {
        if (isSeen || advanced.state !== 'again' || advanced.run.stage !== 'profile') return;
        isSeen = true;
        // The long run has pulled already: only a webhook can tell it of this.
        orderInHubspot(rig.hubspot, hubspotId(3));
        const deal = rig.hubspot.admin.allRecords('deal').at(-1)?.id ?? '';
        await noteDirtyRecords(rig.pool, rig.tenant, {
          connectionId: rig.ids.hubspot,
          object: 'deal',
          ids: [deal],
        });
        await rig.run({ kind: 'refresh' });
        expect(spends(hubspotId(3))).toBe('vip');
        expect(rig.state('hubspot').lists['Spend: Big spenders (Segment Sync)']).toContain(hubspotId(3));
      },
    });
    expect(isSeen).toBe(true);
    expect(spends(hubspotId(3))).toBe('vip');
    expect(await rig.check('hubspot')).toMatchObject({ mismatches: 0 });
    const before = rig.writes('hubspot');
    await rig.run();
    expect(rig.writes('hubspot')).toBe(before);
  });
});

describe('consent', () => {
  it('takes all labels away from whoever objects to profiling, in every CRM', async () => {
    rig = await writtenRig(database, { people: customers(3), systems: SYSTEMS });
    rig.hubspot.admin.setProperties('contact', hubspotId(2), { do_not_profile: 'true' });
    await rig.run();
    expect(rig.state('hubspot').records[`contact ${hubspotId(2)}`]).toEqual({});
    const other = rig.salesforce.admin.find('Contact', 'Email', 'customer2@example.com')[0]?.Id;
    expect(rig.state('salesforce').records[`Contact ${other}`]).toEqual({});
    expect(rig.state('salesforce').lists['Spend: Big spenders (Segment Sync)']).toEqual([`${other} Left`]);
    expect(rig.state('hubspot').lists['Spend: Big spenders (Segment Sync)']).toEqual([]);
    for (const system of SYSTEMS) expect(await rig.check(system)).toMatchObject({ mismatches: 0 });
  });

  it('takes whoever opts out of e-mail off the marketing lists, and leaves the label', async () => {
    rig = await writtenRig(database, { people: customers(3), systems: SYSTEMS });
    const id = hubspotId(2);
    rig.hubspot.admin.setProperties('contact', id, { hs_email_optout: 'true' });
    await rig.run();
    expect(rig.state('hubspot').records[`contact ${id}`]).toEqual({
      segment_sync_spend: 'vip',
      segment_sync_habits: 'recent;repeat',
    });
    for (const members of Object.values(rig.state('hubspot').lists)) expect(members).not.toContain(id);
    expect(rig.state('salesforce').lists['Spend: Big spenders (Segment Sync)']).toEqual([
      expect.stringMatching(/ Left$/),
    ]);
    for (const system of SYSTEMS) expect(await rig.check(system)).toMatchObject({ mismatches: 0 });
  });
});
