import { afterEach, describe, expect, it } from 'vitest';
import type { memoryContext } from '../../connectors/context.ts';
import type {
  Connector,
  Json,
  Outcome,
  Page,
  Prepared,
  PrepareTarget,
  PullMode,
  TargetValue,
  Write,
} from '../../connectors/contract.ts';
import type { FaultPlan } from '../../sandbox/faults.ts';
import type { ObjectType, SourceRecord } from '../../src/model/record.ts';

/** Records to fill a CRM with, in no CRM's words. Contact i belongs to company i modulo companies; deal i to contact i. */
export type RigSeed = {
  contacts: number;
  companies: number;
  deals: number;
  /** All records changed at this one instant; else a minute apart. */
  sameTime?: string;
};

/** One CRM account over real HTTP (or a folder), with a back door for the test. */
export type Rig = {
  connector: Connector;
  context(options?: { signal?: AbortSignal }): ReturnType<typeof memoryContext>;
  /** The property that the test edits and reads, by object. */
  property: Record<ObjectType, string>;
  ids(object: ObjectType): string[];
  /** Behind the API's back. */
  edit(object: ObjectType, id: string, value: string): void | Promise<void>;
  create(object: ObjectType, value: string): string | Promise<string>;
  remove(object: ObjectType, id: string): void | Promise<void>;
  /** Moves a contact to another company (a deal to another contact where there are no companies). */
  relink(
    id: string,
  ):
    | { object: ObjectType; to: ObjectType; toId: string }
    | Promise<{ object: ObjectType; to: ObjectType; toId: string }>;
  /** The survivor's id. */
  merge?(object: ObjectType, primary: string, other: string): string;
  /** What the CRM itself shows for a target on a record; null for no value. */
  shown(remote: Json, object: ObjectType, id: string): TargetValue | Promise<TargetValue>;
  /** A field of the name that we would use, made by somebody else. Its present definition, to compare. */
  foreign?: { make(target: PrepareTarget): void | Promise<void>; read(target: PrepareTarget): unknown };
  faults?(plan: FaultPlan): void;
  /** Moves the account's clock and ours. */
  advance?(ms: number): void;
  /** Writes that the CRM has seen. */
  writes(): number;
  /** Rules of the CRM that we broke, and answers that told us to slow down. */
  broken(): { rules: unknown[]; throttled: number };
  stop(): Promise<void>;
};

export type Abilities = {
  seed: RigSeed;
  objects: ObjectType[];
  /** Does `deleted` find deletions? Else they are found by reading all ids. */
  findsDeletes: boolean;
  /** How many records to share one timestamp. */
  sameTime?: number;
  /** Regular expressions over "METHOD /path" for faults. */
  calls?: { read: string; search: string; write: string };
  /** The target that the tests write labels to. */
  target: PrepareTarget['kind'];
  many: boolean;
};

const TARGET_ID = 'target-1';

export const labelTarget = (
  kind: PrepareTarget['kind'],
  more: Partial<PrepareTarget> = {},
): PrepareTarget => ({
  id: TARGET_ID,
  kind,
  object: 'contact',
  segmentation: { key: 'value_tiers', name: 'Value tiers', labels: 'one' },
  segments: [
    { key: 'gold', name: 'Gold' },
    { key: 'silver', name: 'Silver' },
  ],
  remote: null,
  mayCreate: true,
  ...more,
});

export const pages = async (
  rig: Rig,
  object: ObjectType,
  mode: PullMode,
  cursor: Json = null,
  more: { ids?: string[]; context?: ReturnType<Rig['context']> } = {},
): Promise<Page[]> => {
  const { connector } = rig;
  if (!connector.pull) throw new Error(`${connector.key} is only written to`);
  const all: Page[] = [];
  const request = {
    object,
    mode,
    cursor,
    properties: [rig.property[object]],
    ids: more.ids?.map((id) => ({ id, kind: object })),
  };
  for await (const page of connector.pull(more.context ?? rig.context(), request)) {
    // What is committed is JSON: a cursor must survive it.
    all.push({ ...page, cursor: JSON.parse(JSON.stringify(page.cursor)) });
  }
  return all;
};

const recordsOf = (read: Page[]) => read.flatMap((page) => page.records);

