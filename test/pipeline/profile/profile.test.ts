import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setRates } from '../../../src/pipeline/profile/own-rates.ts';
import { noteAllDirty } from '../../../src/store/dirty.ts';
import { unknownRates } from '../../../src/views/unknown-rates.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { ArrayCrm } from '../array-crm.ts';
import { emptyTenant, pullUnifyProfile, setUp, type TestConnection } from '../stages.ts';

let db: TestDatabase;
let hubspot: ArrayCrm;
let salesforce: ArrayCrm;
let connections: TestConnection[];

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await emptyTenant(db.pool, db.tenant);
  hubspot = new ArrayCrm();
  salesforce = new ArrayCrm();
});

const connect = async (config: Record<string, unknown> = {}) => {
  connections = [
    { id: 'hubspot', crm: hubspot, rank: 0, config },
    { id: 'salesforce', crm: salesforce, rank: 1 },
  ];
  await setUp(db.pool, db.tenant, connections);
};
const run = (tenant = db.tenant) => pullUnifyProfile(db.pool, tenant, connections);
const rows = async (sql: string) => (await db.pool.query(sql.replaceAll('S.', `${db.tenant.schema}.`))).rows;

const won = (amount: string, more: Record<string, string | boolean> = {}) => ({
  amount,
  won: true,
  closed: true,
  closed_at: '2026-03-01',
  ...more,
});
const toContact = (id: string, primary = false) => ({ to: 'contact' as const, id, primary });

describe('attributes', () => {
  it('take the newest known value, and an empty one never wins', async () => {
    await connect();
    hubspot.put('contact', '1', { email: 'a@x.com', first_name: 'Ann', age: '40' });
    salesforce.put(
      'contact',
      'S',
      { email: 'a@x.com', first_name: 'Anna', age: '', interests: 'tea;art;tea' },
      { at: 50 },
    );
    await run();
    expect(await rows('select first_name, age, interests from S.person')).toEqual([
      { first_name: 'Anna', age: 40, interests: ['art', 'tea'] },
    ]);
    await run({
      ...db.tenant,
      policy: { ...db.tenant.policy, precedence: 'rank' } as typeof db.tenant.policy,
    });
    await noteAllDirty(db.pool, db.tenant, 'profile', 'person');
    await run({
      ...db.tenant,
      policy: { ...db.tenant.policy, precedence: 'rank' } as typeof db.tenant.policy,
    });
    expect(await rows('select first_name from S.person')).toEqual([{ first_name: 'Ann' }]);
  });

  it('believe the newest word on leave: only an objection outlasts a newer no', async () => {
    await connect();
    hubspot.put('contact', '1', { email: 'a@x.com', marketing_contact: 'true' });
    salesforce.put('contact', 'S', { email: 'a@x.com', marketing_contact: 'false' }, { at: 50 });
    await run();
    expect(await rows('select marketing_contact from S.person')).toEqual([{ marketing_contact: false }]);
  });

  it('read an empty opt-out as no, where a record could hold one, and never lose an objection', async () => {
    await connect();
    hubspot.put('contact', '1', { email: 'a@x.com' });
    hubspot.put('contact', '2', { email: 'b@x.com', email_opted_out: 'true' });
    salesforce.put('contact', 'S', { email: 'b@x.com', email_opted_out: false }, { at: 50 });
    await run();
    expect(await rows('select email, email_opted_out, visits, age from S.person order by email')).toEqual([
      { email: 'a@x.com', email_opted_out: false, visits: 0, age: null },
      { email: 'b@x.com', email_opted_out: true, visits: 0, age: null },
    ]);
    await db.pool.query(`delete from ${db.tenant.schema}.mapping where attribute = 'visits'`);
    await noteAllDirty(db.pool, db.tenant, 'profile', 'person');
    await run();
    expect(await rows('select distinct visits from S.person')).toEqual([{ visits: null }]);
  });

  it('write only rows that change, and note those for labels', async () => {
    await connect();
    for (const id of ['1', '2', '3']) hubspot.put('contact', id, { email: `${id}@x.com`, age: '1' });
    expect((await run()).profile).toMatchObject({ 'person.seen': 3, 'person.changed': 3 });
    await db.pool.query(`delete from ${db.tenant.schema}.dirty_subject`);
    expect((await run()).profile).toEqual({});
    hubspot.put('contact', '2', { age: '2' });
    hubspot.put('contact', '3', { unmapped: 'x' });
    expect((await run()).profile).toEqual({ 'person.seen': 1, 'person.changed': 1 });
    expect(await rows('select stage, subject, id from S.dirty_subject')).toEqual([
      { stage: 'label', subject: 'person', id: '2' },
    ]);
  });
});

