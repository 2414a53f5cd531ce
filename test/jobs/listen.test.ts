import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningWorker, startWorker } from '../../jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { releaseLease, takeLease } from '../../src/store/lease.ts';
import { listRuns } from '../../src/store/runs.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, daysAgo } from '../integration/shop.ts';
import { eventually, openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
let rig: Rig;
let worker: RunningWorker | undefined;
const log = createLog({ level: process.env.TEST_LOG ?? 'silent' });
const OBJECTS = ['Contact', 'Account', 'Lead', 'Opportunity'];

beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
  rig = await writtenRig(database, { people: customers(6), systems: ['salesforce'] });
  await rig.pool.query(`update app.tenant set policy = '{"pilot": "off"}' where id = $1`, [rig.tenant.id]);
  rig.salesforce.admin.selectChanges(OBJECTS);
});
afterAll(async () => {
  await worker?.close();
  await rig?.stop();
  await backend?.close();
  await database?.close();
});

const start = async () => {
  const { pool, openConnections } = rig;
  const times = { lookMs: 100, leaseMs: 900 };
  worker = await startWorker({ pool, backend, openConnections, concurrency: 2, log, times });
};
const stop = async () => {
  await worker?.close();
  worker = undefined;
};
const idOf = (n: number) => rig.salesforce.admin.find('Contact', 'LastName', `Customer ${n}`)[0]?.Id ?? '';
const label = (n: number) => rig.state('salesforce').records[`Contact ${idOf(n)}`]?.Segment_Sync_Spend__c;
const buy = (n: number, amount: number) => {
  const { admin } = rig.salesforce;
  const deal = admin.create('Opportunity', {
    Name: 'Another order',
    StageName: 'Prospecting',
    CloseDate: daysAgo(2).slice(0, 10),
    Amount: amount,
  });
  admin.create('OpportunityContactRole', { OpportunityId: deal, ContactId: idOf(n), IsPrimary: true });
  admin.update(deal, { StageName: 'Closed Won' });
  return deal;
};
const runs = () => listRuns(rig.pool, rig.tenant, 50);
const calm = () => eventually('calm', async () => (await runs()).every(({ endedAt }) => endedAt));
const connects = () => rig.salesforce.journal.totals().endpoints.cometd ?? 0;
const position = async () => {
  const { rows } = await rig.pool.query<{ value: Record<string, number> }>(
    `select value from ${rig.tenant.schema}.cursor where purpose = 'heard'`,
  );
  return rows[0]?.value ?? null;
};
const isListening = () => eventually('it listens', async () => (await position()) !== null);
/** Events in all have been taken down up to the last one of this channel. */
const heardSince = (before: unknown) =>
  eventually('the event', async () => JSON.stringify(await position()) !== JSON.stringify(before));

describe('an org that tells of changes', () => {
  it('has the label of a new order as soon as it tells of it', async () => {
    await start();
    await isListening();
    expect(label(3)).toBe('prospect');
    buy(3, 5_000);
    await eventually('the label', () => label(3) === 'vip');
    await calm();
    // Told, not found by a poll.
    expect((await runs())[0]).toMatchObject({ kind: 'refresh', requestedBy: 'webhook', state: 'done' });
  });

  it('is not asked because of what we wrote ourselves, but where somebody else writes', async () => {
    await calm();
    const install = rig.salesforce.admin.issueInstall();
    const write = async (value: string, client: string) => {
      const at = await position();
      const path = `/services/data/v66.0/sobjects/Contact/${idOf(5)}`;
      const answer = await fetch(rig.salesforce.url + path, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${install.accessToken}`,
          'content-type': 'application/json',
          'sforce-auto-assign': 'FALSE',
          'sforce-call-options': `client=${client}`,
        },
        body: JSON.stringify({ Segment_Sync_Spend__c: value }),
      });
      expect(answer.status).toBe(204);
      await heardSince(at);
    };
    const was = String(label(5));
    const before = (await runs()).length;
    await write('prospect', 'SegmentSync');
    // Bulk jobs carry no name: a value that we know to be ours is no news either.
    await write(was, 'Loader');
    expect((await runs()).length).toBe(before);
    await write('buyer', 'Loader');
    await eventually('a refresh', async () => (await runs()).length > before);
    await calm();
  });

  it('is listened to with a new token when the old one ends, and again when it forgets us', async () => {
    rig.salesforce.admin.expireAccessTokens();
    rig.salesforce.admin.forgetClients();
    const at = await position();
    rig.salesforce.admin.update(idOf(4), { FirstName: 'Other' });
    await heardSince(at);
    await calm();
  });

  it('is asked for changes where it says that some were missed', async () => {
    await calm();
    rig.salesforce.admin.sendGap('Contact', ['000000000000000AAA']);
    await eventually('a poll', async () => (await runs())[0]?.requestedBy === 'poll');
    await calm();
  });

  // The org answers after 110 s where nothing happens: whoever waits for it is ended by the limit.
  it('is left at once when the worker stops', { timeout: 60_000 }, async () => {
    const calls = connects();
    rig.salesforce.admin.update(idOf(4), { FirstName: 'Another' });
    await eventually('it asks what comes next', () => connects() > calls);
    await calm();
    await stop();
  });

  it('loses nothing while nobody listens, and another worker takes over from one that died', async () => {
    const name = `listen ${rig.ids.salesforce}`;
    const dead = await takeLease(rig.pool, rig.tenant, { name, holder: 'dead', lengthMs: 600_000 });
    expect(dead).not.toBeNull();
    buy(6, 5_000);
    const calls = connects();
    await start();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(connects()).toBe(calls);
    await rig.pool.query(`update ${rig.tenant.schema}.lease set expires_at = '-infinity' where name = $1`, [
      name,
    ]);
    await eventually('the label', () => label(6) === 'vip');
    await calm();
    if (dead) await releaseLease(rig.pool, rig.tenant, dead);
  });

  it('is asked where the events since were thrown away', async () => {
    await stop();
    rig.salesforce.admin.forgetEvents();
    const before = (await runs()).length;
    await start();
    await eventually('a poll', async () => {
      const all = await runs();
      return all.slice(0, all.length - before).some(({ requestedBy }) => requestedBy === 'poll');
    });
    await calm();
  });
});

describe('an org that tells of nothing', () => {
  it('is left to the poll, and asked again only later', async () => {
    await stop();
    rig.salesforce.admin.selectChanges([]);
    const before = connects();
    await start();
    await eventually('a refusal', () => connects() > before);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(connects() - before).toBeLessThanOrEqual(2);
  });
});
