import { describe, expect, it } from 'vitest';
import type { Json, Prepared, PrepareTarget, Write } from '../../connectors/contract.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { ListRemote } from '../../connectors/hubspot/remotes.ts';
import type { HubspotOptions } from '../../sandbox/hubspot/index.ts';
import { label, labelTarget, push } from './conformance-rig.ts';
import { hubspotRigs, seedOf } from './hubspot-rig.ts';

const started = hubspotRigs({ contacts: 6, companies: 2, deals: 0 });
const rigOf = async (options: HubspotOptions = {}) => {
  const rig = await started(options);
  return { ...rig, contacts: rig.ids('contact') };
};

const PROPERTY = labelTarget('property', { id: 'target-1' });
const list = (kind: 'dynamic_list' | 'manual_list', more: Partial<PrepareTarget> = {}) =>
  labelTarget(kind, { id: kind, segments: [{ key: 'gold', name: 'Gold' }], ...more });

const prepare = async (
  rig: { context: () => Parameters<typeof hubspot.prepare>[0] },
  targets: PrepareTarget[],
) =>
  Object.fromEntries(
    (await hubspot.prepare(rig.context(), targets)).map((each): [string, Prepared] => [each.id, each]),
  );

const listIdOf = (prepared: Prepared | undefined) => ListRemote.parse(prepared?.remote).listId;

const member = (id: string, isMember: boolean): Write => ({
  kind: 'membership',
  object: 'contact',
  id,
  recordKind: 'contact',
  targetId: 'manual_list',
  member: isMember,
});

describe('a label property', () => {
  const optionsOf = (rig: Awaited<ReturnType<typeof rigOf>>) =>
    rig.admin
      .properties('contact')
      .find(({ name }) => name === 'segment_sync_value_tiers')
      ?.options.map(({ value, label: text, hidden }) => [value, text, hidden]);

  it('is in a group of our own, carries our mark, and says so', async () => {
    const rig = await rigOf();
    const prepared = await prepare(rig, [PROPERTY]);
    expect(prepared['target-1']).toEqual({
      id: 'target-1',
      state: 'ready',
      made: true,
      remote: { kind: 'property', property: 'segment_sync_value_tiers', type: 'enumeration' },
    });
    const found = (await hubspot.discover(rig.context(), 'contact')).filter(({ ours }) => ours);
    expect(found.map(({ name }) => name)).toEqual(['segment_sync_value_tiers']);
    const made = rig.admin.properties('contact').find(({ name }) => name === 'segment_sync_value_tiers');
    expect(made).toMatchObject({ groupName: 'segment_sync', fieldType: 'select', label: 'Value tiers' });
  });

  it('gets options added, renamed and hidden, never deleted', async () => {
    const rig = await rigOf();
    await prepare(rig, [PROPERTY]);
    const segments = [
      { key: 'gold', name: 'Gold!' },
      { key: 'bronze', name: 'Bronze' },
      { key: 'silver', name: 'Silver', retired: true },
    ];
    await prepare(rig, [{ ...PROPERTY, segments }]);
    const expected = [
      ['gold', 'Gold!', false],
      ['bronze', 'Bronze', false],
      ['silver', 'Silver', true],
    ];
    expect(optionsOf(rig)).toEqual(expected);
    await prepare(rig, [{ ...PROPERTY, segments: segments.slice(0, 2) }]);
    expect(optionsOf(rig)).toEqual(expected);
  });

  it('tells segments of the same name apart', async () => {
    const rig = await rigOf();
    const segments = [
      { key: 'a', name: 'Same' },
      { key: 'b', name: 'Same' },
    ];
    expect((await prepare(rig, [{ ...PROPERTY, segments }]))['target-1']?.state).toBe('ready');
    expect(optionsOf(rig)?.map(([, text]) => text)).toEqual(['Same (a)', 'Same (b)']);
  });

  it('is not made without leave: the answer says what an admin must do', async () => {
    const rig = await rigOf();
    const { mayCreate = true } = hubspot.config.parse({ mayCreate: false });
    const prepared = (await prepare(rig, [{ ...PROPERTY, mayCreate }]))['target-1'];
    expect(prepared).toMatchObject({
      state: 'needs_you',
      action: expect.stringContaining('segment_sync_value_tiers'),
    });
    expect(rig.writes()).toBe(0);
  });

  it('deleted in HubSpot makes each row refused, naming the target, and is made again', async () => {
    const rig = await rigOf();
    const remotes = { 'target-1': (await prepare(rig, [PROPERTY]))['target-1']?.remote ?? null };
    rig.admin.deleteProperty('contact', 'segment_sync_value_tiers');
    const outcomes = await push(
      rig,
      rig.contacts.map((id) => label(id, 'gold')),
      remotes,
    );
    expect(outcomes.every(({ state, targetId }) => state === 'refused' && targetId === 'target-1')).toBe(
      true,
    );
    expect((await prepare(rig, [PROPERTY]))['target-1']?.state).toBe('ready');
    const again = await push(
      rig,
      rig.contacts.map((id) => label(id, 'gold')),
      remotes,
    );
    expect(again.every(({ state }) => state === 'done')).toBe(true);
  });

  it('comes with a date and a reason, where wanted', async () => {
    const rig = await rigOf();
    const targets = [PROPERTY, labelTarget('changed_at', { id: 'at' }), labelTarget('why', { id: 'why' })];
    const prepared = await prepare(rig, targets);
    const remotes = Object.fromEntries(Object.entries(prepared).map(([id, { remote }]) => [id, remote]));
    const [id = ''] = rig.contacts;
    const values = { 'target-1': 'gold', at: '2026-11-21T10:00:00.000Z', why: 'Spent 1,200 in 12 months' };
    await push(rig, [{ kind: 'properties', object: 'contact', id, recordKind: 'contact', values }], remotes);
    expect(rig.admin.record('contact', id)?.properties).toMatchObject({
      segment_sync_value_tiers: 'gold',
      segment_sync_changed_at: '2026-11-21T10:00:00.000Z',
      segment_sync_value_tiers_why: 'Spent 1,200 in 12 months',
    });
  });

  it('says that a merged record is gone, and reads the survivor back', async () => {
    const rig = await rigOf();
    const remotes = { 'target-1': (await prepare(rig, [PROPERTY]))['target-1']?.remote ?? null };
    const [primary = '', other = '', third = ''] = rig.contacts;
    const survivor = rig.admin.merge('contact', primary, other, { keepId: true });
    const outcomes = await push(
      rig,
      [primary, other, third].map((id) => label(id, 'gold')),
      remotes,
    );
    expect(outcomes.map(({ id, state }) => [id, state])).toEqual([
      [survivor, 'unknown'],
      [other, 'gone'],
      [third, 'done'],
    ]);
  });
});

