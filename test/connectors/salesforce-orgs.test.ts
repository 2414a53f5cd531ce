import { expect, it } from 'vitest';
import { z } from 'zod';
import type { CrmTask, Json, Page, Write } from '../../connectors/contract.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { FieldRemote } from '../../connectors/salesforce/remotes.ts';
import type { SeedRow } from '../../sandbox/seed.ts';
import { label, labelTarget, prepareOne, push } from './conformance-rig.ts';
import {
  pullAll,
  type SalesforceRig as Rig,
  recordsOf,
  salesforceRigs,
  seedOf,
  V,
} from './salesforce-rig.ts';

/** Orgs as they are in life: without leads, with record types, rules, formulas and limits of their own. */

const start = salesforceRigs({ contacts: 6, companies: 3, deals: 2 });

const endOf = (pages: Page[]): Json => pages.at(-1)?.cursor ?? null;

const at = { createdAt: '2023-01-01T00:00:00.000Z', updatedAt: '2024-01-01T00:00:00.000Z' };
const lead = (ref: string, properties: SeedRow['properties'] = {}): SeedRow => ({
  ref,
  properties: { LastName: 'Lead', Company: 'Acme', ...properties },
  ...at,
});
const ID = 'target-1';
const MINUTE = 60_000;

// What is hidden ----------------------------------------------------------------------------------------------------

it('reads and labels contacts in an org whose leads are hidden, and takes no lead for deleted', async () => {
  const rig = await start({ leads: [lead('7')] });
  const [id = ''] = rig.crm.admin.allRecords('Lead').map(({ Id }) => Id);
  rig.crm.admin.hideObject('Lead');
  const full = await pullAll(rig, {});
  expect(recordsOf(full).map((record) => record.id)).toEqual(rig.ids('contact'));
  expect(full.at(-1)?.done).toBe(true);
  expect(await salesforce.size(rig.context(), 'contact')).toBe(6);
  for (const mode of ['changes', 'deleted', 'links'] as const) {
    const pages = await pullAll(rig, { mode, cursor: mode === 'changes' ? endOf(full) : null });
    expect(pages.at(-1)?.done).toBe(true);
  }
  const [told] = await pullAll(rig, { mode: 'ids', ids: [{ id, kind: 'lead' }] });
  expect(told).toMatchObject({ records: [], unreadable: [{ id, reason: expect.stringContaining('Lead') }] });
  const { state, remote } = await prepareOne(rig, labelTarget('property'));
  expect(state).toBe('ready');
  expect(Object.keys(FieldRemote.parse(remote).ids)).toEqual(['Contact']);
  // Once leads are there the field is made for them as well.
  rig.crm.admin.showObject('Lead');
  const again = await prepareOne(rig, labelTarget('property', { remote }));
  expect(Object.keys(FieldRemote.parse(again.remote).ids)).toEqual(['Contact', 'Lead']);
});

it('ends a pass in which leads were hidden on the way', async () => {
  const rig = await start({ leads: [lead('7')] });
  const [first] = await pullAll(rig, {});
  rig.crm.admin.hideObject('Lead');
  const rest = await pullAll(rig, { cursor: first?.cursor ?? null });
  expect(rest).toMatchObject([{ records: [], done: true, cursor: { since: expect.any(Object) } }]);
});

it('says which records the connected user sees a part of only', async () => {
  const rig = await start();
  rig.crm.admin.setViewAll(false);
  const parentId = rig.crm.admin.allRecords('PermissionSet')[0]?.Id ?? '';
  for (const SobjectType of ['Contact', 'Account', 'Opportunity'])
    rig.crm.admin.create('ObjectPermissions', {
      ParentId: parentId,
      SobjectType,
      PermissionsViewAllRecords: true,
    });
  const items = await salesforce.check(rig.context(), { properties: [], write: true });
  expect(items.filter(({ ok }) => !ok)).toMatchObject([
    { code: 'sharing', level: 'warning', action: expect.stringContaining('View All on Lead') },
  ]);
});

