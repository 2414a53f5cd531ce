import { expect, it } from 'vitest';
import {
  expectNoBrokenRules,
  label,
  labelTarget,
  prepareOne,
  push,
  type Suite,
  stateOf,
  TARGET_ID,
} from './conformance-rig.ts';

/** What is prepared once, written twice without harm, and answered row by row where a CRM answers. */
export function writing({ can, rigOf }: Suite): void {
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
}
