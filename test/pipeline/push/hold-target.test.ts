import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FenceError } from '../../../src/errors.ts';
import { holdTarget } from '../../../src/pipeline/push/hold-target.ts';
import { listTargets, setTargetState } from '../../../src/store/targets.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { oneCrm } from '../one-crm.ts';
import { workOn } from '../stages.ts';
import { ages, publish, releaseAll, type Scope } from '../whole-run.ts';

let db: TestDatabase;
let scope: Scope;
let target: string;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  ({ scope } = await oneCrm(db));
  await publish(scope, ages());
  await releaseAll(scope);
  target = (await listTargets(db.pool, scope.tenant))[0]?.id ?? '';
});

const work = () => workOn(db.pool, scope.tenant, scope.connections);
const state = async () => {
  const [{ state, reason } = { state: null, reason: null }] = await listTargets(db.pool, scope.tenant, {
    ids: [target],
  });
  return [state, reason?.code ?? null];
};
const reason = { code: 'many_changes', message: 'Too many.', action: 'Look.' };

describe('a target that a run stops', () => {
  it('waits for a look, and says why', async () => {
    await holdTarget(work(), target, reason);
    expect(await state()).toEqual(['held', 'many_changes']);
  });

  it('stays paused where somebody paused it since the run read it', async () => {
    await setTargetState(db.pool, scope.tenant, [target], { state: 'paused', reason: null });
    await holdTarget(work(), target, reason);
    expect(await state()).toEqual(['paused', null]);
  });

  it('is left to the worker that took over', async () => {
    const lost = new FenceError('lease_lost', 'Another worker took over.', { action: 'Nothing to do.' });
    const checkFence = () => Promise.reject(lost);
    await expect(holdTarget({ ...work(), checkFence }, target, reason)).rejects.toBe(lost);
    expect(await state()).toEqual(['live', null]);
  });
});