it('says that the edition has no API where that is so', async () => {
  const rig = await start();
  rig.crm.admin.forbid('api');
  const items = await salesforce.check(rig.context(), { properties: [], write: true });
  expect(items).toMatchObject([{ ok: false, level: 'error', action: expect.stringContaining('Edition') }]);
});

// People and accounts -----------------------------------------------------------------------------------------------

it('takes a person account for no company, though it is asked for by its id', async () => {
  const contacts = [{ ref: '1', properties: { LastName: 'Solo', IsPersonAccount: true }, ...at }];
  const rig = await start({ contacts, companies: [], deals: [] });
  const [id = ''] = rig.crm.admin.allRecords('Account').map(({ Id }) => Id);
  const asked = await pullAll(rig, { object: 'company', mode: 'ids', ids: [{ id, kind: 'company' }] });
  expect(recordsOf(asked)).toMatchObject([{ id, state: 'deleted', mergedInto: null }]);
});

it('reads what the account of a person account says of the person', async () => {
  const contacts = [{ ref: '1', properties: { LastName: 'Solo', IsPersonAccount: true }, ...at }];
  const rig = await start({ contacts, companies: [], deals: [] });
  const [account = ''] = rig.crm.admin.allRecords('Account').map(({ Id }) => Id);
  rig.crm.admin.update(account, { Rating: 'Hot' });
  const read = await pullAll(rig, { properties: ['Account.Rating', 'Account.Name'] });
  expect(recordsOf(read)).toMatchObject([{ properties: { 'Account.Rating': 'Hot', 'Account.Name': null } }]);
});

it.each(['Contact', 'Lead'] as const)('sees consent that changed behind a %s', async (sobject) => {
  const consent = { 'Individual.HasOptedOutProfiling': false };
  const rig = await start({
    contacts: [{ ref: '1', properties: { LastName: 'One', ...consent }, ...at }],
    leads: [lead('7', consent)],
    deals: [],
  });
  const { admin, clock } = rig.crm;
  const properties = ['Individual.HasOptedOutProfiling'];
  const full = await pullAll(rig, { properties });
  clock.advance(30 * MINUTE);
  const [row] = admin.allRecords(sobject);
  const changes = () => pullAll(rig, { mode: 'changes', properties, cursor: endOf(full) });
  expect(recordsOf(await changes())).toEqual([]);
  admin.update(String(row?.IndividualId), { HasOptedOutProfiling: true });
  expect(recordsOf(await changes())).toMatchObject([
    { id: row?.Id, properties: { 'Individual.HasOptedOutProfiling': true } },
  ]);
});

it('sees what changed in the account of a contact, page by page', async () => {
  const rig = await start(seedOf({ contacts: 2_100, companies: 1, deals: 0 }), { shortPages: 0 });
  const { admin, clock } = rig.crm;
  const full = await pullAll(rig, { properties: ['Company'] });
  clock.advance(30 * MINUTE);
  admin.update(rig.ids('company')[0] ?? '', { Name: 'Renamed' });
  const changed = await pullAll(rig, { mode: 'changes', properties: ['Company'], cursor: endOf(full) });
  expect(new Set(recordsOf(changed).map(({ id }) => id)).size).toBe(2_100);
  expect(new Set(recordsOf(changed).map(({ properties }) => properties.Company))).toEqual(
    new Set(['Renamed']),
  );
  // The pass after begins a while before the end of this one; the one after that has moved on.
  let cursor = endOf(changed);
  for (const most of [2_100, 0]) {
    clock.advance(30 * MINUTE);
    const after = await pullAll(rig, { mode: 'changes', properties: ['Company'], cursor });
    expect(recordsOf(after).length).toBeLessThanOrEqual(most);
    cursor = endOf(after);
  }
});

