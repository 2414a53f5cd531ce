import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FaultPlan } from '../../sandbox/faults.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, stateOf, writtenRig } from './rig.ts';
import { customers, hubspotId, orderInHubspot } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

const SYSTEMS = ['hubspot', 'salesforce'] as const;

/** Everybody in HubSpot buys: all labels are to change. */
function everybodyBuys(count: number): void {
  for (let n = 1; n <= count; n += 1) orderInHubspot(rig.hubspot, hubspotId(n));
}

const plans: { name: string; plan: FaultPlan }[] = [
  {
    name: 'sockets that drop after a write was applied',
    plan: { rules: [{ match: 'batch/update', times: 2, fault: { kind: 'drop', when: 'after' } }] },
  },
  {
    name: 'errors after a write was applied',
    plan: {
      rules: [
        { match: 'batch/update', times: 2, fault: { kind: 'status', status: 502, applied: true } },
        { match: 'memberships', times: 2, fault: { kind: 'drop', when: 'after' } },
      ],
    },
  },
  {
    name: 'web pages with status 200',
    plan: { rules: [{ match: 'objects/', times: 2, fault: { kind: 'html' } }] },
  },
  {
    name: 'answers that stop half-way',
    plan: { rules: [{ match: 'objects/', times: 2, fault: { kind: 'truncate' } }] },
  },
  {
    name: 'a storm of "too many calls"',
    plan: { rules: [{ times: 6, fault: { kind: 'throttle', retryAfter: '0' } }] },
  },
  {
    name: 'rows that are refused at first',
    plan: { rules: [{ match: 'batch/update', fault: { kind: 'partial', share: 0.5 } }] },
  },
];

describe('whatever HubSpot does in between, the labels end right', () => {
  it.each(plans)('$name', async ({ plan }) => {
    rig = await writtenRig(database, { people: customers(8) });
    everybodyBuys(8);
    rig.faults('hubspot', plan);
    await rig.run({ mayFail: true });
    rig.faults('hubspot', {});
    expect(rig.hubspot.journal.totals().faults).not.toEqual({});
    await rig.run();
    for (let n = 1; n <= 8; n += 1) {
      expect(rig.state('hubspot').records[`contact ${hubspotId(n)}`]?.segment_sync_spend).toBe('vip');
    }
    expect(await rig.check('hubspot')).toMatchObject({ mismatches: 0, samples: [] });
    expect(rig.hubspot.journal.totals().rulesBroken).toBe(0);
  });
});

describe('an answer that is no answer', () => {
  it('empty pages are not read as "all gone"', async () => {
    rig = await writtenRig(database, { people: customers(60) });
    const before = rig.state('hubspot');
    rig.faults('hubspot', { rules: [{ match: 'objects/', times: 1_000, fault: { kind: 'empty' } }] });
    await rig.run({ options: { full: true }, mayFail: true });
    rig.faults('hubspot', {});
    expect(rig.state('hubspot')).toEqual(before);
    await rig.run();
    expect(rig.state('hubspot')).toEqual(before);
    expect(await rig.check('hubspot')).toMatchObject({ mismatches: 0, samples: [] });
  });

  it('web pages make a run wait and say why, and it goes on by itself', async () => {
    rig = await writtenRig(database, { people: customers(6) });
    const before = rig.state('hubspot');
    rig.faults('hubspot', { rules: [{ match: 'objects/', times: 1_000, fault: { kind: 'html' } }] });
    const reasons: string[] = [];
    await rig.run({
      options: { full: true },
      onSlice: ({ run }) => {
        if (run.failures === 0) return;
        reasons.push(`${run.reason?.message} ${run.reason?.action}`);
        rig.faults('hubspot', {});
      },
    });
    expect(reasons[0]).toMatch(/HubSpot/);
    expect(rig.state('hubspot')).toEqual(before);
    expect(await rig.check('hubspot')).toMatchObject({ mismatches: 0, samples: [] });
  });
});

describe('a CRM that shuts us out', () => {
  it('needs a person and gets no more calls, while the other CRM goes on', async () => {
    rig = await writtenRig(database, { people: customers(3), systems: SYSTEMS });
    everybodyBuys(3);
    rig.salesforce.admin.revokeInstalls();
    await rig.run();
    expect(await stateOf(rig, 'salesforce')).toBe('needs_you');
    expect(await stateOf(rig, 'hubspot')).toBe('connected');
    expect(rig.state('hubspot').records[`contact ${hubspotId(3)}`]?.segment_sync_spend).toBe('vip');
    const calls = rig.salesforce.journal.totals().calls;
    await rig.run();
    expect(rig.salesforce.journal.totals().calls).toBe(calls);

    await rig.connect('salesforce');
    expect(await stateOf(rig, 'salesforce')).toBe('connected');
    await rig.run();
    for (const system of SYSTEMS) expect(await rig.check(system)).toMatchObject({ mismatches: 0 });
  });
});