describe('totals', () => {
  it('add up deals as credited, as involved, and up to the parent', async () => {
    await connect();
    hubspot.put('company', 'p', { name: 'Parent' });
    hubspot.put('company', 'c', { name: 'Child' }, { links: [{ to: 'company', id: 'p' }] });
    hubspot.put('contact', '1', { email: 'a@x.com' }, { links: [{ to: 'company', id: 'c', primary: true }] });
    hubspot.put('contact', '2', { email: 'b@x.com' });
    hubspot.put('deal', 'a', won('100.10'), { links: [toContact('1', true), toContact('2')] });
    hubspot.put('deal', 'b', won('50.05', { closed_at: '2026-04-01' }), { links: [toContact('1')] });
    hubspot.put('deal', 'c', { amount: '7', won: false, closed: true }, { links: [toContact('1')] });
    hubspot.put('deal', 'd', { amount: '9' }, { links: [toContact('2')] });
    hubspot.put('deal', 'e', won('1000'));
    await run();
    expect(
      await rows(`select email, deal_count, revenue_total, average_order, first_order_at, last_order_at,
        open_deal_count, open_deal_amount, lost_deal_count, involved_deal_count, involved_revenue
        from S.person order by email`),
    ).toEqual([
      {
        ...{ email: 'a@x.com', deal_count: 2, revenue_total: '150.15', first_order_at: '2026-03-01' },
        ...{ last_order_at: '2026-04-01', open_deal_count: 0, open_deal_amount: '0', lost_deal_count: 1 },
        ...{
          involved_deal_count: 2,
          involved_revenue: '150.15',
          average_order: expect.stringMatching(/^75\.0750*$/),
        },
      },
      {
        ...{ email: 'b@x.com', deal_count: 0, revenue_total: '0', first_order_at: null, last_order_at: null },
        ...{ open_deal_count: 1, open_deal_amount: '9', lost_deal_count: 0, average_order: null },
        ...{ involved_deal_count: 1, involved_revenue: '100.10' },
      },
    ]);
    const companies = () =>
      rows('select name, revenue_total, rollup_revenue, rollup_deal_count from S.company order by name');
    expect(await companies()).toEqual([
      { name: 'Child', revenue_total: '150.15', rollup_revenue: '150.15', rollup_deal_count: 2 },
      { name: 'Parent', revenue_total: '0', rollup_revenue: '150.15', rollup_deal_count: 2 },
    ]);
    hubspot.put('company', 'c', {}, { links: [] }).remove('deal', 'b');
    await run();
    expect(await companies()).toEqual([
      { name: 'Child', revenue_total: '100.10', rollup_revenue: '100.10', rollup_deal_count: 1 },
      { name: 'Parent', revenue_total: '0', rollup_revenue: '0', rollup_deal_count: 0 },
    ]);
    expect(
      await rows(`select sum(revenue) filter (where person_id is null)::text as uncredited, sum(revenue)::text as total,
        (select sum(revenue_total)::text from S.person) as credited from S.deal where won and counts`),
    ).toEqual([{ uncredited: '1000', credited: '100.10', total: '1100.10' }]);
  });
});