it('tells who won, of more merged records than a page may hold', async () => {
  const rig = await start(seedOf({ contacts: 401, companies: 1, deals: 0 }), { shortPages: 1 });
  const [winner = '', ...losers] = rig.ids('contact');
  rig.crm.admin.merge(winner, losers);
  const asked = await pullAll(rig, { mode: 'ids', ids: losers.map((id) => ({ id, kind: 'contact' })) });
  expect(new Set(recordsOf(asked).map(({ state, mergedInto }) => `${state} ${mergedInto}`))).toEqual(
    new Set([`merged ${winner}`]),
  );
});

// Fields ------------------------------------------------------------------------------------------------------------

it('says which fields are formulas, as nothing tells that they changed', async () => {
  const rig = await start();
  rig.crm.admin.addFormula('Contact.Days_Left__c', 'double');
  const found = await salesforce.discover(rig.context(), 'contact');
  const calculated = found.filter((property) => property.calculated).map(({ name }) => name);
  expect(calculated).toContain('Days_Left__c');
  expect(calculated).not.toContain('LastName');
});

it('neither offers nor asks for addresses as a whole, which bulk queries refuse', async () => {
  const rig = await start(seedOf({ contacts: 2_100, companies: 1, deals: 0 }));
  const names = (await salesforce.discover(rig.context(), 'contact')).map(({ name }) => name);
  expect(names).toContain('MailingCity');
  expect(names).not.toContain('MailingAddress');
  const read = await pullAll(rig, { properties: ['MailingAddress', 'MailingCity'] });
  expect(recordsOf(read)).toHaveLength(2_100);
  expect(Object.keys(recordsOf(read)[0]?.properties ?? {})).toEqual(['MailingCity']);
});

it('reads the same number, date and flag, whichever way it comes', async () => {
  const seed = seedOf({ contacts: 0, companies: 2_100, deals: 0 });
  const rig = await start(seed);
  const [id = ''] = rig.ids('company');
  rig.crm.admin.update(id, { AnnualRevenue: 12_345_678, NumberOfEmployees: 5 });
  const properties = ['AnnualRevenue', 'NumberOfEmployees', 'LastModifiedDate', 'IsDeleted'];
  const bulk = recordsOf(await pullAll(rig, { object: 'company', properties })).find((one) => one.id === id);
  const ids = [{ id, kind: 'company' }];
  const [rest] = recordsOf(await pullAll(rig, { object: 'company', mode: 'ids', ids, properties }));
  expect(bulk).toEqual(rest);
  expect(rest?.properties).toMatchObject({
    AnnualRevenue: 12_345_678,
    NumberOfEmployees: 5,
    IsDeleted: false,
  });
});

it('offers what an org with person accounts keeps with the account of a person', async () => {
  const contacts = [{ ref: '1', properties: { LastName: 'Solo', IsPersonAccount: true }, ...at }];
  const custom = { object: 'company' as const, name: 'Tier__c', label: 'Tier', type: 'string' };
  const rig = await start({ contacts, companies: [], deals: [], properties: [custom] });
  const names = (await salesforce.discover(rig.context(), 'contact')).map(({ name }) => name);
  expect(names).toContain('Account.Tier__c');
});

it('labels records of any type, whatever values the type offers', async () => {
  const rig = await start();
  const { admin } = rig.crm;
  const [id = ''] = rig.ids('contact');
  // A field from before the org had record types takes its own values only.
  const before = await prepareOne(rig, labelTarget('property'));
  const restricted = () =>
    admin.fields('Contact').find(({ name }) => name === 'Segment_Sync_Value_Tiers__c')?.restricted;
  expect(restricted()).toBe(true);
  admin.update(id, { RecordTypeId: admin.addRecordType('Contact', 'Partner') });
  const segments = [
    { key: 'gold', name: 'Gold' },
    { key: 'platinum', name: 'Platinum' },
  ];
  const after = await prepareOne(rig, labelTarget('property', { segments, remote: before.remote }));
  expect(restricted()).toBe(false);
  expect(await push(rig, [label(id, 'platinum')], { [ID]: after.remote })).toMatchObject([{ state: 'done' }]);
  const writes = rig.writes();
  await prepareOne(rig, labelTarget('property', { segments, remote: after.remote }));
  expect(rig.writes()).toBe(writes);
});

