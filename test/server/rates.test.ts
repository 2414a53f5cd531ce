import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../integration/rig.ts';
import { hubspotShop } from '../integration/shop.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let rig: Rig;
let revops: Visitor;
let viewer: Visitor;

beforeAll(async () => {
  server = await startServer();
  const seed = hubspotShop([{ n: 1, orders: [[1000, 40]] }]);
  rig = await openRig(server.database, {
    hubspot: {
      ...seed,
      deals: seed.deals.map((deal) => ({
        ...deal,
        properties: { ...deal.properties, deal_currency_code: 'JPY' },
      })),
    },
  });
  await rig.connect('hubspot');
  await rig.run();
  revops = await server.visitor('revops', rig.tenant);
  viewer = await server.visitor('viewer', rig.tenant);
});
afterAll(async () => {
  await rig.stop();
  await server.close();
});

async function get<T>(path: string): Promise<T> {
  const answer = await server.ask(revops, 'GET', path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

const put = (...rates: unknown[]) => server.ask(revops, 'PUT', '/api/rates', { rates });
const own = async () => (await get<{ own: unknown[] }>('/api/rates')).own;
const missing = async () => (await get<{ unknownRates: unknown[] }>('/api/revenue')).unknownRates;
const revenue = async () => {
  const { rows } = await rig.pool.query<{ revenue: string | null }>(
    `select revenue_total as revenue from ${rig.tenant.schema}.person`,
  );
  return rows.map((row) => row.revenue && Number(row.revenue));
};
const JPY = { currency: 'JPY', deals: 1, amount: '1000' };

describe('a rate that no CRM tells', () => {
  it('makes the revenue known with the next run, and unknown again once it is removed', async () => {
    expect(await missing()).toEqual([{ ...JPY, isGiven: false }]);
    expect((await put({ currency: 'jpy', rate: '0.0067' })).status).toBe(204);
    expect(await own()).toEqual([{ currency: 'JPY', rate: '0.0067', from: null }]);
    expect(await missing()).toEqual([{ ...JPY, isGiven: true }]);
    await rig.run();
    expect(await missing()).toEqual([]);
    expect(await revenue()).toEqual([6.7]);

    expect((await server.ask(revops, 'DELETE', '/api/rates/JPY')).status).toBe(204);
    expect(await own()).toEqual([]);
    await rig.run();
    expect(await missing()).toEqual([{ ...JPY, isGiven: false }]);
  });

  it('holds from its day on, is changed by giving it again, and leaves the others alone', async () => {
    await put({ currency: 'JPY', rate: '0.01' }, { currency: 'JPY', rate: '0.02', from: '2020-02-29' });
    await put({ currency: 'JPY', rate: '0.000000000003', from: '2020-02-29' });
    expect(await own()).toEqual([
      { currency: 'JPY', rate: '0.01', from: null },
      { currency: 'JPY', rate: '0.000000000003', from: '2020-02-29' },
    ]);
    const gone = await server.ask(revops, 'DELETE', '/api/rates/JPY?from=2020-02-29');
    expect(gone.status).toBe(204);
    expect(await own()).toEqual([{ currency: 'JPY', rate: '0.01', from: null }]);
  });

  it('is in the audit log with what it was before', async () => {
    await put({ currency: 'CHF', rate: '1.1' });
    await put({ currency: 'CHF', rate: '1.2' });
    await server.ask(revops, 'DELETE', '/api/rates/CHF');
    const { items } = await get<{ items: unknown[] }>('/api/audit?action=rates');
    const rates = (rate: string) => ({ rates: [{ currency: 'CHF', rate, from: null }] });
    expect(items.slice(0, 3)).toMatchObject([
      { action: 'rates.remove', subject: 'CHF', before: rates('1.2'), after: { rates: [] } },
      { action: 'rates.set', subject: 'CHF', before: rates('1.1'), after: rates('1.2') },
      { action: 'rates.set', subject: 'CHF', before: { rates: [] }, after: rates('1.1') },
    ]);
  });

  it.each([
    ['of nothing', [{ currency: 'CHF', rate: '0' }]],
    ['of nothing in many digits', [{ currency: 'CHF', rate: '0.000' }]],
    ['below nothing', [{ currency: 'CHF', rate: '-1' }]],
    ['in words', [{ currency: 'CHF', rate: 'one' }]],
    ['as a number, which may be rounded', [{ currency: 'CHF', rate: 1.1 }]],
    ['with a comma', [{ currency: 'CHF', rate: '1,1' }]],
    ['with 13 digits after the point', [{ currency: 'CHF', rate: '0.0000000000001' }]],
    ['of a currency that is none', [{ currency: 'Fr.', rate: '1' }]],
    ['of the company’s own currency', [{ currency: 'usd', rate: '1' }]],
    ['from a day that is none', [{ currency: 'CHF', rate: '1', from: '2026-02-30' }]],
    ['from a day before the table’s', [{ currency: 'CHF', rate: '1', from: '0001-01-01' }]],
    [
      'twice',
      [
        { currency: 'CHF', rate: '1' },
        { currency: 'chf', rate: '2' },
      ],
    ],
    ['together with a wrong one', [{ currency: 'CHF', rate: '1' }, { currency: 'SEK' }]],
    ['nowhere', []],
  ])('is not taken %s', async (_, rates) => {
    const before = await own();
    const answer = await put(...rates);
    expect(answer.status).toBe(400);
    expect(await own()).toEqual(before);
  });

  it('that was never given is not removed, and those that were are named', async () => {
    await put({ currency: 'SEK', rate: '0.09', from: '2026-01-01' });
    const answer = await server.ask(revops, 'DELETE', '/api/rates/SEK');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'rate_unknown',
      action: expect.stringContaining('SEK from 2026-01-01'),
    });
  });

  it('is for those who may edit', async () => {
    expect((await server.ask(viewer, 'GET', '/api/rates')).status).toBe(403);
    const rates = [{ currency: 'CHF', rate: '1' }];
    expect((await server.ask(viewer, 'PUT', '/api/rates', { rates })).status).toBe(403);
  });
});