describe('roles in deals', () => {
  it('are gathered over all deals, in one spelling, and unknown where nobody said', async () => {
    await connect();
    for (const id of ['1', '2']) hubspot.put('contact', id, { email: `${id}@x.com` });
    const as = (id: string, role: string) => ({ ...toContact(id), role });
    hubspot.put('deal', 'a', won('10'), { links: [as('1', 'Decision Maker'), toContact('2')] });
    hubspot.put('deal', 'b', won('10'), { links: [as('1', 'Decision maker;Budget holder')] });
    await run();
    const roles = () => rows('select email, deal_roles from S.person order by email');
    expect(await roles()).toEqual([
      { email: '1@x.com', deal_roles: ['budget_holder', 'decision_maker'] },
      { email: '2@x.com', deal_roles: null },
    ]);
    hubspot.put('deal', 'b', {}, { links: [as('2', 'Éva/Käufer')] });
    await run();
    expect((await roles()).map((row) => row.deal_roles)).toEqual([['decision_maker'], ['Éva_käufer']]);
  });
});

describe('revenue', () => {
  const revenue = () => rows('select record_id, counts, won, revenue from S.deal order by record_id');

  it('counts what the connection says it counts', async () => {
    await connect({
      revenue: {
        pipelines: ['shop'],
        wonStages: ['paid'],
        refunds: { dealTypes: ['refund'], policy: 'subtract' },
      },
    });
    hubspot.put('deal', 'a', { amount: '10', pipeline: 'shop', stage: 'paid' });
    hubspot.put('deal', 'b', { amount: '10', pipeline: 'shop', stage: 'new', won: true });
    hubspot.put('deal', 'c', { amount: '10', pipeline: 'other', stage: 'paid' });
    hubspot.put('deal', 'd', { amount: '3', pipeline: 'shop', stage: 'paid', deal_type: 'refund' });
    await run();
    expect(await revenue()).toEqual([
      { record_id: 'a', counts: true, won: true, revenue: '10' },
      { record_id: 'b', counts: true, won: false, revenue: '10' },
      { record_id: 'c', counts: false, won: true, revenue: '10' },
      { record_id: 'd', counts: true, won: true, revenue: '-3' },
    ]);
  });

  it('is in one currency: the CRM first, then the rate of the day, else unknown and listed', async () => {
    hubspot.home = 'EUR';
    hubspot.rates = [
      { currency: 'GBP', rate: '1.2', from: null },
      { currency: 'GBP', rate: '1.5', from: '2026-03-01' },
    ];
    salesforce.home = 'USD';
    await connect();
    await setRates(db.pool, db.tenant, [{ currency: 'EUR', rate: '1.1', from: null }]);
    hubspot.put('deal', 'a', won('10', { currency: 'USD' }));
    hubspot.put('deal', 'b', won('10'));
    hubspot.put('deal', 'c', won('10', { currency: 'GBP', closed_at: '2026-02-28' }));
    hubspot.put('deal', 'd', won('10', { currency: 'gbp' }));
    hubspot.put('deal', 'e', won('10', { currency: 'JPY' }));
    salesforce.put('deal', 'f', won('10', { currency: 'JPY', amount_home: '0.07' }));
    await run();
    expect(await revenue()).toMatchObject([
      { record_id: 'a', revenue: '10' },
      { record_id: 'b', revenue: '11.0' },
      { record_id: 'c', revenue: '13.20' },
      { record_id: 'd', revenue: '16.50' },
      { record_id: 'e', revenue: null },
      { record_id: 'f', revenue: '0.07' },
    ]);
    expect(await unknownRates(db.pool, db.tenant)).toEqual([
      { currency: 'JPY', deals: 1, amount: '10', isGiven: false },
    ]);
    await setRates(db.pool, db.tenant, [{ currency: 'JPY', rate: '0.01', from: null }]);
    hubspot.rates = [{ currency: 'GBP', rate: '2', from: null }];
    await run();
    expect((await revenue()).map((row) => Number(row.revenue))).toEqual([10, 11, 22, 22, 0.1, 0.07]);
    expect(await unknownRates(db.pool, db.tenant)).toEqual([]);
  });
});
