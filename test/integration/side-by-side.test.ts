import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionOpener } from '../../src/pipeline/run.ts';
import { noteDirtyRecords } from '../../src/store/dirty.ts';
import { getRun, type Run, requestRun } from '../../src/store/runs.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openRig, type Rig } from './rig.ts';
import { AS_OF, customers, hubspotId, hubspotShop, orderInHubspot, salesforceShop, spend } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

/** Both CRMs connected and everything released: the first run writes all labels. */
async function opened(count = 12): Promise<void> {
  const people = customers(count);
  rig = await openRig(database, { hubspot: hubspotShop(people), salesforce: salesforceShop(people) });
  await rig.connect('hubspot');
  await rig.connect('salesforce');
  await rig.publish(spend());
  rig.policy({ pilot: 'off' });
  await rig.release();
}

/** Writes to HubSpot that nobody answers until `answer` is called. */
function slowHubSpot() {
  const answered = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  const openConnections: ConnectionOpener = (scope) => {
    const opener = rig.openConnections(scope);
    return {
      ...opener,
      open: async (id) => {
        const connection = await opener.open(id);
        if (connection.system !== 'hubspot') return connection;
        const { connector } = connection;
        return {
          ...connection,
          connector: {
            ...connector,
            push: async (context, request) => {
              called.resolve();
              await answered.promise;
              return connector.push(context, request);
            },
          },
        };
      },
    };
  };
  const doing = { pool: rig.pool, openConnections, signal: new AbortController().signal, sliceMs: 200 };
  return { doing, called: called.promise, answer: () => answered.resolve() };
}

const newRun = (kind: 'full' | 'refresh' = 'full') =>
  requestRun(rig.pool, rig.tenant, { kind, asOf: AS_OF, requestedBy: 'test' });

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 1_500; looks += 1) {
    if (await isSo()) return;
    await sleep(20);
  }
  throw new Error(`never: ${what}`);
}

const isRight = async (system: 'hubspot' | 'salesforce') => (await rig.check(system)).mismatches === 0;
const inHubSpot = (n: number) => rig.state('hubspot').records[`contact ${hubspotId(n)}`]?.segment_sync_spend;
function inSalesforce(n: number): string {
  const id = rig.salesforce.admin.find('Contact', 'Email', `customer${n}@example.com`)[0]?.Id;
  return JSON.stringify(rig.state('salesforce').records[`Contact ${id}`]);
}

/** A deal in HubSpot that makes a big spender of a customer. */
const buy = (n: number) => orderInHubspot(rig.hubspot, hubspotId(n));

describe('a HubSpot that does not answer', () => {
  it('keeps Salesforce from nothing', async () => {
    await opened();
    const slow = slowHubSpot();
    const { run } = await newRun();
    const finished = rig.finish(run.id, {}, slow.doing);
    await slow.called;
    await until('all labels are in Salesforce', () => isRight('salesforce'));
    expect(inHubSpot(1)).toBeUndefined();
    slow.answer();
    expect((await finished).state).toBe('done');
    expect(await isRight('hubspot')).toBe(true);
  });

  it('does not keep what a webhook brought from Salesforce, while a long run awaits HubSpot', async () => {
    await opened(6);
    await rig.run();
    buy(3);
    const slow = slowHubSpot();
    const { run } = await newRun();
    const long = rig.finish(run.id, {}, slow.doing);
    await slow.called;
    const deal = buy(6);
    await noteDirtyRecords(rig.pool, rig.tenant, {
      connectionId: rig.ids.hubspot,
      object: 'deal',
      ids: [deal],
    });
    const { run: refresh } = await newRun('refresh');
    const quick = rig.finish(refresh.id, { hurry: false });
    await until('the label is in Salesforce', async () => inSalesforce(6).includes('vip'));
    expect((await getRun(rig.pool, rig.tenant, run.id)).endedAt).toBeNull();
    expect(inHubSpot(6)).toBe('prospect');
    slow.answer();
    expect((await Promise.all([long, quick])).map(({ state }) => state)).toEqual(['done', 'done']);
    expect(inHubSpot(6)).toBe('vip');
    for (const system of ['hubspot', 'salesforce'] as const) expect(await isRight(system)).toBe(true);
  });
});

describe('a HubSpot that refuses every write', () => {
  it.each([
    {
      name: 'as too many calls for an hour',
      fault: { kind: 'throttle', retryAfter: '3600' },
      state: 'waiting',
    },
    { name: 'for want of a right', fault: { kind: 'status', status: 403 }, state: 'failed' },
  ] as const)('$name keeps Salesforce from nothing, and the run says why', async ({ fault, state }) => {
    await opened();
    rig.faults('hubspot', { rules: [{ match: 'batch/update', times: 1_000, fault }] });
    const { run } = await newRun();
    const stop = new AbortController();
    let last: Run = run;
    await rig
      .finish(run.id, {
        mayFail: true,
        onSlice: async (advanced) => {
          last = advanced.run;
          // Salesforce is done with, and all that is left waits long.
          if (advanced.state === 'again' && advanced.waitMs > 1_000_000) stop.abort();
          stop.signal.throwIfAborted();
        },
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    expect(last).toMatchObject({ state, reason: { message: expect.stringContaining('HubSpot') } });
    expect(await isRight('salesforce')).toBe(true);
    expect(inHubSpot(1)).toBeUndefined();

    rig.faults('hubspot', {});
    if (last.endedAt) await rig.run();
    else {
      await rig.pool.query(`update ${rig.tenant.schema}.run set not_before = null where id = $1`, [run.id]);
      await rig.finish(run.id);
    }
    for (const system of ['hubspot', 'salesforce'] as const) expect(await isRight(system)).toBe(true);
    expect(rig.hubspot.journal.totals().rulesBroken).toBe(0);
  });
});
