import { afterAll, beforeAll, expect, it } from 'vitest';
import { setCallsADay } from '../../jobs/budgets.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openRig, type Rig } from './rig.ts';
import { customers, hubspotShop, spend } from './shop.ts';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = await openRig(database, { hubspot: hubspotShop(customers(12)), isPaced: true });
  await rig.connect('hubspot');
  await rig.publish(spend());
  rig.policy({ pilot: 'off' });
  await rig.release();
});
afterAll(async () => {
  await rig?.stop();
  await database?.close();
});

it('a company’s own limit of calls a day holds a run until there is room again', async () => {
  await setCallsADay(rig.pool, rig.ids.hubspot, 4);
  const before = rig.hubspot.journal.totals().calls;
  const reasons = new Set<string>();
  await rig.run({
    options: { dryRun: true },
    onSlice: async ({ run }) => {
      if (run.reason?.code !== 'budget_spent') return;
      reasons.add(run.reason.message);
      expect(run.state).toBe('waiting');
      expect(rig.hubspot.journal.totals().calls - before).toBeLessThanOrEqual(4);
      await setCallsADay(rig.pool, rig.ids.hubspot, null);
    },
  });
  expect([...reasons]).toEqual(['The budget "your calls a day" is spent for now.']);
});

/** The whole day: they begin again the moment that they end. */
const ALL_DAY = { from: '00:00', to: '00:00' };

it('in quiet hours everything is worked out and nothing is written, until they end', async () => {
  rig.policy({ quietHours: ALL_DAY });
  let waited = 0;
  await rig.run({
    onSlice: ({ run }) => {
      if (run.reason?.code !== 'quiet_hours') return;
      waited += 1;
      expect(run).toMatchObject({ state: 'waiting', stage: 'push' });
      expect(run.notBefore).not.toBeNull();
      expect(rig.writes('hubspot')).toBe(0);
      rig.policy({ quietHours: null });
    },
  });
  expect(waited).toBe(1);
  expect(rig.writes('hubspot')).toBeGreaterThan(0);
});

it('who asks for it has a run write in quiet hours too', async () => {
  rig.policy({ quietHours: ALL_DAY });
  const seen: (string | undefined)[] = [];
  await rig.run({
    options: { writeInQuietHours: true },
    onSlice: ({ run }) => void seen.push(run.reason?.code),
  });
  expect(seen).not.toContain('quiet_hours');
});
