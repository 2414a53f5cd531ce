import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requestRun } from '../../src/store/runs.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import type { CrmState } from './crm-state.ts';
import { Fuse } from './fuse.ts';
import { openRig, type Rig } from './rig.ts';
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

/** Kills tried beside the fixed ones; CRASH_ALL=1 tries every point. */
const SECONDS = 4;
const SEED = Number(process.env.CRASH_SEED ?? 1);

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const SYSTEMS = ['hubspot', 'salesforce'] as const;
type System = (typeof SYSTEMS)[number];

/** Connected, published and released; nothing is pulled yet. */
async function first(system: System): Promise<Rig> {
  const people = customers(4);
  const rig = await openRig(
    database,
    system === 'hubspot' ? { hubspot: hubspotShop(people) } : { salesforce: salesforceShop(people) },
  );
  await rig.connect(system);
  await rig.publish(spend(), habits);
  rig.policy({ pilotSize: 2 });
  await rig.release();
  return rig;
}

/** A run later, with changes of every sort in the CRM. */
async function later(): Promise<Rig> {
  const rig = await first('hubspot');
  await rig.run();
  const { admin } = rig.hubspot;
  orderInHubspot(rig.hubspot, hubspotId(3));
  admin.merge('contact', hubspotId(1), hubspotId(2), { keepId: true });
  admin.setProperties('contact', hubspotId(4), { segment_sync_spend: 'vip' });
  return rig;
}

/** Runs once, killed at a point and started over; says how the CRM ends and how many points there were. */
async function runKilledAt(
  rig: Rig,
  system: System,
  at?: number,
): Promise<{ state: CrmState; points: number }> {
  const { run } = await requestRun(rig.pool, rig.tenant, { asOf: AS_OF, requestedBy: 'test' });
  const fuse = new Fuse(at);
  const finished = rig
    .finish(
      run.id,
      {},
      {
        pool: fuse.pool(rig.pool),
        openConnections: fuse.connections(rig.openConnections),
        signal: new AbortController().signal,
      },
    )
    .then(() => 'done' as const);
  if ((await Promise.race([finished, fuse.died])) === 'died') {
    await fuse.bury();
    // Its leases run out: thirty seconds of nobody's work.
    await rig.pool.query(`update ${rig.tenant.schema}.lease set expires_at = '-infinity'`);
    await rig.finish(run.id);
  }
  expect(await rig.check(system), `killed at ${at}`).toMatchObject({ mismatches: 0, samples: [] });
  const totals = rig[system].journal.totals();
  expect(totals.rulesBroken, `killed at ${at}: ${JSON.stringify(totals.broken)}`).toBe(0);
  return { state: rig.state(system), points: fuse.count };
}

/** Points to die at, in an order that tells most first: spread out, then by chance; all of them if asked. */
function* pointsOf(count: number): Generator<number> {
  if (process.env.CRASH_ALL) {
    for (let at = 1; at <= count; at += 1) yield at;
    return;
  }
  const random = xoroshiro128plus(SEED);
  for (;;) yield uniformInt(random, 1, count);
}

const cases: { name: string; system: System; open: () => Promise<Rig> }[] = [
  { name: 'the first run in HubSpot', system: 'hubspot', open: () => first('hubspot') },
  { name: 'a later run in HubSpot', system: 'hubspot', open: later },
  { name: 'the first run in Salesforce', system: 'salesforce', open: () => first('salesforce') },
];

it.each(cases)(
  '$name, killed at any await and started again, ends as if it had not been killed',
  async ({ system, open }) => {
    const whole = await open();
    const expected = await runKilledAt(whole, system);
    await whole.stop();
    expect(expected.points).toBeGreaterThan(300);

    const end = performance.now() + SECONDS * 1_000;
    let tried = 0;
    for (const at of pointsOf(expected.points)) {
      if (!process.env.CRASH_ALL && tried > 0 && performance.now() > end) break;
      const rig = await open();
      const { state } = await runKilledAt(rig, system, at);
      expect(state, `killed at ${at} of ${expected.points} (seed ${SEED})`).toEqual(expected.state);
      const before = rig.writes(system);
      await rig.run();
      expect(rig.writes(system), `writes of a run with nothing changed, after a kill at ${at}`).toBe(before);
      await rig.stop();
      tried += 1;
    }
    expect(tried).toBeGreaterThan(0);
  },
  process.env.CRASH_ALL ? 3_600_000 : 120_000,
);
