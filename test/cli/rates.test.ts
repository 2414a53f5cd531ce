import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { withSession } from '../../src/cli/session.ts';
import { pageAudit } from '../../src/store/audit.ts';
import { layEmbeddedStore } from '../database.ts';
import { cli } from './in-process.ts';

let folder = '';
const SLOW_MS = 300_000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-rates-'));
  vi.stubEnv('DATA_DIR', join(folder, 'data'));
  vi.stubEnv('DATABASE_URL', '');
  vi.stubEnv('REDIS_URL', '');
  await layEmbeddedStore(join(folder, 'data'));
  await mkdir(join(folder, 'shop'));
  await writeFile(
    join(folder, 'shop', 'contacts.csv'),
    'contact_id,email,first_name,last_name,created_at\n1,p1@example.com,P,1,2025-01-01\n',
  );
  await writeFile(
    join(folder, 'shop', 'deals.csv'),
    'deal_id,contact_id,amount,currency,stage,closed_at\n1,1,1000,JPY,closedwon,2026-01-05\n',
  );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** The audit log, oldest first. */
const audited = () =>
  withSession({}, async ({ app, tenant }) => {
    const { items } = await pageAudit(app.store.pool, tenant, { limit: 100 });
    return items.reverse();
  });

it(
  'goes from a missing rate to revenue that is known, and back; every change is in the audit log',
  async () => {
    await cli('connect', 'csv', '--folder', join(folder, 'shop'));
    await cli('run');
    expect((await cli('rates')).text).toContain('No rate was given here');
    expect((await cli('revenue')).text).toMatch(/no rate is known.*Give one with `rates set JPY RATE`/);
    expect((await cli('doctor', '--offline')).text).toContain('`rates set JPY RATE`');

    const { text } = await cli('rates', 'set', 'jpy', '0.0067', '--from', '2026-01-01');
    expect(text).toContain('1 JPY = 0.0067 USD. The next run works out');
    expect(text).toMatch(/1 JPY = 0\.0067 USD +2026-01-01/);
    expect((await cli('revenue')).text).toContain('The next run takes the rate that was given');
    expect((await cli('rates', '--json')).json).toEqual({
      currency: 'USD',
      own: [{ currency: 'JPY', rate: '0.0067', from: '2026-01-01' }],
      told: [],
    });
    await cli('run');
    expect((await cli('revenue', '--json')).json).toMatchObject({ unknownRates: [] });

    await expect(cli('rates', 'remove', 'JPY')).rejects.toMatchObject({ code: 'rate_unknown' });
    const removed = await cli('rates', 'remove', 'JPY', '--from', '2026-01-01', '--json');
    expect(removed.json).toMatchObject({ own: [] });
    await cli('run');
    expect((await cli('revenue', '--json')).json).toMatchObject({ unknownRates: [{ currency: 'JPY' }] });

    await cli('revenue', '--deal-types', 'Retail');
    await cli('schedule', 'nightly', '--cron', '0 3 * * *');
    await cli('schedule', 'nightly', '--pause');
    expect((await cli('schedule', '--json')).json).toMatchObject({
      schedules: [{ id: 'nightly', timing: { cron: '0 3 * * *' }, paused: true }],
    });
    await cli('schedule', 'nightly', '--off');
    await expect(cli('schedule', 'weekly', '--off')).rejects.toMatchObject({ code: 'schedule_unknown' });
    const rate = { currency: 'JPY', rate: '0.0067', from: '2026-01-01' };
    const nightly = { timing: { cron: '0 3 * * *', zone: 'UTC' } };
    expect(await audited()).toMatchObject([
      { actor: 'cli', action: 'connection.connect' },
      { actor: 'cli', action: 'rates.set', subject: 'JPY', before: { rates: [] }, after: { rates: [rate] } },
      { actor: 'cli', action: 'rates.remove', subject: 'JPY', before: { rates: [rate] } },
      { actor: 'cli', action: 'revenue.change', after: { dealTypes: ['Retail'] } },
      { action: 'schedule.put', subject: 'nightly', before: null, after: { ...nightly, paused: false } },
      { action: 'schedule.put', before: { ...nightly, paused: false }, after: { ...nightly, paused: true } },
      { action: 'schedule.remove', subject: 'nightly', before: { ...nightly, paused: true } },
    ]);

    await withSession({}, async ({ app, tenant }) => {
      await app.store.pool.query(
        `insert into ${tenant.schema}.rate (source, currency, rate, valid_from)
         select id, 'EUR', 1.099999890000, '0001-01-01' from app.connection`,
      );
    });
    expect((await cli('rates')).text).toMatch(/1 EUR = 1\.1 USD +always/);
    expect((await cli('rates', '--json')).json).toMatchObject({ told: [{ rate: '1.099999890000' }] });
  },
  SLOW_MS,
);

it.each([
  [['set', 'JPY', '0'], 'rate: a number above 0'],
  [['set', 'JPY', 'many'], 'rate: a number above 0'],
  [['set', 'yen.', '1'], 'currency: an ISO 4217 code'],
  [['set', 'JPY', '1', '--from', 'May'], 'from: a day such as'],
  [['remove', 'JPY', '--from', 'May'], 'from: a day such as'],
])('refuses %j before anything is opened', async (args, says) => {
  await expect(cli('rates', ...args)).rejects.toMatchObject({
    code: 'rate_invalid',
    message: expect.stringContaining(says),
  });
});
