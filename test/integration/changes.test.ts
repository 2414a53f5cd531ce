import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { acceptFall, listFalls } from '../../src/pipeline/pull/falls.ts';
import { listMappings } from '../../src/store/mappings.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from './rig.ts';
import {
  AS_OF,
  type Customer,
  customers,
  hubspotId,
  orderInHubspot,
  orderInSalesforce,
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
const hubspotSpend = (n: number) =>
  rig.state('hubspot').records[`contact ${hubspotId(n)}`]?.segment_sync_spend;
const contactOf = (n: number) =>
  rig.salesforce.admin.find('Contact', 'LastName', `Customer ${n}`)[0]?.Id ?? '';
const salesforceSpend = (n: number) =>
  rig.state('salesforce').records[`Contact ${contactOf(n)}`]?.Segment_Sync_Spend__c;
const vips = (system: 'hubspot' | 'salesforce') =>
  rig.state(system).lists['Spend: Big spenders (Segment Sync)'];

async function expectRight(): Promise<void> {
  for (const system of SYSTEMS) {
    if (rig.ids[system] !== '')
      expect(await rig.check(system), system).toMatchObject({ mismatches: 0, samples: [] });
  }
}

/** Nothing is left to write. */
async function expectSettled(): Promise<void> {
  const before = SYSTEMS.map((system) => rig.writes(system));
  await rig.run();
  expect(SYSTEMS.map((system) => rig.writes(system))).toEqual(before);
}

/** Customers of one CRM each: 1 to 9 in HubSpot; the same in Salesforce under other addresses. */
const apart = customers(9);

describe('what people do in HubSpot', () => {
  it('new orders, a merge, a delete and a restore reach the labels', async () => {
    rig = await writtenRig(database, { people: apart });
    const { admin } = rig.hubspot;
    orderInHubspot(rig.hubspot, hubspotId(3));
    // 1 bought for 100, 4 too; together they are still a buyer. 6 has nothing.
    const merged = admin.merge('contact', hubspotId(1), hubspotId(2));
    admin.archive('contact', hubspotId(5));
    await rig.run();
    expect(hubspotSpend(3)).toBe('vip');
    expect(rig.state('hubspot').records[`contact ${merged}`]?.segment_sync_spend).toBe('vip');
    expect(vips('hubspot')).toEqual([hubspotId(3), hubspotId(8), merged].sort());
    await expectRight();
    await expectSettled();

    admin.restore('contact', hubspotId(5));
    await rig.run();
    expect(hubspotSpend(5)).toBe('vip');
    expect(vips('hubspot')).toContain(hubspotId(5));
    await expectRight();
    await expectSettled();
  });

  it('an order that moves to somebody else moves the label, although no record changed', async () => {
    rig = await writtenRig(database, { people: apart });
    const { admin } = rig.hubspot;
    const [deal = ''] = admin.record('contact', hubspotId(2))?.deals ?? [];
    admin.dissociate('deal', deal, 'contact', hubspotId(2));
    admin.associate('deal', deal, 'contact', hubspotId(3));
    await rig.run({ options: { full: true } });
    expect([hubspotSpend(2), hubspotSpend(3)]).toEqual(['buyer', 'buyer']);
    await expectRight();
  });
});

describe('what people do in Salesforce', () => {
  it('new opportunities, a merge, a delete and an undelete reach the labels', async () => {
    rig = await writtenRig(database, { people: apart, systems: ['salesforce'] });
    const { admin } = rig.salesforce;
    const [one, two, three, five] = [1, 2, 3, 5].map(contactOf);
    if (!one || !two || !three || !five) throw new Error('no contacts');
    orderInSalesforce(rig.salesforce, three);
    admin.merge(one, [two]);
    admin.delete(five);
    await rig.run();
    expect(salesforceSpend(3)).toBe('vip');
    expect(salesforceSpend(1)).toBe('vip');
    await expectRight();
    await expectSettled();

    admin.undelete(five);
    await rig.run();
    expect(salesforceSpend(5)).toBe('vip');
    await expectRight();
    await expectSettled();
  });
});

describe('a label set by hand', () => {
  it('stays as a pin in both CRMs, also where there was no label before', async () => {
    const people: Customer[] = [...customers(6), { n: 7 }];
    const bought = spend({ segments: spend().segments.slice(0, 2) });
    rig = await writtenRig(database, { people, systems: SYSTEMS, definitions: [bought] });
    expect(hubspotSpend(7)).toBeUndefined();
    rig.hubspot.admin.setProperties('contact', hubspotId(7), { segment_sync_spend: 'vip' });
    rig.salesforce.admin.update(contactOf(5), { Segment_Sync_Spend__c: 'buyer' });
    const run = await rig.run();
    expect(run.counts.push).toMatchObject({ pinned: 2 });
    expect([hubspotSpend(7), salesforceSpend(5)]).toEqual(['vip', 'buyer']);
    await expectRight();
    await expectSettled();
  });

  it('is written over where the policy says so', async () => {
    rig = await writtenRig(database, { people: apart });
    rig.policy({ handEdits: 'overwrite' });
    rig.hubspot.admin.setProperties('contact', hubspotId(3), { segment_sync_spend: 'vip' });
    await rig.run();
    expect(hubspotSpend(3)).toBe('prospect');
    await expectRight();
    await expectSettled();
  });
});

describe('what is missing in the CRM', () => {
  it('a property that a segment needs was deleted: labels stay, and it says which', async () => {
    rig = await writtenRig(database, { people: apart });
    const stage = { object: 'deal' as const, attribute: 'amount' };
    const before = rig.state('hubspot');
    rig.hubspot.admin.deleteProperty('deal', 'amount');
    await rig.run();
    expect(rig.state('hubspot')).toEqual(before);
    const lost = (await listMappings(rig.pool, rig.tenant, { connectionId: rig.ids.hubspot })).filter(
      ({ problem }) => problem !== null,
    );
    expect(lost).toEqual([expect.objectContaining(stage)]);
  });

  it('our own property was deleted: it is made and filled again', async () => {
    rig = await writtenRig(database, { people: apart });
    const before = rig.state('hubspot');
    rig.hubspot.admin.deleteProperty('contact', 'segment_sync_spend');
    await rig.run();
    expect(rig.state('hubspot')).toEqual(before);
    await expectRight();
  });

  it('our own property was deleted with what people had set there: all of it is filled again', async () => {
    rig = await writtenRig(database, { people: apart });
    const before = rig.state('hubspot');
    rig.hubspot.admin.setProperties('contact', hubspotId(3), { segment_sync_spend: 'vip' });
    expect((await rig.run()).counts.push).toMatchObject({ pinned: 1 });
    rig.hubspot.admin.deleteProperty('contact', 'segment_sync_spend');
    await rig.run();
    expect(rig.state('hubspot')).toEqual(before);
    await expectRight();
    await expectSettled();
  });

  it('our own field was deleted on contacts alone: it is made and filled again there', async () => {
    rig = await writtenRig(database, { people: apart, systems: ['salesforce'] });
    const before = rig.state('salesforce');
    rig.salesforce.admin.deleteField('Contact.Segment_Sync_Spend__c');
    expect(rig.state('salesforce')).not.toEqual(before);
    await rig.run();
    expect(rig.state('salesforce')).toEqual(before);
    await expectRight();
    await expectSettled();
  });

  it('a list or campaign of ours was deleted: it is made and filled again', async () => {
    rig = await writtenRig(database, { people: apart, systems: SYSTEMS });
    const before = SYSTEMS.map((system) =>
      Object.values(rig.state(system).lists).map(({ length }) => length),
    );
    const isVips = ({ name }: { name: string }) => name.startsWith('Spend: Big spenders');
    rig.hubspot.admin.deleteList(rig.hubspot.admin.lists().find(isVips)?.listId ?? '');
    rig.salesforce.admin.delete(rig.salesforce.admin.campaigns().find(isVips)?.id ?? '');
    expect(vips('hubspot')).toBeUndefined();
    expect(vips('salesforce')).toBeUndefined();
    await rig.run();
    expect(vips('hubspot')).toHaveLength(3);
    expect(vips('salesforce')).toHaveLength(3);
    expect(
      SYSTEMS.map((system) =>
        Object.values(rig.state(system).lists)
          .map(({ length }) => length)
          .sort(),
      ),
    ).toEqual(before.map((sizes) => sizes.sort()));
    await expectRight();
  });
});

describe('a new installation', () => {
  it('takes over the labels and lists that the last one left, with who is in them, and writes nothing', async () => {
    rig = await writtenRig(database, { people: apart, systems: SYSTEMS });
    const { schema } = rig.tenant;
    await rig.pool.query(`update ${schema}.target set remote = null`);
    await rig.pool.query(`delete from ${schema}.ledger`);
    const before = SYSTEMS.map((system) => rig.state(system));
    await expectSettled();
    expect(SYSTEMS.map((system) => rig.state(system))).toEqual(before);
    rig.hubspot.admin.archive('contact', hubspotId(2));
    await rig.run();
    expect(vips('hubspot')).toEqual([5, 8].map(hubspotId));
    await expectRight();
  });
});

describe('many records that go at once', () => {
  it('keep their labels until somebody says that it is right', async () => {
    rig = await writtenRig(database, { people: customers(60) });
    const { admin } = rig.hubspot;
    for (let n = 1; n <= 55; n += 1) admin.archive('contact', hubspotId(n));
    const before = rig.writes('hubspot');
    await rig.run();
    expect(rig.writes('hubspot')).toBe(before);
    const falls = await listFalls(rig.pool, rig.tenant);
    expect(falls).toEqual([expect.objectContaining({ object: 'contact', missing: 55 })]);
    const live = `select count(*)::int as n from ${rig.tenant.schema}.person`;
    expect((await rig.pool.query(live)).rows).toEqual([{ n: 60 }]);

    for (const fall of falls) await acceptFall(rig.pool, rig.tenant, fall);
    await rig.run();
    expect((await rig.pool.query(live)).rows).toEqual([{ n: 5 }]);
    await expectRight();
  });
});

describe('undo', () => {
  it('restores what was there, and stays undone through two further runs', async () => {
    rig = await writtenRig(database, { people: apart, systems: SYSTEMS });
    const empty = (system: 'hubspot' | 'salesforce') =>
      Object.values(rig.state(system).records).every((values) => Object.keys(values).length === 0);
    const { rows } = await rig.pool.query<{ id: string }>(
      `select max(id)::text as id from ${rig.tenant.schema}.run`,
    );
    await rig.undo({ runId: rows[0]?.id ?? '' });
    for (const system of SYSTEMS) expect(empty(system)).toBe(true);
    expect(vips('hubspot')).toEqual([]);
    const before = SYSTEMS.map((system) => rig.writes(system));
    await rig.run();
    await rig.run({ asOf: new Date(AS_OF.getTime() + 86_400_000) });
    expect(SYSTEMS.map((system) => rig.writes(system))).toEqual(before);
    for (const system of SYSTEMS) expect(empty(system)).toBe(true);
  });
});

describe('holds', () => {
  it('the first 50 are written and wait for a look, then the rest follows', async () => {
    rig = await writtenRig(database, { people: customers(70), definitions: [] });
    rig.policy({ pilot: 'wait' });
    await rig.publish(spend({ targets: { hubspot: {} } }));
    await rig.release();
    await rig.run();
    const labelled = () =>
      Object.values(rig.state('hubspot').records).filter((own) => 'segment_sync_spend' in own).length;
    expect(labelled()).toBe(50);
    await rig.run();
    expect(labelled()).toBe(50);
    await rig.release();
    await rig.run();
    expect(labelled()).toBe(70);
    await expectRight();
  });

  it('a change of over 30 % of the labels waits, and goes through when released', async () => {
    rig = await writtenRig(database, {
      people: customers(12),
      definitions: [spend({ targets: { hubspot: {} } })],
    });
    rig.policy({ brakes: { ...rig.tenant.policy.brakes, labelLeast: 5 } });
    for (let n = 1; n <= 12; n += 1) {
      orderInHubspot(rig.hubspot, hubspotId(n));
    }
    const before = rig.state('hubspot');
    await rig.run();
    expect(rig.state('hubspot')).toEqual(before);
    const held = (await rig.targets('hubspot')).filter(({ state }) => state === 'held');
    expect(held.map(({ reason }) => reason?.code)).toEqual(['many_changes']);
    await rig.release();
    await rig.run();
    expect([1, 3, 6].map(hubspotSpend)).toEqual(['vip', 'vip', 'vip']);
    await expectRight();
  });

  it('`stay` keeps a label for its days, and no longer', async () => {
    const segments = [
      {
        key: 'fresh',
        name: 'Fresh',
        stay: '14 days',
        when: { attribute: 'last_order_at', inLast: '30 days' },
      },
      { key: 'other', name: 'Other', when: { attribute: 'deal_count', atLeast: 0 } },
    ];
    rig = await writtenRig(database, {
      people: [{ n: 1, orders: [[100, 29]] }],
      definitions: [spend({ segments })],
    });
    const later = async (days: number) => {
      await rig.run({ asOf: new Date(AS_OF.getTime() + days * 86_400_000) });
      return hubspotSpend(1);
    };
    expect(hubspotSpend(1)).toBe('fresh');
    expect(await later(5)).toBe('fresh');
    expect(await later(15)).toBe('other');
  });
});