it('labels a record that a duplicate rule would warn of', async () => {
  const rig = await start();
  const { remote } = await prepareOne(rig, labelTarget('property'));
  const [id = ''] = rig.ids('contact');
  rig.crm.admin.alertDuplicates(id);
  expect(await push(rig, [label(id, 'gold')], { [ID]: remote })).toMatchObject([{ state: 'done' }]);
});

// What the org refuses ------------------------------------------------------------------------------------------------

it('reads page by page where the org has no bulk queries', async () => {
  const rig = await start(seedOf({ contacts: 2_100, companies: 1, deals: 0 }));
  rig.crm.admin.forbid('bulk');
  expect(recordsOf(await pullAll(rig, {}))).toHaveLength(2_100);
});

it('goes by a rough count where counting takes too long, and believes a bulk query that finds nothing', async () => {
  const converted = Array.from({ length: 2_100 }, (_, n) => lead(String(n + 10), { IsConverted: true }));
  const rig = await start({ leads: converted });
  rig.crm.admin.forbid('count');
  const context = rig.context();
  const read = await pullAll(rig, {}, context);
  expect(recordsOf(read).map(({ id }) => id)).toEqual(rig.ids('contact'));
  expect(read.at(-1)?.done).toBe(true);
  expect(context.calls.calls).toBeLessThan(15);
});

it('asks for a right where the setup may not be changed, and not again and again', async () => {
  const rig = await start();
  const property = (await prepareOne(rig, labelTarget('property'))).remote;
  rig.crm.admin.forbid('metadata');
  const context = rig.context();
  const target = labelTarget('list_view', { segments: [{ key: 'gold', name: 'Gold' }], property });
  const [view] = await salesforce.prepare(context, [target]);
  expect(view).toMatchObject({ state: 'needs_you', message: expect.stringContaining('INSUFFICIENT_ACCESS') });
  // Whether there are leads, and the view.
  expect(context.calls.calls).toBe(2);
});

it('keeps a connection through a login that Salesforce asks to try again', async () => {
  const rig = await start();
  rig.crm.admin.expireAccessTokens();
  rig.crm.admin.forbid('token');
  const failed = await salesforce.identify(rig.context()).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'RateLimitError', code: 'no_token_now' });
  rig.crm.admin.allow('token');
  expect(await salesforce.identify(rig.context())).toMatchObject({ id: rig.crm.orgId });
});

it('makes a campaign where the org has its own types of campaigns only', async () => {
  const rig = await start();
  rig.crm.admin.setPicklist('Campaign.Type', ['Messe'], { restricted: true });
  const target = labelTarget('campaign', { segments: [{ key: 'gold', name: 'Gold' }] });
  expect((await prepareOne(rig, target)).state).toBe('ready');
  expect(rig.crm.admin.campaigns()).toMatchObject([{ type: null }]);
});

it('makes a task once in an org with statuses of its own and encrypted subjects', async () => {
  const rig = await start();
  const { admin } = rig.crm;
  admin.setPicklist('Task.Status', ['Offen'], { restricted: true });
  admin.encryptField('Task.Subject');
  const [recordId = ''] = rig.ids('contact');
  for (let n = 0; n < 300; n++) admin.create('Task', { WhoId: recordId, Subject: 'Call' });
  const task: CrmTask = {
    object: 'contact',
    recordId,
    ownerId: String(admin.record(recordId)?.OwnerId ?? admin.allRecords('User')[0]?.Id),
    subject: "Call O'Neil",
    body: 'Because. [mark-1]',
    dueAt: new Date('2026-02-01T00:00:00Z'),
    dueOn: '2026-02-01',
    marker: '[mark-1]',
    mayExist: false,
  };
  const made = await salesforce.task(rig.context(), task);
  expect(admin.record(made.id)).toMatchObject({ Status: null, Priority: 'Normal' });
  expect(await salesforce.task(rig.context(), { ...task, mayExist: true })).toEqual(made);
});

