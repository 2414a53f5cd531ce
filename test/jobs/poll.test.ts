import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rebuildQueue } from '../../jobs/schedules.ts';
import { poll } from '../../jobs/webhook-poll.ts';
import { type RunningWorker, startWorker } from '../../jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { listRuns } from '../../src/store/runs.ts';
import { putSchedule } from '../../src/store/schedules.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, daysAgo } from '../integration/shop.ts';
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
}, 120_000);
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
  eventually(
    'the refresh ends',
    async () => {
      const [run] = await listRuns(rig.pool, rig.tenant, 1);
      return run?.kind === 'refresh' && run.endedAt ? run : null;
    },
    30_000,
  );

describe('a CRM that does not tell what happens', () => {
  it('is asked, and a new order reaches its label without a full run', async () => {
    expect(label(3)).toBe('prospect');
    const { admin } = rig.salesforce;
    const deal = admin.create('Opportunity', {
      Name: 'Another order',
      StageName: 'Closed Won',
      CloseDate: daysAgo(2).slice(0, 10),
      Amount: 5_000,
    });
    admin.create('OpportunityContactRole', { OpportunityId: deal, ContactId: idOf(3), IsPrimary: true });
    await poll({ tenantId: rig.tenant.id }, context());
    await eventually('the label', () => label(3) === 'vip', 30_000);
    expect(await ended()).toMatchObject({ kind: 'refresh', state: 'done', requestedBy: 'poll' });
  }, 60_000);

  it('writes nothing where nothing changed, and takes few calls', async () => {
    await poll({ tenantId: rig.tenant.id }, context());
    await ended();
    const before = rig.salesforce.journal.totals();
    await poll({ tenantId: rig.tenant.id }, context());
    await eventually('a third', async () => (await listRuns(rig.pool, rig.tenant, 9)).length >= 4);
    await ended();
    const after = rig.salesforce.journal.totals();
    expect(after.writes - before.writes).toBe(0);
    expect(after.calls - before.calls).toBeLessThanOrEqual(16);
  }, 60_000);

  it('is asked every ten minutes, unless the tenant has a rhythm of its own', async () => {
    const polls = async () =>
      (await backend.queue.getJobSchedulers(0, -1))
        .filter(({ name }) => name === 'poll')
        .map(({ key, every }) => [key, Number(every) / 60_000]);
    await rebuildQueue(rig.pool, backend.queue);
    expect(await polls()).toEqual([[`${rig.tenant.id}--poll`, 10]]);
    await putSchedule(rig.pool, rig.tenant, {
      id: 'often',
      job: 'poll',
      timing: { everyMinutes: 1 },
      paused: false,
    });
    await rebuildQueue(rig.pool, backend.queue);
    expect(await polls()).toEqual([[`${rig.tenant.id}-often`, 1]]);
  });
});
