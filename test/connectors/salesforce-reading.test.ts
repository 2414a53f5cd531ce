import { expect, it } from 'vitest';
import type { Page } from '../../connectors/contract.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import type { SeedRow } from '../../sandbox/seed.ts';
import { pullAll, recordsOf, salesforceRigs, seedOf } from './salesforce-rig.ts';

const start = salesforceRigs({ contacts: 6, companies: 3, deals: 4 });

const only = (pages: Page[]) => {
  const all = recordsOf(pages);
  expect(all).toHaveLength(1);
  return all[0];
};

const at = { createdAt: '2023-01-01T00:00:00.000Z', updatedAt: '2024-01-01T00:00:00.000Z' };
const lead = (ref: string, properties: SeedRow['properties']): SeedRow => ({
  ref,
  properties: { LastName: 'Lead', Company: 'Acme', ...properties },
  ...at,
});

it('reads leads as contacts, by the names that a contact has for their fields', async () => {
  const rig = await start({
    contacts: [],
    deals: [],
    leads: [lead('7', { City: 'Ulm', Email: 'l@example.com' })],
  });
  const properties = [
    'MailingCity',
    'Email',
    'Company',
    'Status',
    'Department',
    'Individual.HasOptedOutProfiling',
  ];
  const record = only(await pullAll(rig, { properties }));
  expect(record).toMatchObject({
    kind: 'lead',
    links: [],
    properties: { MailingCity: 'Ulm', Email: 'l@example.com', Company: 'Acme' },
  });
  expect(record?.properties).not.toHaveProperty('Department');
});

it('tells a converted lead as merged into its contact, and reads it no more', async () => {
  const rig = await start({
    leads: [lead('7', {}), lead('8', { IsConverted: true, ConvertedContactId: '1' })],
  });
  const [contact = ''] = rig.ids('contact');
  const [live = '', old = ''] = rig.crm.admin.allRecords('Lead').map(({ Id }) => Id);
  const full = await pullAll(rig, {});
  expect(recordsOf(full).map(({ id }) => id)).not.toContain(old);
  rig.crm.admin.update(live, { IsConverted: true, ConvertedContactId: contact });
  const merged = { id: live, kind: 'lead', state: 'merged', mergedInto: contact };
  const cursor = full.at(-1)?.cursor ?? null;
  expect(only(await pullAll(rig, { mode: 'changes', cursor }))).toMatchObject(merged);
  expect(recordsOf(await pullAll(rig, { mode: 'deleted' }))).toContainEqual(expect.objectContaining(merged));
  const ids = [{ id: live, kind: 'lead' }];
  expect(only(await pullAll(rig, { mode: 'ids', ids }))).toMatchObject(merged);
});

it('counts a person account once: as its contact, which belongs to no company', async () => {
  const contacts = [{ ref: '1', properties: { LastName: 'Solo', IsPersonAccount: true }, ...at }];
  const rig = await start({ contacts, companies: [], deals: [] });
  const { admin } = rig.crm;
  const [account = ''] = admin.allRecords('Account').map(({ Id }) => Id);
  const deal = admin.create('Opportunity', {
    Name: 'Order',
    StageName: 'Closed Won',
    CloseDate: '2024-01-01',
    AccountId: account,
  });
  const person = only(await pullAll(rig, { properties: ['LastName', 'Company'] }));
  expect(person).toMatchObject({
    kind: 'person_account',
    links: [],
    properties: { LastName: 'Solo', Company: null },
  });
  expect(recordsOf(await pullAll(rig, { object: 'company' }))).toEqual([]);
  expect(await salesforce.size(rig.context(), 'company')).toBe(0);
  expect(only(await pullAll(rig, { object: 'deal' }))).toMatchObject({
    id: deal,
    links: [{ to: 'contact', id: person?.id, primary: false, role: null }],
  });
});