/** The last state of each record by id, as a store would hold it. */
const byId = (records: SourceRecord[]) => {
  const held = new Map<string, SourceRecord>();
  for (const record of records) {
    const before = held.get(record.id);
    if (!before || before.updatedAt <= record.updatedAt) held.set(record.id, record);
  }
  return held;
};

const sorted = (records: SourceRecord[]) =>
  [...byId(records).values()].sort((a, b) => (a.id < b.id ? -1 : 1));

export const prepareOne = async (rig: Rig, target: PrepareTarget): Promise<Prepared> => {
  const [prepared] = await rig.connector.prepare(rig.context(), [target]);
  if (!prepared) throw new Error('prepare answered nothing');
  return prepared;
};

export const push = async (rig: Rig, writes: Write[], remotes: Record<string, Json>): Promise<Outcome[]> => {
  const context = rig.context();
  let job: Json = null;
  for (;;) {
    const answer = await rig.connector.push(context, { writes, remotes, job });
    if (answer.state === 'done') return answer.outcomes;
    job = answer.job;
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfterMs));
  }
};

export const label = (id: string, value: TargetValue): Write => ({
  kind: 'properties',
  object: 'contact',
  id,
  recordKind: 'contact',
  values: { [TARGET_ID]: value },
  email: `${id}@example.com`,
});

const stateOf = (outcomes: Outcome[]) => Object.fromEntries(outcomes.map(({ id, state }) => [id, state]));

/** Faults that pass: the call is made again and nothing is lost. */
const PASSING: [string, NonNullable<FaultPlan['rules']>[number]['fault']][] = [
  ['a 429 with Retry-After in seconds', { kind: 'throttle', retryAfter: '1' }],
  ['a 429 with junk in Retry-After', { kind: 'throttle', retryAfter: 'soon' }],
  ['a 429 without Retry-After', { kind: 'throttle' }],
  ['a 500', { kind: 'status', status: 500 }],
  ['a 502 after the call was applied', { kind: 'status', status: 502, applied: true }],
  ['a 503', { kind: 'status', status: 503 }],
  ['a socket dropped before the call was applied', { kind: 'drop', when: 'before' }],
  ['a socket dropped after the call was applied', { kind: 'drop', when: 'after' }],
  ['an answer cut off by the network', { kind: 'drop', when: 'during' }],
  ['an answer that is too short for its syntax', { kind: 'truncate' }],
  ['a web page with status 200', { kind: 'html' }],
  ['an empty answer', { kind: 'empty' }],
];

/**
 * What every connector has to do, over real HTTP where there is a CRM. `start` makes a fresh account each time.
 */
