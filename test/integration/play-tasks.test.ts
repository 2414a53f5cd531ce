import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { playTasks } from '../../jobs/play-tasks.ts';
import { changeTenant } from '../../src/pipeline/change-tenant.ts';
import { Experiment } from '../../src/review/experiment.ts';
import { addExperiment } from '../../src/store/experiments.ts';
import { clearOf, DAY_MS } from '../clear-of.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openRig, type Rig } from './rig.ts';
import {
  AS_OF,
  customers,
  hubspotId,
  hubspotShop,
  orderInHubspot,
  orderInSalesforce,
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

const care = spend({
  segments: [
    {
      key: 'vip',
      name: 'Big spenders',
      when: { attribute: 'revenue_total', atLeast: 1000 },
      play: { channel: 'phone', message: 'Say thank you', task: { subject: 'Thank them', dueIn: '3 days' } },
    },
    { key: 'buyer', name: 'Buyers', when: { attribute: 'deal_count', atLeast: 1 } },
    { key: 'prospect', name: 'Prospects', when: { attribute: 'deal_count', below: 1 } },
  ],
});
const OWNERS = [{ ref: '71', email: 'ada@example.com', name: 'Ada Rep' }];

/** Both CRMs with customers of their own, all labelled and written once. */
async function labelled(tasksPerOwnerAndWeek: number, people = customers(6)): Promise<void> {
  const seed = hubspotShop(people);
  const contacts = seed.contacts.map((row) => ({
    ...row,
    properties: { ...row.properties, hubspot_owner_id: '71' },
  }));
  rig = await openRig(database, {
    hubspot: { ...seed, contacts, owners: OWNERS },
    salesforce: salesforceShop(customers(3, 101)),
  });
  await rig.connect('hubspot');
  await rig.connect('salesforce');
  await rig.publish(care);
  rig.policy({ pilot: 'off', tasksPerOwnerAndWeek });
  await changeTenant(rig.pool, rig.tenant, { policy: rig.tenant.policy });
  await rig.release();
  await rig.run();
}

const make = (doing: Partial<Parameters<typeof playTasks>[1]> = {}) =>
  playTasks(
    { tenantId: rig.tenant.id },
    {
      pool: rig.pool,
      openConnections: rig.openConnections,
      signal: new AbortController().signal,
      log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      ...doing,
    },
  );
const hubspotTasks = () => rig.hubspot.admin.tasks();
const salesforceTasks = () => rig.salesforce.admin.allRecords('Task');

const buy = (n: number, amount = 2_000) => orderInHubspot(rig.hubspot, hubspotId(n), amount);

function buyInSalesforce(lastName: string): string {
  const [contact] = rig.salesforce.admin.find('Contact', 'LastName', lastName);
  const [owner] = rig.salesforce.admin.allRecords('User');
  if (contact === undefined || owner === undefined) throw new Error(`there is no ${lastName}`);
  rig.salesforce.admin.update(contact.Id, { OwnerId: owner.Id });
  orderInSalesforce(rig.salesforce, contact.Id);
  return contact.Id;
}

describe('a play with a task', () => {
  it('makes one in the CRM of each customer who enters, for the owner, and says why', async () => {
    await labelled(5);
    await make();
    // The first labelling is no news of anybody.
    expect([hubspotTasks(), salesforceTasks()]).toEqual([[], []]);

    buy(1);
    const contact = buyInSalesforce('Customer 102');
    await rig.run();
    // Two workers, and one of them again.
    await Promise.all([make(), make()]);
    await make();
    const [task, ...others] = hubspotTasks();
    expect(others).toEqual([]);
    expect(task).toMatchObject({
      to: [{ type: 'contact', id: rig.hubspot.admin.idOf('contact', hubspotId(1)) }],
      properties: { hs_task_subject: 'Thank them', hubspot_owner_id: '71', hs_task_status: 'NOT_STARTED' },
    });
    expect(task?.properties.hs_task_body).toMatch(
      /^phone: Say thank you<br>New in the segment Big spenders \(Spend\)\.<br>Why: Revenue is within the threshold\.<br>Made by Segment Sync, task [0-9a-f-]{36}\.$/,
    );
    const days = (Date.parse(task?.properties.hs_timestamp ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(3, 1);
    expect(salesforceTasks()).toEqual([
      expect.objectContaining({ Subject: 'Thank them', WhoId: contact, WhatId: null, Status: 'Not Started' }),
    ]);
    const owned = rig.salesforce.admin.record(contact);
    expect(salesforceTasks()[0]?.OwnerId).toBe(owned?.OwnerId);

    await rig.run();
    await make();
    expect(hubspotTasks()).toHaveLength(1);
  });

  it('makes none unless the company has set how many', async () => {
    await labelled(0);
    buy(1);
    await rig.run();
    await make();
    expect(hubspotTasks()).toEqual([]);
  });

  it('makes no more in a week than the company has set, for the most valuable customers', async () => {
    await labelled(2);
    for (const [n, amount] of [
      [1, 2_000],
      [3, 9_000],
      [4, 5_000],
      [6, 3_000],
    ] as const)
      buy(n, amount);
    await rig.run();
    await clearOf(DAY_MS, 60_000);
    await make();
    const about = () => hubspotTasks().flatMap(({ to }) => to.map(({ id }) => id));
    const known = [3, 4].map((n) => rig.hubspot.admin.idOf('contact', hubspotId(n)));
    expect(about().sort()).toEqual(known.sort());
    await rig.run();
    await make();
    expect(about()).toHaveLength(2);
  });

  it.each(['before it was sent', 'after it was sent'])(
    'is made once where the process dies %s',
    async (when) => {
      await labelled(5);
      buy(1);
      await rig.run();
      const dying: Rig['openConnections'] = (options) => {
        const opened = rig.openConnections(options);
        return {
          ...opened,
          open: async (id) => {
            const one = await opened.open(id);
            const { task } = one.connector;
            if (task === undefined) return one;
            const dies: typeof task = async (...given) => {
              if (when === 'after it was sent') await task(...given);
              throw new Error('the process dies');
            };
            return { ...one, connector: { ...one.connector, task: dies } };
          },
        };
      };
      await expect(make({ openConnections: dying })).rejects.toThrow('the process dies');
      expect(hubspotTasks()).toHaveLength(when === 'after it was sent' ? 1 : 0);
      await make();
      expect(hubspotTasks()).toHaveLength(1);
      const { rows } = await rig.pool.query(
        `select state, remote_id as "remoteId" from ${rig.tenant.schema}.play_task`,
      );
      expect(rows).toEqual([{ state: 'made', remoteId: hubspotTasks()[0]?.id }]);
    },
  );

  it('leaves out who must not be profiled, who is held out, and who is not written to', async () => {
    await labelled(5);
    buy(1);
    buy(3);
    await rig.run();
    const { schema } = rig.tenant;
    await rig.pool.query(
      `update ${schema}.person set no_profiling = true
       where id = (select person_id from ${schema}.contact_record where id = $1)`,
      [rig.hubspot.admin.idOf('contact', hubspotId(1))],
    );
    await make();
    expect(hubspotTasks().map(({ to }) => to[0]?.id)).toEqual([
      rig.hubspot.admin.idOf('contact', hubspotId(3)),
    ]);

    const experiment = Experiment.parse({
      key: 'thanks',
      segmentation: 'spend',
      segment: 'vip',
      share: 0.9999,
      base: 0.1,
      target: 0.2,
      horizonDays: 30,
    });
    await addExperiment(rig.pool, rig.tenant, experiment, { at: AS_OF, by: 'test' });
    buy(4);
    await rig.run();
    await make();
    expect(hubspotTasks()).toHaveLength(1);

    await rig.pool.query(`delete from ${schema}.experiment`);
    await rig.pool.query(`update ${schema}.target set state = 'paused'`);
    buy(6);
    await rig.run();
    await make();
    expect(hubspotTasks()).toHaveLength(1);
  });
});
