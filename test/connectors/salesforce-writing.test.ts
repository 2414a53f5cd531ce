import { expect, it } from 'vitest';
import type { Json, PrepareTarget, Write } from '../../connectors/contract.ts';
import { pushBulk } from '../../connectors/salesforce/bulk-ingest.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { FieldRemote } from '../../connectors/salesforce/remotes.ts';
import { label, labelTarget, prepareOne, push } from './conformance-rig.ts';
import { type SalesforceRig as Rig, salesforceRigs, seedOf } from './salesforce-rig.ts';

const start = salesforceRigs({ contacts: 6, companies: 3, deals: 0 });

const at = { createdAt: '2023-01-01T00:00:00.000Z', updatedAt: '2024-01-01T00:00:00.000Z' };
const ID = 'target-1';
const shop = { key: 'shop', name: 'Shop', labels: 'many' as const };

it('writes a label to contacts, leads and person accounts in one call', async () => {
  const rig = await start({
    contacts: [
      { ref: '1', properties: { LastName: 'Employee' }, ...at, links: [{ to: 'company', ref: '1' }] },
      { ref: '2', properties: { LastName: 'Solo', IsPersonAccount: true }, ...at },
    ],
    leads: [{ ref: '3', properties: { LastName: 'Lead', Company: 'Acme' }, ...at }],
  });
  const { remote } = await prepareOne(rig, labelTarget('property'));
  const [contact = '', person = ''] = rig.ids('contact');
  const lead = rig.crm.admin.allRecords('Lead')[0]?.Id ?? '';
  const kinds = [
    [contact, 'contact'],
    [person, 'person_account'],
    [lead, 'lead'],
  ] as const;
  const before = rig.writes();
  const writes = kinds.map(([id, recordKind]): Write => ({ ...label(id, 'gold'), recordKind }) as Write);
  const outcomes = await push(rig, writes, { [ID]: remote });
  expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  expect(rig.writes() - before).toBe(1);
  const shown = await Promise.all(kinds.map(([id]) => rig.shown(remote, 'contact', id)));
  expect(shown).toEqual(['gold', 'gold', 'gold']);
});

