import { expect, it } from 'vitest';
import { byId, expectNoBrokenRules, pages, recordsOf, type Suite, sorted } from './conformance-rig.ts';

/** Preflight, properties, and pulls: full, changes, deletes, merges, links, by id. */
export function reading({ can, rigOf }: Suite): void {
  it('passes its own preflight', async () => {
    const rig = await rigOf();
    const items = await rig.connector.check(rig.context(), {
      properties: [],
      write: true,
      tasks: true,
    });
    expect(items.length).toBeGreaterThan(0);
    expect(items.some(({ code }) => code === 'tasks_write')).toBe(rig.connector.task !== undefined);
    expect(items.filter((item) => !item.ok)).toEqual([]);
    expectNoBrokenRules(rig);
  });

  it('names a property that is missing', async () => {
    const rig = await rigOf();
    const needs = { properties: [{ object: 'contact' as const, name: 'no_such_property' }], write: false };
    const items = await rig.connector.check(rig.context(), needs);
    const missing = items.filter((item) => !item.ok);
    expect(missing).toHaveLength(1);
    expect(missing[0]?.message).toContain('no_such_property');
    expect(missing[0]?.action).not.toBe('');
  });

  it.each(can.objects)('discovers the properties of a %s', async (object) => {
    const rig = await rigOf();
    const found = await rig.connector.discover?.(rig.context(), object);
    expect(found?.map((property) => property.name)).toContain(rig.property[object]);
    expectNoBrokenRules(rig);
  });

  it.each(can.objects)('reads every %s, twice the same', async (object) => {
    const rig = await rigOf();
    const first = await pages(rig, object, 'full');
    const second = await pages(rig, object, 'full');
    expect(
      recordsOf(first)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(rig.ids(object).sort());
    expect(recordsOf(second)).toEqual(recordsOf(first));
    expect(recordsOf(first).every((record) => rig.property[object] in record.properties)).toBe(true);
    expect(first.filter((page) => page.done)).toHaveLength(1);
    expect(first.at(-1)?.done).toBe(true);
    expect(await rig.connector.size?.(rig.context(), object)).toBe(rig.ids(object).length);
    expectNoBrokenRules(rig);
  });

  it.each(['full', 'links', 'changes'] as const)('goes on from every cursor of a %s pull', async (mode) => {
    const rig = await rigOf();
    const whole = await pages(rig, 'contact', mode);
    expect(byId(recordsOf(whole)).size).toBe(rig.ids('contact').length);
    expect(whole.length).toBeGreaterThan(2);
    for (const [index, page] of whole.entries()) {
      if (page.done) continue;
      const rest = await pages(rig, 'contact', mode, page.cursor);
      expect(sorted([...recordsOf(whole.slice(0, index + 1)), ...recordsOf(rest)])).toEqual(
        sorted(recordsOf(whole)),
      );
    }
    expectNoBrokenRules(rig);
  });

  it('finds what changed after a full pull, and only records that exist', async () => {
    const rig = await rigOf();
    const read = await pages(rig, 'contact', 'full');
    const [edited = ''] = rig.ids('contact');
    await rig.edit('contact', edited, 'edited');
    const created = await rig.create('contact', 'created');
    const changes = await pages(rig, 'contact', 'changes', read.at(-1)?.cursor ?? null);
    const held = byId(recordsOf(changes));
    expect(held.get(edited)?.properties[rig.property.contact]).toBe('edited');
    expect(held.get(created)?.properties[rig.property.contact]).toBe('created');
    expect(changes.at(-1)?.done).toBe(true);
    await rig.edit('contact', edited, 'edited again');
    const later = await pages(rig, 'contact', 'changes', changes.at(-1)?.cursor ?? null);
    expect(byId(recordsOf(later)).get(edited)?.properties[rig.property.contact]).toBe('edited again');
    expectNoBrokenRules(rig);
  });

  it('finds deleted records', async () => {
    const rig = await rigOf();
    const before = await pages(rig, 'contact', 'deleted');
    const [gone = '', kept = ''] = rig.ids('contact');
    await rig.remove('contact', gone);
    const deleted = byId(recordsOf(await pages(rig, 'contact', 'deleted', before.at(-1)?.cursor ?? null)));
    expect(deleted.get(gone)?.state).toBe(can.findsDeletes ? 'deleted' : undefined);
    expect(deleted.has(kept)).toBe(false);
    const links = byId(recordsOf(await pages(rig, 'contact', 'links')));
    expect([links.has(gone), links.has(kept)]).toEqual([false, true]);
    const asked = byId(
      recordsOf(await pages(rig, 'contact', 'ids', null, { ids: [gone, kept, '987654321'] })),
    );
    expect([gone, kept, '987654321'].map((id) => asked.get(id)?.state)).toEqual([
      'deleted',
      'live',
      'deleted',
    ]);
    expectNoBrokenRules(rig);
  });

  it('finds merged records and names the survivor', async () => {
    const rig = await rigOf();
    if (!rig.merge) return;
    const read = await pages(rig, 'contact', 'full');
    const [primary = '', other = ''] = rig.ids('contact');
    const survivor = rig.merge('contact', primary, other);
    const gone = [primary, other].filter((id) => id !== survivor);
    const cursor = read.at(-1)?.cursor ?? null;
    const found = [
      byId(recordsOf(await pages(rig, 'contact', 'ids', null, { ids: [primary, other] }))),
      byId([
        ...recordsOf(await pages(rig, 'contact', 'changes', cursor)),
        ...recordsOf(await pages(rig, 'contact', 'deleted')),
      ]),
    ];
    for (const held of found) {
      expect(held.get(survivor)?.state).toBe('live');
      for (const id of gone) expect(held.get(id)).toMatchObject({ state: 'merged', mergedInto: survivor });
    }
    expectNoBrokenRules(rig);
  });

  it('sees links that changed without a timestamp', async () => {
    const rig = await rigOf();
    const [id = ''] = rig.ids(can.objects.includes('company') ? 'contact' : 'deal');
    const { object, to, toId } = await rig.relink(id);
    for (const request of [pages(rig, object, 'links'), pages(rig, object, 'ids', null, { ids: [id] })]) {
      const links = byId(recordsOf(await request))
        .get(id)
        ?.links?.filter((link) => link.to === to);
      expect(links?.map((link) => link.id)).toEqual([toId]);
    }
    expectNoBrokenRules(rig);
  });

  it.runIf(can.sameTime)('reads any number of records that share one timestamp', async () => {
    const contacts = can.sameTime ?? 0;
    const rig = await rigOf({ contacts, companies: 1, deals: 0, sameTime: '2024-05-05T05:05:05.555Z' });
    const whole = await pages(rig, 'contact', 'changes');
    const ids = new Set(recordsOf(whole).map((record) => record.id));
    expect(ids.size).toBe(contacts);
    expect(recordsOf(whole)).toHaveLength(contacts);
    const middle = whole[Math.floor(whole.length / 2)];
    const rest = await pages(rig, 'contact', 'changes', middle?.cursor ?? null);
    const read = [...whole.slice(0, Math.floor(whole.length / 2) + 1), ...rest];
    expect(new Set(recordsOf(read).map((record) => record.id)).size).toBe(contacts);
    expect(rig.broken().rules).toEqual([]);
  });
}