it('links deals to their contacts with roles, and sees a role that changed alone', async () => {
  const rig = await start();
  const { admin } = rig.crm;
  const full = await pullAll(rig, { object: 'deal', properties: ['Amount', 'RecordType.DeveloperName'] });
  const [first] = recordsOf(full);
  const contact = admin.find('OpportunityContactRole', 'OpportunityId', first?.id ?? '')[0]?.ContactId;
  expect(first?.links).toEqual([
    { to: 'company', id: expect.stringMatching(/^001/), primary: true, role: null },
    { to: 'contact', id: contact, primary: true, role: null },
  ]);
  const cursor = full.at(-1)?.cursor ?? null;
  expect(recordsOf(await pullAll(rig, { object: 'deal', mode: 'changes', cursor }))).toEqual([]);
  const [role] = admin.find('OpportunityContactRole', 'OpportunityId', first?.id ?? '');
  admin.update(role?.Id ?? '', { Role: 'Evaluator' });
  const changed = only(
    await pullAll(rig, { object: 'deal', mode: 'changes', cursor, properties: ['Amount'] }),
  );
  expect(changed).toMatchObject({ id: first?.id, properties: { Amount: 100 } });
  expect(changed?.links?.at(-1)).toMatchObject({ to: 'contact', role: 'Evaluator' });
  admin.delete(String(contact));
  const without = await pullAll(rig, {
    object: 'deal',
    mode: 'ids',
    ids: [{ id: first?.id ?? '', kind: 'deal' }],
  });
  expect(only(without)?.links?.map(({ to }) => to)).toEqual(['company']);
});

it('follows a winner that lost a merge later', async () => {
  const rig = await start();
  const [a = '', b = '', c = ''] = rig.ids('contact');
  rig.crm.admin.merge(b, [a]);
  rig.crm.admin.merge(c, [b]);
  const gone = recordsOf(await pullAll(rig, { mode: 'deleted' }));
  expect(Object.fromEntries(gone.map(({ id, mergedInto }) => [id, mergedInto]))).toEqual({ [a]: c, [b]: c });
  const ids = [{ id: a, kind: 'contact' }];
  expect(only(await pullAll(rig, { mode: 'ids', ids }))).toMatchObject({ state: 'merged', mergedInto: c });
});

it('tells the parent of a company', async () => {
  const rig = await start();
  const [child = '', parent = ''] = rig.ids('company');
  rig.crm.admin.update(child, { ParentId: parent });
  const company = recordsOf(await pullAll(rig, { object: 'company' })).find(({ id }) => id === child);
  expect(company?.links).toEqual([{ to: 'company', id: parent, primary: true, role: 'parent' }]);
});

it('goes on without a field that is hidden, and the preflight names it', async () => {
  const rig = await start();
  rig.crm.admin.hideField('Contact.Email');
  rig.crm.admin.hideField('Lead.Email');
  const [record] = recordsOf(await pullAll(rig, { properties: ['Email', 'LastName'] }));
  expect(Object.keys(record?.properties ?? {})).toEqual(['LastName']);
  const properties = [
    { object: 'contact' as const, name: 'Email' },
    { object: 'contact' as const, name: 'LastName' },
  ];
  const items = await salesforce.check(rig.context(), { properties, write: true });
  expect(items.filter(({ ok }) => !ok).map(({ message }) => message)).toEqual([
    expect.stringContaining('"Email"'),
  ]);
});

it('says before the first task that the connected user can make none', async () => {
  const rig = await start();
  rig.crm.admin.hideField('Task.Description');
  const [line] = (await salesforce.check(rig.context(), { properties: [], write: true, tasks: true })).filter(
    ({ ok }) => !ok,
  );
  expect(line).toMatchObject({ code: 'tasks_write', level: 'warning' });
  expect(line?.message).toContain('Description');
});

it('offers fields behind a relationship as properties', async () => {
  const rig = await start();
  const names = async (object: 'contact' | 'deal') =>
    (await salesforce.discover(rig.context(), object)).map(({ name }) => name);
  expect(await names('contact')).toEqual(
    expect.arrayContaining(['Email', 'MailingCity', 'Company', 'Individual.HasOptedOutProfiling']),
  );
  expect(await names('deal')).toContain('RecordType.DeveloperName');
});

it('reads through short pages', async () => {
  const rig = await start(seedOf({ contacts: 2_000, companies: 2, deals: 0 }), { shortPages: 1 });
  const pages = await pullAll(rig, {});
  expect(pages[0]?.records.length).toBeLessThan(2_000);
  expect(new Set(recordsOf(pages).map(({ id }) => id)).size).toBe(2_000);
});