it('labels contacts while the field is gone from leads', async () => {
  const rig = await start({ leads: [lead('7')] });
  const { remote } = await prepareOne(rig, labelTarget('property'));
  rig.crm.admin.deleteField('Lead.Segment_Sync_Value_Tiers__c');
  const [contact = ''] = rig.ids('contact');
  const [id = ''] = rig.crm.admin.allRecords('Lead').map(({ Id }) => Id);
  const outcomes = await push(rig, [label(contact, 'gold'), label(id, 'gold')], { [ID]: remote });
  expect(Object.fromEntries(outcomes.map((one) => [one.id, [one.state, one.targetId]]))).toEqual({
    [contact]: ['done', undefined],
    [id]: ['refused', ID],
  });
});

// Bulk jobs -----------------------------------------------------------------------------------------------------------

const manyLabels = async (rig: Rig) => {
  const { remote } = await prepareOne(rig, labelTarget('property'));
  const request = { writes: rig.ids('contact').map((id) => label(id, 'gold')), remotes: { [ID]: remote } };
  const made = await salesforce.push(rig.context(), { ...request, job: null });
  if (made.state !== 'waiting') throw new Error('expected a job');
  const [job] = z.object({ jobs: z.array(z.object({ id: z.string() })) }).parse(made.job).jobs;
  const end = async () => {
    let answer = await salesforce.push(rig.context(), { ...request, job: made.job });
    while (answer.state === 'waiting')
      answer = await salesforce.push(rig.context(), { ...request, job: answer.job });
    return answer.outcomes;
  };
  return { path: `${V}/jobs/ingest/${job?.id}`, end };
};
const large = () => seedOf({ contacts: 5_001, companies: 1, deals: 0 });

it('sends rows once, though the answer to them was lost', async () => {
  const rig = await start(large(), { bulk: { delayMs: 0 } });
  const { end } = await manyLabels(rig);
  rig.faults?.({ rules: [{ match: '/batches$', fault: { kind: 'drop', when: 'after' } }] });
  expect((await end()).every(({ state }) => state === 'done')).toBe(true);
});

it('reads rows back of a job that was given them twice, which can not be closed', async () => {
  const rig = await start(large(), { bulk: { delayMs: 0 } });
  const { path, end } = await manyLabels(rig);
  const { accessToken } = await rig.context().token();
  // A worker sent the rows and was killed.
  await fetch(`${rig.crm.url}${path}/batches`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'text/csv' },
    body: 'Id\n',
  });
  expect(new Set((await end()).map(({ state }) => state))).toEqual(new Set(['unknown']));
});

it.each([
  ['a validation rule', 'FIELD_CUSTOM_VALIDATION_EXCEPTION'],
  ['a trigger', 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY'],
  ['an approval that locks it', 'ENTITY_IS_LOCKED'],
  ['a field that the org requires', 'REQUIRED_FIELD_MISSING'],
  ['sharing', 'INSUFFICIENT_ACCESS_OR_READONLY'],
])('keeps a record that %s stops apart from the others', async (_what, code) => {
  const rig = await start();
  const { remote } = await prepareOne(rig, labelTarget('property'));
  const [bad = '', good = ''] = rig.ids('contact');
  rig.crm.admin.refuseWrites(bad, code);
  const writes: Write[] = [label(bad, 'gold'), label(good, 'gold')];
  const outcomes = await push(rig, writes, { [ID]: remote });
  expect(Object.fromEntries(outcomes.map(({ id, state }) => [id, state]))).toEqual({
    [bad]: 'refused',
    [good]: 'done',
  });
  expect(outcomes.find(({ id }) => id === bad)?.code).toBe(code);
});
