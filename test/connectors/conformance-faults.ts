import { expect, it } from 'vitest';
import type { FaultPlan } from '../../sandbox/faults.ts';
import type { SourceRecord } from '../../src/model/record.ts';
import {
  expectNoBrokenRules,
  label,
  labelTarget,
  pages,
  prepareOne,
  push,
  recordsOf,
  type Suite,
  TARGET_ID,
} from './conformance-rig.ts';

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

/** Over the network: what fails and passes, what stays, tokens that end, and a stop. */
export function faults({ can, start, rigOf }: Suite): void {
  const { calls } = can;
  if (calls === undefined) return;

  it.concurrent.each(PASSING)('reads all rows through %s', async (_name, fault) => {
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
  ])('ends a pull with an error, never with "no records", where %s stays', async (_name, fault) => {
    const rig = await start(can.seed);
    rig.faults?.({ rules: [{ match: '', times: 1_000, fault }] });
    await expect(pages(rig, 'contact', 'full')).rejects.toMatchObject({
      name: 'RemoteError',
      retryable: true,
    });
    await rig.stop();
  });

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

  // Whoever waits for the answer all the same is ended by the limit.
  it('stops at once when it is told to', { timeout: 30_000 }, async () => {
    const rig = await rigOf();
    rig.faults?.({ rules: [{ match: calls.read, times: 9, fault: { kind: 'latency', ms: 60_000 } }] });
    const controller = new AbortController();
    const context = rig.context({ signal: controller.signal });
    setTimeout(() => controller.abort(new Error('shut down')), 50);
    await expect(pages(rig, 'contact', 'full', null, { context })).rejects.toThrow('shut down');
  });
}