// Bulk ------------------------------------------------------------------------------------------------------------

const large = () => seedOf({ contacts: 12_000, companies: 2, deals: 0 });

it('reads many records by a bulk query, a part of a page at a time, whose repeated header is no record', async () => {
  const rig = await start(large());
  const context = rig.context();
  const pages = await pullAll(rig, { properties: ['LastName', 'AccountId'] }, context);
  expect(pages.map((page) => page.records.length)).toEqual([0, ...Array(6).fill(2_000), 0]);
  expect(pages[0]?.total).toBe(12_000);
  expect(new Set(recordsOf(pages).map(({ id }) => id))).toEqual(new Set(rig.ids('contact')));
  expect(recordsOf(pages).every(({ links }) => links?.length === 1)).toBe(true);
  expect(context.calls.calls).toBeLessThan(15);
});

it('takes up a bulk query where it stopped', async () => {
  const rig = await start(large());
  const whole = await pullAll(rig, {});
  const jobs = rig.crm.journal.totals();
  // Within the first page of results, at its end, and within the second.
  for (const given of [2, 5, 6]) {
    const rest = await pullAll(rig, { cursor: whole[given]?.cursor ?? null });
    const left = recordsOf(whole.slice(given + 1));
    expect(recordsOf(rest).map(({ id }) => id)).toEqual(left.map(({ id }) => id));
  }
  expect(rig.crm.journal.totals().writes).toBe(jobs.writes);
});

it('begins again when a bulk query is gone, and asks page by page when it fails twice', async () => {
  const rig = await start(large());
  const [first] = await pullAll(rig, {});
  rig.crm.clock.advance(8 * 86_400_000);
  const again = await pullAll(rig, { cursor: first?.cursor ?? null });
  expect(new Set(recordsOf(again).map(({ id }) => id)).size).toBe(12_000);
  rig.crm.admin.setBulk({ fail: true });
  const paged = await pullAll(rig, {});
  expect(new Set(recordsOf(paged).map(({ id }) => id)).size).toBe(12_000);
  expect(Math.max(...paged.map((page) => page.records.length))).toBeLessThanOrEqual(2_000);
});

it.each([
  ['breaks off', { kind: 'truncate' as const }],
  ['is empty', { kind: 'empty' as const }],
  ['is cut by the network', { kind: 'drop' as const, when: 'during' as const }],
])('asks again for a page of results that %s', async (_what, fault) => {
  const rig = await start(large());
  rig.faults?.({ rules: [{ match: '/results$', nth: 2, fault }] });
  expect(new Set(recordsOf(await pullAll(rig, {})).map(({ id }) => id)).size).toBe(12_000);
});

// The org ---------------------------------------------------------------------------------------------------------

it('waits while less than a quarter of the calls of the day is left for everybody', async () => {
  const rig = await start({}, { dailyCalls: 1_000 });
  rig.crm.admin.useDailyCalls(800);
  const pulled = pullAll(rig, {});
  await expect(pulled).rejects.toMatchObject({ name: 'RateLimitError', retryAfterMs: expect.any(Number) });
  const error = await pulled.catch((thrown) => thrown);
  expect(error.retryAfterMs).toBeGreaterThan(14 * 60_000);
});

it('tells rates as worth in the corporate currency, by day', async () => {
  const currencies = [
    { isoCode: 'USD', corporate: true, rates: [{ from: '2020-01-01', rate: 1 }] },
    {
      isoCode: 'EUR',
      corporate: false,
      rates: [
        { from: '2020-01-01', rate: 0.8 },
        { from: '2026-01-01', rate: 0.5 },
      ],
    },
  ];
  const many = await start({ currencies });
  expect(await salesforce.currencies(many.context())).toEqual({
    home: 'USD',
    rates: [
      { currency: 'EUR', rate: '1.250000000000', from: '2020-01-01' },
      { currency: 'EUR', rate: '2.000000000000', from: '2026-01-01' },
    ],
  });
  const one = await start();
  expect(await salesforce.currencies(one.context())).toEqual({ home: 'USD', rates: [] });
});

it('says which org it is', async () => {
  const rig = await start();
  const org = await salesforce.identify(rig.context());
  expect(org).toEqual({ id: rig.crm.orgId, name: 'Sandbox Trading Company' });
});