export function conformance(name: string, start: (seed: RigSeed) => Promise<Rig>, can: Abilities): void {
  describe(`${name} conforms`, () => {
    const open: Rig[] = [];
    const rigOf = async (seed: Partial<RigSeed> = {}): Promise<Rig> => {
      const rig = await start({ ...can.seed, ...seed });
      open.push(rig);
      return rig;
    };
    afterEach(async () => {
      await Promise.all(open.splice(0).map((rig) => rig.stop()));
    });
    const expectNoBrokenRules = (rig: Rig) => expect(rig.broken()).toEqual({ rules: [], throttled: 0 });

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

    it.runIf(can.sameTime)(
      'reads any number of records that share one timestamp',
      { timeout: 60_000 },
      async () => {
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
      },
    );

    it('prepares once: again changes nothing', async () => {
      const rig = await rigOf();
      const { made = false, ...first } = await prepareOne(rig, labelTarget(can.target));
      expect(first.state).toBe('ready');
      // A column of a file is only written to, and never read.
      expect(made).toBe(can.target === 'property');
      const writes = rig.writes();
      const again = await prepareOne(rig, labelTarget(can.target, { remote: first.remote }));
      expect(again).toEqual(first);
      // The answer was lost before it could be remembered: what is there is recognised as ours.
      expect(await prepareOne(rig, labelTarget(can.target))).toEqual(first);
      expect(rig.writes()).toBe(writes);
      expectNoBrokenRules(rig);
    });

    it('never takes over what somebody else made', async () => {
      const rig = await rigOf();
      if (!rig.foreign) return;
      const target = labelTarget(can.target);
      await rig.foreign.make(target);
      const writes = rig.writes();
      const before = await rig.foreign.read(target);
      const prepared = await prepareOne(rig, target);
      expect(prepared.state).toBe('needs_you');
      expect(prepared.message).not.toBe('');
      expect(prepared.action).not.toBe('');
      expect(await rig.foreign.read(target)).toEqual(before);
      expect(before).not.toBe(undefined);
      expect(rig.writes()).toBe(writes);
    });

    it('writes labels; again is harmless, and null clears', async () => {
      const rig = await rigOf();
      const { remote } = await prepareOne(rig, labelTarget(can.target));
      const ids = rig.ids('contact').slice(0, 5);
      const writes = ids.map((id, index) => label(id, index % 2 === 0 ? 'gold' : 'silver'));
      for (let round = 0; round < 2; round += 1) {
        const outcomes = await push(rig, writes, { [TARGET_ID]: remote });
        expect(stateOf(outcomes)).toEqual(Object.fromEntries(ids.map((id) => [id, 'done'])));
        const shown = await Promise.all(ids.map((id) => rig.shown(remote, 'contact', id)));
        expect(shown).toEqual(ids.map((_id, index) => (index % 2 === 0 ? 'gold' : 'silver')));
      }
      const [first = ''] = ids;
      await push(rig, [label(first, null)], { [TARGET_ID]: remote });
      expect(await rig.shown(remote, 'contact', first)).toBe(null);
      expectNoBrokenRules(rig);
    });

    it.runIf(can.many)('writes several labels of one record', async () => {
      const rig = await rigOf();
      const segmentation = { key: 'shop', name: 'Shop', labels: 'many' as const };
      const { remote } = await prepareOne(rig, labelTarget(can.target, { segmentation }));
      const [id = ''] = rig.ids('contact');
      await push(rig, [label(id, ['gold', 'silver'])], { [TARGET_ID]: remote });
      expect(await rig.shown(remote, 'contact', id)).toBe('gold;silver');
      await push(rig, [label(id, ['silver'])], { [TARGET_ID]: remote });
      expect(await rig.shown(remote, 'contact', id)).toBe('silver');
    });

    const { calls } = can;
    if (calls === undefined) return;

    it('tells the rows that no longer exist from the others', async () => {
      const rig = await rigOf();
      const { remote } = await prepareOne(rig, labelTarget(can.target));
      const [gone = '', kept = ''] = rig.ids('contact');
      await rig.remove('contact', gone);
      const outcomes = await push(rig, [label(gone, 'gold'), label(kept, 'gold')], { [TARGET_ID]: remote });
      expect(stateOf(outcomes)).toEqual({ [gone]: 'gone', [kept]: 'done' });
      expectNoBrokenRules(rig);
    });

    it('names the rows whose value is not accepted, and the target at fault', async () => {
      const rig = await rigOf();
      const { remote } = await prepareOne(rig, labelTarget(can.target));
      const [bad = '', good = ''] = rig.ids('contact');
      const outcomes = await push(rig, [label(bad, 'bronze'), label(good, 'gold')], { [TARGET_ID]: remote });
      expect(stateOf(outcomes)).toEqual({ [bad]: 'refused', [good]: 'done' });
      const refused = outcomes.find(({ id }) => id === bad);
      expect(refused?.targetId).toBe(TARGET_ID);
      expect(refused?.message).not.toBe('');
      expect(await rig.shown(remote, 'contact', good)).toBe('gold');
    });

    it.each([false, true])('matches a partial failure to its rows (bare errors: %s)', async (bare) => {
      const rig = await rigOf();
      const { remote } = await prepareOne(rig, labelTarget(can.target));
      const ids = rig.ids('contact').slice(0, 60);
      rig.faults?.({
        seed: 3,
        rules: [{ match: calls.write, fault: { kind: 'partial', share: 0.3, bare } }],
      });
      const outcomes = await push(
        rig,
        ids.map((id) => label(id, 'gold')),
        { [TARGET_ID]: remote },
      );
      expect(outcomes.map(({ id }) => id).sort()).toEqual([...ids].sort());
      const states = new Set(outcomes.map(({ state }) => state));
      expect(states.size).toBeGreaterThan(1);
      for (const { id, state } of outcomes) {
        const isShown = (await rig.shown(remote, 'contact', id)) === 'gold';
        expect(isShown).toBe(state === 'done');
      }
    });

    it.concurrent.each(PASSING)('reads all rows through %s', { timeout: 20_000 }, async (_name, fault) => {
      const rig = await start(can.seed);
      rig.faults?.({ rules: [{ match: calls.read, nth: 2, fault }] });
      const read = await pages(rig, 'contact', 'full');
      expect(
        recordsOf(read)
          .map(({ id }) => id)
          .sort(),
      ).toEqual(rig.ids('contact').sort());
      expect(rig.broken().rules).toEqual([]);
      await rig.stop();
    });

    it.concurrent.each(PASSING.filter(([, fault]) => fault.kind !== 'empty'))(
      'writes all rows through %s',
      { timeout: 20_000 },
      async (_name, fault) => {
        const rig = await start(can.seed);
        const { remote } = await prepareOne(rig, labelTarget(can.target));
        rig.faults?.({ rules: [{ match: calls.write, fault }] });
        const ids = rig.ids('contact').slice(0, 5);
        const outcomes = await push(
          rig,
          ids.map((id) => label(id, 'gold')),
          { [TARGET_ID]: remote },
        );
        expect(outcomes.map(({ id }) => id).sort()).toEqual([...ids].sort());
        for (const { id, state } of outcomes) {
          // Done is a promise; unknown is read back by the caller. Nothing else may come of it.
          expect(['done', 'unknown']).toContain(state);
          if (state === 'done') expect(await rig.shown(remote, 'contact', id)).toBe('gold');
        }
        expect(rig.broken().rules).toEqual([]);
        await rig.stop();
      },
    );

    it.concurrent.each([
      ['a web page with status 200', { kind: 'html' } as const],
      ['an answer that breaks off', { kind: 'truncate' } as const],
    ])(
      'ends a pull with an error, never with "no records", where %s stays',
      { timeout: 40_000 },
      async (_name, fault) => {
        const rig = await start(can.seed);
        rig.faults?.({ rules: [{ match: '', times: 1_000, fault }] });
        await expect(pages(rig, 'contact', 'full')).rejects.toMatchObject({
          name: 'RemoteError',
          retryable: true,
        });
        await rig.stop();
      },
    );

    it('renews a token before it ends, in the middle of a pull', async () => {
      const rig = await rigOf();
      const context = rig.context();
      const read: SourceRecord[] = [];
      const request = { object: 'contact' as const, mode: 'full' as const, cursor: null, properties: [] };
      for await (const page of rig.connector.pull?.(context, request) ?? []) {
        read.push(...page.records);
        rig.advance?.(3_600_000);
      }
      expect(read.map(({ id }) => id).sort()).toEqual(rig.ids('contact').sort());
      expectNoBrokenRules(rig);
    });

    it('asks for a new token once where one is refused early, and gives up if that is refused too', async () => {
      const rig = await rigOf();
      rig.faults?.({ rules: [{ match: calls.read, nth: 2, fault: { kind: 'status', status: 401 } }] });
      const read = await pages(rig, 'contact', 'full');
      expect(recordsOf(read)).toHaveLength(rig.ids('contact').length);
      rig.faults?.({ rules: [{ match: calls.read, times: 100, fault: { kind: 'status', status: 401 } }] });
      const context = rig.context();
      await expect(pages(rig, 'contact', 'full', null, { context })).rejects.toMatchObject({
        name: 'AuthError',
      });
      expect(context.calls.calls).toBe(2);
    });

    it('stops at once when it is told to', async () => {
      const rig = await rigOf();
      rig.faults?.({ rules: [{ match: calls.read, times: 9, fault: { kind: 'latency', ms: 5_000 } }] });
      const controller = new AbortController();
      const context = rig.context({ signal: controller.signal });
      const startedAt = performance.now();
      setTimeout(() => controller.abort(new Error('shut down')), 50);
      await expect(pages(rig, 'contact', 'full', null, { context })).rejects.toThrow('shut down');
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });
  });
}
