import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { seedFromCsv } from '../../sandbox/csv-seed.ts';
import { templateDefinitions } from '../../src/pipeline/publish/template-files.ts';
import { readTotals } from '../../src/views/totals.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { sharedFolder } from '../shared.ts';
import { openRig } from './rig.ts';

/** Purchases of 2,357 customers of an online shop, 1997 and 1998. */
const folder = sharedFolder('data/cdnow');
const contactsCsv = `${folder}/contacts.csv`;
const dealsCsv = `${folder}/deals.csv`;
/** The day after the last purchase. */
const AFTER_THE_LAST = new Date('1998-07-01T00:00:00Z');

const FIGURES = { contacts: 2_357, deals: 6_919, revenue: 244_091.94 };

const Crm = z.object({ mismatches: z.number(), throttled: z.number(), rulesBroken: z.number() });
const Summary = z.object({
  contacts: z.number(),
  deals: z.number(),
  persons: z.number(),
  revenue: z.number(),
  uncredited: z.number(),
  segments: z.array(z.object({ segmentation: z.string(), segment: z.string(), size: z.number() })),
  unlabelled: z.record(z.string(), z.number()),
  hubspot: Crm,
  salesforce: z.null(),
  unchangedRun: z.object({ calls: z.number(), writes: z.number() }),
  changedRun: z.object({ mismatches: z.number() }),
});

/** The demo below runs on the embedded store: where a server pass follows, this one is left to it. */
const isLeftToServer = process.env.SERVER_PASS_FOLLOWS === '1';

describe.skipIf(folder === undefined || isLeftToServer)('a real data set, in HubSpot', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  it('arrives whole, adds up to the cent, and gives each contact its RFM label', async () => {
    const rig = await openRig(database, {
      hubspot: seedFromCsv({ contactsCsv, dealsCsv, system: 'hubspot' }),
    });
    await rig.connect('hubspot');
    await rig.publish(...templateDefinitions(['rfm']));
    rig.policy({ pilot: 'off' });
    await rig.release();
    await rig.run({ asOf: AFTER_THE_LAST });
    const totals = await readTotals(rig.pool, rig.tenant);
    expect({ ...totals, revenue: Number(totals.revenue) }).toMatchObject(FIGURES);

    const { rows } = await rig.pool.query<{ id: string; rfm: string | null }>(
      `select r.id, p.label_rfm as rfm from ${rig.tenant.schema}.contact_record r
       join ${rig.tenant.schema}.person p on p.id = r.person_id`,
    );
    expect(rows).toHaveLength(FIGURES.contacts);
    expect(rows.filter(({ rfm }) => rfm === null)).toEqual([]);
    const shown = rig.state('hubspot').records;
    for (const { id, rfm } of rows) expect(shown[`contact ${id}`]).toEqual({ segment_sync_rfm: rfm });
    expect(await rig.check('hubspot', AFTER_THE_LAST)).toMatchObject({ mismatches: 0 });
    await rig.stop();
  });
});

/** On a store of its own: once is enough. */
describe.skipIf(folder === undefined || process.env.TEST_DATABASE_URL !== undefined)(
  'the same, through the demo at real limits',
  () => {
    it('prints the figures, and no mismatch, throttled call or broken rule', async () => {
      const args = ['src/cli.ts', 'demo', '--once', '--json', '--only', 'hubspot'];
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [...args, '--contacts-csv', contactsCsv, '--deals-csv', dealsCsv],
        { maxBuffer: 10_000_000 },
      );
      const summary = Summary.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));
      expect(summary).toMatchObject({
        ...FIGURES,
        persons: FIGURES.contacts,
        uncredited: 0,
        hubspot: { mismatches: 0, throttled: 0, rulesBroken: 0 },
        unchangedRun: { writes: 0 },
        changedRun: { mismatches: 0 },
      });
      const labelled = summary.segments
        .filter(({ segmentation }) => segmentation === 'rfm')
        .reduce((sum, { size }) => sum + size, 0);
      expect(labelled + (summary.unlabelled.rfm ?? 0)).toBe(FIGURES.contacts);
    });
  },
);
