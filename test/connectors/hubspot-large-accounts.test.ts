import { describe, expect, it } from 'vitest';
import type { Json } from '../../connectors/contract.ts';
import hubspot from '../../connectors/hubspot/index.ts';
import { answering, hubspotRigs, seedOf } from './hubspot-rig.ts';

/** What a large, old account does that a small, tidy one does not. */

const rigOf = hubspotRigs({ contacts: 6, companies: 2, deals: 3 });
type Rig = Awaited<ReturnType<typeof rigOf>>;

describe('reading a large, old account', () => {
  it('goes on from the time that search sorts by, whatever else a record says of its change', async () => {
    const seed = seedOf({ contacts: 450, companies: 1, deals: 0 });
    const rig = await rigOf({ lifted: true }, seed);
    const aDayOn = (text: unknown) => new Date(Date.parse(String(text)) + 86_400_000).toISOString();
    const fetch = answering(/\/search$/, ({ results, ...rest }) => ({
      ...rest,
      results: results.map((record) => ({ ...record, updatedAt: aDayOn(record.updatedAt) })),
    }));
    const read = new Set<string>();
    const request = { object: 'contact', mode: 'changes', cursor: null, properties: [] } as const;
    for await (const page of hubspot.pull(rig.context({ fetch }), { ...request, properties: [] }))
      for (const { id } of page.records) read.add(id);
    expect(read.size).toBe(450);
  });

  it('reads a record alone whose properties do not fit into one address', async () => {
    const rig = await rigOf();
    rig.crm.faults.replace({
      rules: [{ match: '/batch/read', times: 9, fault: { kind: 'partial', share: 1 } }],
    });
    const [id = ''] = rig.ids('contact');
    const names = Array.from({ length: 900 }, (_, n) => `a_property_with_a_long_name_${n}`);
    const request = {
      object: 'contact' as const,
      mode: 'ids' as const,
      cursor: null,
      ids: [{ id, kind: 'contact' }],
    };
    const read = [];
    for await (const page of hubspot.pull(rig.context(), {
      ...request,
      properties: ['email', ...names, 'lastname'],
    }))
      read.push(...page.records);
    expect(read).toMatchObject([
      { id, state: 'live', properties: { email: 'p0@example.com', lastname: 'Person 0' } },
    ]);
    expect(rig.broken().rules).toEqual([]);
  });

  it('reads a page whatever one of its records holds', async () => {
    const rig = await rigOf();
    const fetch = answering(/\/deals$/, ({ results, ...rest }) => ({
      ...rest,
      results: results.map((record, n) =>
        n === 0
          ? {
              ...record,
              createdAt: '+20222-01-01T00:00:00Z',
              properties: { dealname: 'Odd', amount: 5, won: true },
            }
          : record,
      ),
    }));
    const request = { object: 'deal' as const, mode: 'full' as const, cursor: null, properties: ['amount'] };
    const read = [];
    for await (const page of hubspot.pull(rig.context({ fetch }), request)) read.push(...page.records);
    expect(read).toHaveLength(3);
    expect(read[0]).toMatchObject({
      createdAt: null,
      properties: { dealname: 'Odd', amount: '5', won: 'true' },
    });
  });

  it('reads all of a thousand links of one record, with the record that has none beside it', async () => {
    const seed = seedOf({ contacts: 1_100, companies: 1, deals: 2 });
    const [many, none] = seed.deals;
    if (many) many.links = seed.contacts.map(({ ref }) => ({ to: 'contact' as const, ref }));
    if (none) none.links = [];
    const rig = await rigOf({ lifted: true }, seed);
    for (const mode of ['full', 'changes'] as const) {
      const counts = new Map<string, number | undefined>();
      const request = { object: 'deal' as const, mode, cursor: null, properties: [] };
      for await (const { records } of hubspot.pull(rig.context(), request))
        for (const { id, links } of records) counts.set(id, new Set(links?.map((link) => link.id)).size);
      expect(Object.fromEntries(counts)).toEqual({ [many?.ref ?? '']: 1_100, [none?.ref ?? '']: 0 });
    }
    expect(rig.broken().rules).toEqual([]);
  });

  it('does not take links away that HubSpot could not look up', async () => {
    const rig = await rigOf();
    const [id = ''] = rig.ids('contact');
    const fetch = answering(/\/associations\//, ({ results: _lost, ...rest }) => ({
      ...rest,
      results: [],
      errors: [
        {
          status: 'error',
          category: 'OBJECT_NOT_FOUND',
          subCategory: 'crm.associations.OBJECT_TYPE_NOT_READY',
          message: 'Try later',
          context: { fromObjectId: [id] },
        },
      ],
    }));
    const request = { object: 'contact' as const, mode: 'ids' as const, cursor: null, properties: [] };
    for await (const { records } of hubspot.pull(rig.context({ fetch }), {
      ...request,
      ids: [{ id, kind: 'contact' }],
    }))
      expect(records.map(({ state, links }) => [state, links])).toEqual([['live', undefined]]);
    expect.assertions(1);
  });

  it('tells of an archived record that does not say when it was', async () => {
    const rig = await rigOf();
    const pull = async (context: ReturnType<Rig['context']>, cursor: Json) => {
      const pages = [];
      const request = { object: 'contact' as const, mode: 'deleted' as const, cursor, properties: [] };
      for await (const page of hubspot.pull(context, request)) pages.push(page);
      return pages;
    };
    const first = await pull(rig.context(), null);
    rig.crm.clock.advance(3_600_000);
    const [id = ''] = rig.ids('contact');
    rig.admin.archive('contact', id);
    const fetch = answering(/\/contacts$/, ({ results }) => ({
      results: results.map(({ archivedAt: _unsaid, ...record }) => record),
    }));
    const second = await pull(rig.context({ fetch }), first.at(-1)?.cursor ?? null);
    expect(second.flatMap((page) => page.records)).toMatchObject([{ id, state: 'deleted' }]);
  });

  it('reads a long list of archived records no more often than one call in a hundred allows', async () => {
    const rig = await rigOf({ lifted: true }, seedOf({ contacts: 1_101, companies: 1, deals: 0 }));
    const [last = '', ...others] = rig.ids('contact').reverse();
    for (const id of others) rig.admin.archive('contact', id);
    const pull = async (cursor: Json) => {
      const context = rig.context();
      const pages = [];
      const request = { object: 'contact' as const, mode: 'deleted' as const, cursor, properties: [] };
      for await (const page of hubspot.pull(context, request)) pages.push(page);
      const ids = pages.flatMap((page) => page.records.map(({ id }) => id));
      return { calls: context.calls.calls, cursor: pages.at(-1)?.cursor ?? null, ids };
    };
    const first = await pull(null);
    expect([first.calls, first.ids.length]).toEqual([11, 1_100]);
    rig.crm.clock.advance(60_000);
    rig.admin.archive('contact', last);
    const soon = await pull(first.cursor);
    expect(soon).toEqual({ calls: 0, cursor: first.cursor, ids: [] });
    rig.crm.clock.advance(60_000);
    const later = await pull(soon.cursor);
    expect(later.calls).toBe(12);
    expect(later.ids).toContain(last);
  });

  it('shows the other properties where one can not be read, and null for nothing', async () => {
    const rig = await rigOf();
    const count = (await hubspot.discover(rig.context(), 'contact')).length;
    const fetch = answering(/\/crm\/properties\//, ({ results }) => ({
      results: results.map((property, n) => {
        if (n === 0) return { ...property, type: null };
        return {
          ...property,
          label: null,
          description: null,
          options: null,
          calculated: null,
          archived: null,
        };
      }),
    }));
    const found = await hubspot.discover(rig.context({ fetch }), 'contact');
    expect(found).toHaveLength(count - 1);
    expect(found[0]).toMatchObject({ label: '', readOnly: expect.any(Boolean), ours: false });
  });
});