it('makes every kind of field in one go, and then nothing more', async () => {
  const rig = await start();
  const targets: PrepareTarget[] = [
    labelTarget('property', { id: 'a', segmentation: shop }),
    labelTarget('primary', { id: 'b', segmentation: shop }),
    labelTarget('changed_at', {
      id: 'c',
      segmentation: { key: '*', name: '*', labels: 'one' },
      segments: [],
    }),
    labelTarget('why', { id: 'd', segmentation: shop }),
    labelTarget('property', { id: 'e', object: 'company' }),
  ];
  const made = await salesforce.prepare(rig.context(), targets);
  expect(made.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready', 'ready']);
  expect(made.map(({ remote }) => FieldRemote.parse(remote).property)).toEqual([
    'Segment_Sync_Shop__c',
    'Segment_Sync_Shop_Primary__c',
    'Segment_Sync_Changed__c',
    'Segment_Sync_Shop_Why__c',
    'Segment_Sync_Value_Tiers__c',
  ]);
  const writes = rig.writes();
  const remembered = targets.map((target, index) => ({ ...target, remote: made[index]?.remote ?? null }));
  const context = rig.context();
  expect(made.every((each) => each.made)).toBe(true);
  expect(await salesforce.prepare(context, remembered)).toEqual(made.map(({ made: _, ...each }) => each));
  expect(rig.writes()).toBe(writes);
  // One look at each object.
  expect(context.calls.calls).toBe(3);
  const [id = ''] = rig.ids('contact');
  const values = { a: ['gold', 'silver'], b: 'gold', c: '2026-01-02T03:04:05.000Z', d: 'x'.repeat(300) };
  const write = { ...label(id, null), values } as Write;
  const remotes = Object.fromEntries(made.map((each) => [each.id, each.remote]));
  expect(await push(rig, [write], remotes)).toMatchObject([{ state: 'done' }]);
  expect(rig.crm.admin.record(id)).toMatchObject({
    Segment_Sync_Shop__c: 'gold;silver',
    Segment_Sync_Shop_Primary__c: 'gold',
    Segment_Sync_Changed__c: '2026-01-02T03:04:05.000+0000',
    Segment_Sync_Shop_Why__c: expect.stringMatching(/^x{254}…$/),
  });
});

it('adds values for new segments and switches off retired ones', async () => {
  const rig = await start();
  const first = await prepareOne(rig, labelTarget('property'));
  rig.crm.admin.addPicklistValue('Contact.Segment_Sync_Value_Tiers__c', 'theirs');
  const segments = [
    { key: 'gold', name: 'Gold', retired: true },
    { key: 'silver', name: 'Silver' },
    { key: 'bronze', name: 'Bronze' },
  ];
  await prepareOne(rig, labelTarget('property', { segments, remote: first.remote }));
  const field = rig.crm.admin.fields('Contact').find(({ name }) => name === 'Segment_Sync_Value_Tiers__c');
  expect(Object.fromEntries(field?.values.map(({ value, active }) => [value, active]) ?? [])).toEqual({
    gold: false,
    silver: true,
    bronze: true,
    theirs: true,
  });
});

it('hands over files to deploy where it may not make fields', async () => {
  const rig = await start();
  const target = labelTarget('property', {
    mayCreate: false,
    segments: [{ key: 'gold', name: 'Gold & <more>' }],
  });
  const prepared = await prepareOne(rig, target);
  expect(prepared.state).toBe('needs_you');
  expect(rig.writes()).toBe(0);
  const { bundle = {} } = prepared;
  expect(Object.keys(bundle).sort()).toEqual([
    'objects/Contact/fields/Segment_Sync_Value_Tiers__c.field-meta.xml',
    'objects/Lead/fields/Segment_Sync_Value_Tiers__c.field-meta.xml',
    'package.xml',
    'permissionsets/Segment_Sync.permissionset-meta.xml',
  ]);
  expect(bundle['objects/Contact/fields/Segment_Sync_Value_Tiers__c.field-meta.xml']).toContain(
    '<label>Gold &amp; &lt;more&gt;</label>',
  );
});

it('shows a field again that an admin has hidden, and makes one again that was deleted', async () => {
  const rig = await start();
  const { remote } = await prepareOne(rig, labelTarget('property'));
  rig.crm.admin.hideField('Contact.Segment_Sync_Value_Tiers__c');
  expect(await prepareOne(rig, labelTarget('property', { remote }))).toMatchObject({
    state: 'ready',
    remote,
  });
  rig.crm.admin.deleteField('Contact.Segment_Sync_Value_Tiers__c');
  const [id = ''] = rig.ids('contact');
  const refused = await push(rig, [label(id, 'gold')], { [ID]: remote });
  expect(refused).toMatchObject([{ state: 'refused', code: 'INVALID_FIELD', targetId: ID }]);
  const again = await prepareOne(rig, labelTarget('property', { remote }));
  expect(again.state).toBe('ready');
  expect(await push(rig, [label(id, 'gold')], { [ID]: again.remote })).toMatchObject([{ state: 'done' }]);
});

it('makes a list view that shows who has the segment', async () => {
  const rig = await start();
  const property = (await prepareOne(rig, labelTarget('property', { segmentation: shop }))).remote;
  const [a = '', b = ''] = rig.ids('contact');
  await push(rig, [label(a, ['gold', 'silver']), label(b, ['silver'])], { [ID]: property });
  const view = labelTarget('list_view', {
    segmentation: shop,
    segments: [{ key: 'gold', name: 'Gold & more' }],
    property,
  });
  const made = await prepareOne(rig, view);
  expect(made).toMatchObject({ state: 'ready', remote: { fullName: 'Contact.Segment_Sync_Shop_Gold' } });
  const writes = rig.writes();
  expect(await prepareOne(rig, { ...view, remote: made.remote })).toEqual(made);
  expect(await prepareOne(rig, view)).toEqual(made);
  expect(rig.writes()).toBe(writes);
  expect(await members(rig, 'list_view', made.remote)).toEqual([a]);
  expect(rig.crm.admin.listViews()).toMatchObject([{ label: 'Shop: Gold & more', members: [a] }]);
});

it('makes a list view of leads beside that of contacts once the org has leads, and takes both away', async () => {
  const rig = await start();
  const property = (await prepareOne(rig, labelTarget('property', { segmentation: shop }))).remote;
  const view = labelTarget('list_view', {
    segmentation: shop,
    segments: [{ key: 'gold', name: 'Gold' }],
    property,
  });
  const before = await prepareOne(rig, view);
  expect(rig.crm.admin.listViews()).toHaveLength(1);

  const lead = rig.crm.admin.create('Lead', { LastName: 'Lead', Company: 'Acme' });
  const [a = ''] = rig.ids('contact');
  const ofLead: Write = { ...label(lead, ['gold']), recordKind: 'lead' };
  expect(await push(rig, [label(a, ['gold'])], { [ID]: property })).toMatchObject([{ state: 'done' }]);
  expect(await push(rig, [ofLead], { [ID]: property })).toMatchObject([{ state: 'done' }]);
  const made = await prepareOne(rig, { ...view, remote: before.remote });
  expect(made).toMatchObject({
    state: 'ready',
    remote: { leads: { fullName: 'Lead.Segment_Sync_Shop_Gold' } },
  });
  expect(rig.crm.admin.listViews().map((one) => one.members)).toEqual([[a], [lead]]);
  expect(await members(rig, 'list_view', made.remote)).toEqual([a, lead]);
  const writes = rig.writes();
  expect(await prepareOne(rig, { ...view, remote: made.remote })).toEqual(made);
  expect(rig.writes()).toBe(writes);

  const { done } = await salesforce.uninstall(rig.context(), {
    keep: 'nothing',
    remotes: [{ kind: 'list_view', object: 'contact', remote: made.remote }],
  });
  expect(done).toContain('list view Lead.Segment_Sync_Shop_Gold deleted');
  expect(rig.crm.admin.listViews()).toEqual([]);
});

const members = async (rig: Rig, kind: 'list_view' | 'campaign', remote: Json) => {
  const ids: string[] = [];
  for await (const page of salesforce.members(rig.context(), { kind, remote })) ids.push(...page);
  return ids;
};

it('keeps a campaign: members come, leave with a status of their own, and come back', async () => {
  const rig = await start({
    leads: [{ ref: '3', properties: { LastName: 'Lead', Company: 'Acme' }, ...at }],
  });
  const target = labelTarget('campaign', { segments: [{ key: 'gold', name: 'Gold' }] });
  const made = await prepareOne(rig, target);
  expect(await prepareOne(rig, target)).toEqual(made);
  const [a = '', b = ''] = rig.ids('contact');
  const lead = rig.crm.admin.allRecords('Lead')[0]?.Id ?? '';
  const member = (id: string, isMember: boolean): Write => ({
    kind: 'membership',
    object: 'contact',
    id,
    recordKind: id === lead ? 'lead' : 'contact',
    targetId: ID,
    member: isMember,
  });
  const change = (...writes: Write[]) => push(rig, writes, { [ID]: made.remote });
  const states = async (...writes: Write[]) => (await change(...writes)).map(({ state }) => state);
  expect(await states(member(a, true), member(lead, true), member(b, false))).toEqual([
    'done',
    'done',
    'done',
  ]);
  expect((await members(rig, 'campaign', made.remote)).sort()).toEqual([a, lead].sort());
  expect(await states(member(a, false), member(lead, true))).toEqual(['done', 'done']);
  expect(await members(rig, 'campaign', made.remote)).toEqual([lead]);
  const [campaign] = rig.crm.admin.campaigns();
  expect(campaign).toMatchObject({ isActive: false, type: 'Other' });
  expect(campaign?.members.map(({ status }) => status).sort()).toEqual(['Left', 'Member']);
  const writes = rig.writes();
  await change(member(a, false), member(lead, true));
  expect(rig.writes()).toBe(writes);
  await change(member(a, true));
  expect((await members(rig, 'campaign', made.remote)).sort()).toEqual([a, lead].sort());
});

// Bulk ------------------------------------------------------------------------------------------------------------

const large = () => seedOf({ contacts: 6_000, companies: 2, deals: 0 });

it('writes more than 5,000 rows as one bulk job, each with its outcome', async () => {
  const rig = await start(large(), { bulk: { delayMs: 40, unprocessedShare: 0.01 } });
  const targets = [
    labelTarget('property', { id: 'one' }),
    labelTarget('property', { id: 'many', segmentation: shop }),
  ];
  const made = await salesforce.prepare(rig.context(), targets);
  const remotes = Object.fromEntries(made.map((each) => [each.id, each.remote]));
  const ids = rig.ids('contact');
  const [gone = '', cleared = ''] = ids;
  const write = (id: string, index: number) =>
    ({
      ...label(id, null),
      values: { one: index % 2 ? 'gold' : 'wrong', many: ['gold', 'silver'] },
    }) as Write;
  await push(rig, [{ ...label(cleared, null), values: { one: 'gold' } } as Write], remotes);
  rig.crm.admin.delete(gone);
  const writes = ids.map(write);
  writes[1] = { ...label(cleared, null), values: { one: null } } as Write;
  const before = rig.writes();
  const outcomes = await push(rig, writes, remotes);
  expect(rig.writes() - before).toBe(3);
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(6_000);
  const states = Map.groupBy(outcomes, ({ state, code }) => `${state} ${code ?? ''}`);
  expect([...states.keys()].sort()).toEqual([
    'done ',
    'gone ENTITY_IS_DELETED',
    'refused INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    'refused UNPROCESSED',
  ]);
  const wrong = states.get('refused INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST') ?? [];
  expect(new Set(wrong.map(({ targetId }) => targetId))).toEqual(new Set(['one']));
  for (const { id } of (states.get('done ') ?? []).slice(0, 200)) {
    const record = rig.crm.admin.record(id);
    const expected = id === cleared ? [null, null] : ['gold', 'gold;silver'];
    expect([record?.Segment_Sync_Value_Tiers__c, record?.Segment_Sync_Shop__c]).toEqual(expected);
  }
});

it('spreads rows over several bulk jobs where one would hold too many bytes', async () => {
  const rig = await start(large(), { bulk: { delayMs: 0 } });
  const { remote } = await prepareOne(rig, labelTarget('property'));
  const writes = rig.ids('contact').map((id, index) => label(id, index % 2 ? 'gold' : 'silver'));
  const properties = writes.filter((write) => write.kind === 'properties');
  const context = rig.context();
  const step = (job: Json) =>
    pushBulk(context, { writes, remotes: { [ID]: remote }, job }, properties, 60_000);
  let answer = await step(null);
  expect(answer).toMatchObject({ job: { jobs: [{ part: 0 }, { part: 1 }, { part: 2 }] } });
  while (answer.state === 'waiting') answer = await step(answer.job);
  expect(answer.outcomes.filter(({ state }) => state === 'done')).toHaveLength(6_000);
  const shown = rig.crm.admin.allRecords('Contact').map((row) => row.Segment_Sync_Value_Tiers__c);
  expect(shown.filter((value) => value === 'gold')).toHaveLength(3_000);
});

it('takes up a bulk job after a kill at any step', async () => {
  const rig = await start(large(), { bulk: { delayMs: 60_000 } });
  const { remote } = await prepareOne(rig, labelTarget('property'));
  const writes = rig.ids('contact').map((id) => label(id, 'gold'));
  const context = rig.context();
  const request = { writes, remotes: { [ID]: remote } };
  const made = await salesforce.push(context, { ...request, job: null });
  if (made.state !== 'waiting') throw new Error('expected a job');
  // What the first of these answered was never committed: the second begins at the same job.
  await salesforce.push(context, { ...request, job: made.job });
  const sent = await salesforce.push(context, { ...request, job: made.job });
  if (sent.state !== 'waiting') throw new Error('expected a job');
  rig.crm.clock.advance(61_000);
  const done = await salesforce.push(context, { ...request, job: sent.job });
  expect(done.state).toBe('done');
  expect(rig.crm.admin.allRecords('Contact').every((row) => row.Segment_Sync_Value_Tiers__c === 'gold')).toBe(
    true,
  );
});

// Coming and going ------------------------------------------------------------------------------------------------

it('removes what it made, and nothing else', async () => {
  const rig = await start();
  const property = (await prepareOne(rig, labelTarget('property'))).remote;
  const segments = [{ key: 'gold', name: 'Gold' }];
  const view = (await prepareOne(rig, labelTarget('list_view', { segments, property }))).remote;
  const campaign = (await prepareOne(rig, labelTarget('campaign', { segments }))).remote;
  const remotes = [
    { kind: 'property' as const, object: 'contact' as const, remote: property },
    { kind: 'list_view' as const, object: 'contact' as const, remote: view },
    { kind: 'campaign' as const, object: 'contact' as const, remote: campaign },
  ];
  const { admin } = rig.crm;
  const fieldsOf = () => admin.fields('Contact').filter(({ name }) => name.startsWith('Segment_Sync'));
  const { done } = await salesforce.uninstall(rig.context(), { keep: 'nothing', remotes });
  expect(done).toHaveLength(6);
  expect([fieldsOf(), admin.listViews(), admin.campaigns()]).toEqual([[], [], []]);
  expect(rig.ids('contact')).toHaveLength(6);
});