it('tells the newest rate of each currency that a CRM told, with the home that it leads to', async () => {
  await rig.pool.query(
    `insert into ${rig.tenant.schema}.rate (currency, valid_from, rate, source)
     values ('GBP', '2026-01-01', 1.2, $1), ('GBP', '2026-03-01', 1.3, $1), ('EUR', default, 1.1, $1)`,
    [rig.ids.hubspot],
  );
  expect(await get('/api/rates')).toMatchObject({
    currency: 'USD',
    told: [
      { connectionId: rig.ids.hubspot, currency: 'EUR', rate: '1.1', from: null, home: 'USD' },
      { currency: 'GBP', rate: '1.3', from: '2026-03-01' },
    ],
  });
});

it('rates into a currency that is the company’s no longer go with it, and the log keeps them', async () => {
  const admin = await server.visitor('admin', rig.tenant);
  await put({ currency: 'JPY', rate: '0.0067' });
  expect((await server.ask(admin, 'PATCH', '/api/tenant', { name: 'Rig 2' })).status).toBe(200);
  expect(await own()).toContainEqual({ currency: 'JPY', rate: '0.0067', from: null });
  expect((await server.ask(admin, 'PATCH', '/api/tenant', { currency: 'EUR' })).status).toBe(200);
  expect(await get('/api/rates')).toMatchObject({ currency: 'EUR', own: [] });
  const { items } = await get<{ items: { before: { rates: unknown[] } }[] }>(
    '/api/audit?action=tenant.change',
  );
  expect(items[0]?.before.rates).toContainEqual({ currency: 'JPY', rate: '0.0067', from: null });
});