describe('a list', () => {
  it('that is dynamic follows the label, without those who opted out, and needs no membership call', async () => {
    const rig = await rigOf();
    const prepared = await prepare(rig, [list('dynamic_list'), PROPERTY]);
    const [first = '', second = '', third = ''] = rig.contacts;
    rig.admin.setProperties('contact', second, { hs_email_optout: true });
    rig.admin.setProperties('contact', third, { hs_email_optout: false });
    const remotes = { 'target-1': prepared['target-1']?.remote ?? null };
    await push(
      rig,
      [first, second, third].map((id) => label(id, 'gold')),
      remotes,
    );
    expect(rig.admin.listMembers(listIdOf(prepared.dynamic_list))).toEqual([first, third]);
    const pages: string[][] = [];
    for await (const page of hubspot.members(rig.context(), {
      remote: prepared.dynamic_list?.remote ?? null,
    })) {
      pages.push(page);
    }
    expect(pages).toEqual([[first, third]]);
  });

  it('that is dynamic leaves out who objects to profiling, in whichever kind of property', async () => {
    const seed = seedOf({ contacts: 4, companies: 2, deals: 0 });
    const boolean = { object: 'contact' as const, label: 'Objects' };
    const options = ['true', 'false'].map((value) => ({ value, label: value }));
    seed.properties = [
      { ...boolean, name: 'do_not_profile', type: 'bool' },
      { ...boolean, name: 'do_not_process', type: 'enumeration', fieldType: 'booleancheckbox', options },
    ];
    const rig = await rigOf({ seed });
    const prepared = await prepare(rig, [PROPERTY, list('dynamic_list')]);
    const [first = '', second = '', third = '', fourth = ''] = rig.contacts;
    rig.admin.setProperties('contact', first, { do_not_profile: true });
    rig.admin.setProperties('contact', second, { do_not_process: true });
    rig.admin.setProperties('contact', third, { do_not_process: false, do_not_profile: false });
    const remotes = { 'target-1': prepared['target-1']?.remote ?? null };
    await push(
      rig,
      rig.contacts.map((id) => label(id, 'gold')),
      remotes,
    );
    expect(rig.admin.listMembers(listIdOf(prepared.dynamic_list))).toEqual([third, fourth]);
  });

  it('that is dynamic gets its filter back when somebody changed it, and is left alone otherwise', async () => {
    const rig = await rigOf();
    const prepared = await prepare(rig, [PROPERTY, list('dynamic_list')]);
    const remote = prepared.dynamic_list?.remote ?? null;
    const writes = rig.writes();
    await prepare(rig, [PROPERTY, list('dynamic_list', { remote })]);
    expect(rig.writes()).toBe(writes);
    const other = list('dynamic_list', { remote, segments: [{ key: 'silver', name: 'Silver' }] });
    await prepare(rig, [PROPERTY, other]);
    expect(rig.writes()).toBe(writes + 1);
    expect(JSON.stringify(rig.admin.lists()[0]?.filterBranch)).toContain('silver');
  });

  it('that is manual has each member once, and loses who leaves', async () => {
    const rig = await rigOf();
    const prepared = await prepare(rig, [list('manual_list')]);
    const remotes: Record<string, Json> = { manual_list: prepared.manual_list?.remote ?? null };
    const [first = '', second = '', third = ''] = rig.contacts;
    rig.admin.archive('contact', third);
    const joined = await push(
      rig,
      [first, second, third].map((id) => member(id, true)),
      remotes,
    );
    expect(joined.map(({ state }) => state)).toEqual(['done', 'done', 'gone']);
    await push(rig, [member(first, true), member(second, false)], remotes);
    expect(rig.admin.listMembers(listIdOf(prepared.manual_list))).toEqual([first]);
    rig.admin.deleteList(listIdOf(prepared.manual_list));
    const [gone] = await push(rig, [member(first, false)], remotes);
    expect(gone).toMatchObject({ state: 'refused', code: 'list_gone' });
  });

  it('that is manual is found again with its members by an installation that does not remember it', async () => {
    const rig = await rigOf();
    const targets = [PROPERTY, list('manual_list')];
    const prepared = await prepare(rig, targets);
    const [first = '', second = ''] = rig.contacts;
    const remotes = { manual_list: prepared.manual_list?.remote ?? null };
    await push(
      rig,
      [first, second].map((id) => member(id, true)),
      remotes,
    );
    const writes = rig.writes();
    const again = await prepare(rig, targets);
    expect(again.manual_list).toEqual({ ...prepared.manual_list, state: 'ready' });
    expect(rig.writes()).toBe(writes);
    expect(rig.admin.listMembers(listIdOf(again.manual_list))).toEqual([first, second]);

    // Deleted meanwhile: the one that is made instead is known from then on.
    rig.admin.deleteList(listIdOf(again.manual_list));
    const made = await prepare(rig, targets);
    await push(rig, [member(first, true)], { manual_list: made.manual_list?.remote ?? null });
    expect(listIdOf((await prepare(rig, targets)).manual_list)).toBe(listIdOf(made.manual_list));
    const text = rig.admin.properties('contact').find(({ name }) => name === 'segment_sync_value_tiers');
    expect(text?.description.match(/segment-sync-list/g)).toHaveLength(1);
  });

  it('of our name that somebody else fills is never taken over', async () => {
    const rig = await rigOf();
    const name = 'Value tiers: Gold (Segment Sync)';
    const theirs = rig.admin.createList('contact', name, 'MANUAL');
    const [first = ''] = rig.contacts;
    await push(rig, [member(first, true)], { manual_list: { kind: 'list', listId: theirs, name } });
    const prepared = await prepare(rig, [list('manual_list')]);
    expect(listIdOf(prepared.manual_list)).not.toBe(theirs);
    expect(rig.admin.lists().map((each) => each.name)).toEqual([name, `${name} (2)`]);
    expect(rig.admin.listMembers(theirs)).toEqual([first]);
  });
});

describe('leaving', () => {
  it('deletes what we made and nothing else, then removes the app', async () => {
    const rig = await rigOf();
    const before = rig.admin.properties('contact').map(({ name }) => name);
    const targets = [
      PROPERTY,
      list('dynamic_list'),
      list('manual_list', { segments: [{ key: 'a', name: 'A' }] }),
    ];
    const prepared = await prepare(rig, targets);
    const remotes = targets.map(({ id, kind, object }) => ({
      kind,
      object,
      remote: prepared[id]?.remote ?? null,
    }));
    const { done, stays } = await hubspot.uninstall(rig.context(), { keep: 'nothing', remotes });
    expect([done.length, stays]).toEqual([4, []]);
    expect(rig.admin.properties('contact').map(({ name }) => name)).toEqual(before);
    expect(rig.admin.lists().every((each) => each.deleted)).toBe(true);
    await expect(hubspot.identify(rig.context())).rejects.toMatchObject({ name: 'AuthError' });
  });
});
