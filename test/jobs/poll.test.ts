import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOOK_CALLS } from '../../connectors/salesforce/look.ts';
import { setCallsADay } from '../../jobs/budgets.ts';
import { minutesBetweenLooks } from '../../jobs/look-rhythm.ts';
import { rebuildQueue } from '../../jobs/schedules.ts';
import { poll } from '../../jobs/webhook-poll.ts';
import { type RunningWorker, startWorker } from '../../jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { listRuns } from '../../src/store/runs.ts';
import { putSchedule } from '../../src/store/schedules.ts';
import { clearOf } from '../clear-of.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, orderInSalesforce } from '../integration/shop.ts';
import { eventually, openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
let rig: Rig;
let worker: RunningWorker;
const log = createLog({ level: process.env.TEST_LOG ?? 'silent' });

beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
  rig = await writtenRig(database, { people: customers(6), systems: ['salesforce'] });
  await rig.pool.query(`update app.tenant set policy = '{"pilot": "off"}' where id = $1`, [rig.tenant.id]);
  const { pool, openConnections } = rig;
  worker = await startWorker({ pool, backend, openConnections, concurrency: 2, log });
});
afterAll(async () => {
  await worker?.close();
  await rig?.stop();
  await backend?.close();
  await database?.close();
});

const context = () => ({
  pool: rig.pool,
  queue: backend.queue,
  openConnections: rig.openConnections,
  signal: new AbortController().signal,
  log,
});
const idOf = (n: number) => rig.salesforce.admin.find('Contact', 'LastName', `Customer ${n}`)[0]?.Id ?? '';
const label = (n: number) => rig.state('salesforce').records[`Contact ${idOf(n)}`]?.Segment_Sync_Spend__c;
const ended = () =>
  eventually('the refresh ends', async () => {
    const [run] = await listRuns(rig.pool, rig.tenant, 1);
    return run?.kind === 'refresh' && run.endedAt ? run : null;
  });

const buys = (n: number, amount: number) => orderInSalesforce(rig.salesforce, idOf(n), amount);
const look = async () => {
  const before = rig.salesforce.journal.totals();
  await poll({ tenantId: rig.tenant.id }, context());
  const { calls, writes } = rig.salesforce.journal.totals();
  return { calls: calls - before.calls, writes: writes - before.writes };
};
/** The worker looks by itself as each minute begins, and would be counted too. */
const lookAlone = async () => {
  await clearOf(60_000, 5_000);
  return look();
};
const runCount = async () => (await listRuns(rig.pool, rig.tenant, 99)).length;
/** Our own writes are changes, too: looks until nothing is new. */
const calm = () =>
  eventually('nothing new', async () => {
    await ended();
    const before = await runCount();
    await look();
    return (await runCount()) === before;
  });

describe('a CRM that does not tell what happens', () => {
  it('is asked, and a new order reaches its label without a full run', async () => {
    expect(label(3)).toBe('prospect');
    buys(3, 5_000);
    await poll({ tenantId: rig.tenant.id }, context());
    await eventually('the label', () => label(3) === 'vip');
    expect(await ended()).toMatchObject({ kind: 'refresh', state: 'done', requestedBy: 'poll' });
  });

  it('takes one call an object where nothing changed, and starts nothing', async () => {
    await calm();
    const before = await runCount();
    expect(await lookAlone()).toEqual({ calls: LOOK_CALLS, writes: 0 });
    expect(await runCount()).toBe(before);
  });

  it.each([
    ['a deal and its role', () => buys(4, 5_000), 4, 'vip'],
    [
      'a role alone',
      () => {
        const [role] = rig.salesforce.admin.find('OpportunityContactRole', 'ContactId', idOf(4));
        rig.salesforce.admin.update(role?.Id ?? '', { ContactId: idOf(5) });
      },
      5,
      'vip',
    ],
  ])('is read again for what changed alone: %s', async (_name, change, n, expected) => {
    await calm();
    await clearOf(60_000, 5_000);
    change();
    const { calls } = await look();
    expect(calls).toBe(LOOK_CALLS);
    await eventually('the label', () => label(n) === expected);
    const run = await ended();
    expect(run).toMatchObject({ requestedBy: 'poll' });
  });

  it('is asked for all changes where there are more than a look can tell', async () => {
    await calm();
    for (let n = 0; n < 501; n++)
      rig.salesforce.admin.create('Contact', { LastName: `New ${n}`, Email: `new${n}@example.com` });
    await look();
    const [run] = await listRuns(rig.pool, rig.tenant, 1);
    expect(run?.options).toMatchObject({ poll: true });
    await calm();
    const { rows } = await rig.pool.query<{ count: number }>(
      `select count(*)::int as count from ${rig.tenant.schema}.contact_record where state = 'live'`,
    );
    expect(rows[0]?.count).toBe(6 + 501);
    expect(await lookAlone()).toEqual({ calls: LOOK_CALLS, writes: 0 });
  });

  it('is asked as often as its calls of a day allow, unless the tenant has a rhythm of its own', async () => {
    const polls = async () =>
      (await backend.queue.getJobSchedulers(0, -1))
        .filter(({ name }) => name === 'poll')
        .map(({ key, every }) => [key, Number(every) / 60_000]);
    await setCallsADay(rig.pool, rig.ids.salesforce, 3_000);
    await rebuildQueue({ pool: rig.pool, queue: backend.queue, log });
    expect(await polls()).toEqual([[`${rig.tenant.id}--poll`, 6]]);
    await putSchedule(rig.pool, rig.tenant, {
      id: 'often',
      job: 'poll',
      timing: { everyMinutes: 1 },
      paused: false,
    });
    await rebuildQueue({ pool: rig.pool, queue: backend.queue, log });
    expect(await polls()).toEqual([[`${rig.tenant.id}-often`, 1]]);
  });
});

describe('the minutes between two looks', () => {
  it.each([
    ['the smallest org', 3_000, 6],
    ['an org of 100,000 calls a day', 20_000, 1],
    ['one that allows next to nothing', 100, 10],
    ['one that allows nothing', 0, 10],
  ])('of %s: %i calls of ours a day, every %i', (_name, aDay, minutes) => {
    expect(minutesBetweenLooks(LOOK_CALLS, aDay)).toBe(minutes);
  });

  it('never take more than their share, but for the slowest rhythm', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1_000_000 }), (calls, aDay) => {
        const minutes = minutesBetweenLooks(calls, aDay);
        expect(minutes).toBeGreaterThanOrEqual(1);
        expect(minutes).toBeLessThanOrEqual(10);
        if (minutes < 10) expect((1_440 / minutes) * calls).toBeLessThanOrEqual(aDay * 0.4 + 1e-6);
      }),
    );
  });
});
