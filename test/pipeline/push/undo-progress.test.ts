import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { planUndo } from '../../../src/pipeline/push/undo.ts';
import { continueUndo, requestUndo } from '../../../src/pipeline/push/undo-progress.ts';
import type { ConnectionOpener } from '../../../src/pipeline/run.ts';
import { setConnectionState } from '../../../src/store/connections.ts';
import { listTargets } from '../../../src/store/targets.ts';
import { activeUndo, getUndo } from '../../../src/store/undos.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import type { MemoryCrm } from '../memory-crm.ts';
import { oneCrm } from '../one-crm.ts';
import { workOn } from '../stages.ts';
import { ages, publish, releaseAll, type Scope, wholeRun } from '../whole-run.ts';

let db: TestDatabase;
let crm: MemoryCrm;
let scope: Scope;
let runId = '';

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  ({ crm, scope } = await oneCrm(db));
  for (const age of [10, 30, 70]) crm.put('contact', String(age), { age, email: `p${age}@example.com` });
  await publish(scope, ages());
  await releaseAll(scope);
  ({ runId } = await wholeRun(scope));
});

const loseAccess = () =>
  setConnectionState(db.pool, scope.tenant, 'crm', 'needs_you', {
    code: 'token_refused',
    message: 'The CRM refuses our token.',
    action: 'Connect it again.',
  });

const openConnections: ConnectionOpener = () => ({
  open: (id) => workOn(db.pool, scope.tenant, scope.connections).openConnection(id),
  calls: () => ({}),
  close: async () => undefined,
});

/** Its slices, one after the other, until it has ended. */
async function toTheEnd(id: string) {
  const signal = new AbortController().signal;
  const log = pino({ level: 'silent' });
  const parts = { pool: db.pool, tenant: scope.tenant, openConnections, signal, log };
  while (await continueUndo(parts, id));
  return await getUndo(db.pool, scope.tenant, id);
}

it('an undo is refused on a connection that lost its access, and nothing is paused for it', async () => {
  await loseAccess();
  await expect(requestUndo(db.pool, scope.tenant, { runId }, 'test')).rejects.toMatchObject({
    code: 'connection_broken',
    message: "crm can't be written to: The CRM refuses our token. Nothing was taken back.",
  });
  expect(await activeUndo(db.pool, scope.tenant)).toBeNull();
  expect((await listTargets(db.pool, scope.tenant)).map(({ state }) => state)).toEqual(['live']);
  expect(Object.keys(crm.shown('seg_ages'))).toHaveLength(3);
});

it('an undo under way does not call itself done where a connection lost its access, and begins again after', async () => {
  const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
  await loseAccess();
  const stopped = await toTheEnd(id);
  expect(stopped).toMatchObject({ restored: 0, reason: { code: 'connection_broken' } });
  expect(stopped.reason?.message).toContain('3 values wait there.');
  expect(stopped.endedAt).not.toBeNull();

  await setConnectionState(db.pool, scope.tenant, 'crm', 'connected');
  const again = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
  expect(await toTheEnd(again.id)).toMatchObject({ restored: 3, kept: 0, reason: null });
  expect(crm.shown('seg_ages')).toEqual({});
});

it('of a target that there is not says so', async () => {
  await expect(planUndo(db.pool, scope.tenant, { targetId: 't99' })).rejects.toMatchObject({
    code: 'target_unknown',
  });
});
