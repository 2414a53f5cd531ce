import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RemoteError } from '../../../src/errors.ts';
import { planUndo } from '../../../src/pipeline/push/undo.ts';
import { continueUndo, requestUndo } from '../../../src/pipeline/push/undo-progress.ts';
import type { ConnectionOpener } from '../../../src/pipeline/run.ts';
import { setConnectionState } from '../../../src/store/connections.ts';
import { listTargets } from '../../../src/store/targets.ts';
import { activeUndo, getUndo } from '../../../src/store/undos.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { MemoryCrm } from '../memory-crm.ts';
import { oneCrm } from '../one-crm.ts';
import { emptyTenant, setUp, workOn } from '../stages.ts';
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

function oneSlice(id: string, opener = openConnections, sliceMs?: number) {
  const signal = new AbortController().signal;
  const log = pino({ level: 'silent' });
  const parts = { pool: db.pool, tenant: scope.tenant, openConnections: opener, signal, log };
  return continueUndo({ ...parts, ...(sliceMs !== undefined && { sliceMs }) }, id);
}

/** Its slices, one after the other, until it has ended. */
async function toTheEnd(id: string) {
  while (await oneSlice(id));
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

it('a value that the CRM does not take back stays, and is not told as restored', async () => {
  const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
  crm.refuse = ({ id: key }) =>
    key === '30' ? { state: 'refused', code: 'LOCKED', message: 'This record is locked.' } : null;
  expect(await toTheEnd(id)).toMatchObject({ restored: 2, kept: 1, reason: null });
  expect(crm.shown('seg_ages')).toEqual({ '30': 'adult' });
});

it('a value goes back although the CRM refuses another one of its record', async () => {
  await publish(scope, ages(), ages(65, { key: 'years' }));
  await releaseAll(scope);
  ({ runId } = await wholeRun(scope));
  const targets = await listTargets(db.pool, scope.tenant);
  const years = targets.find(({ segmentation }) => segmentation === 'years')?.id ?? '';
  for (const each of targets) {
    // Both values of a record go in one write where the log of one scope names both.
    await db.pool.query(`update ${scope.tenant.schema}.push_log set run_id = $1 where target_id = $2`, [
      runId,
      each.id,
    ]);
  }
  const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
  crm.refuse = (write) =>
    write.kind === 'properties' && years in write.values
      ? { state: 'refused', code: 'READ_ONLY', message: 'No.', targetId: years }
      : null;
  expect(await toTheEnd(id)).toMatchObject({ restored: 3, kept: 3, reason: null });
  expect(crm.shown('seg_ages')).toEqual({});
  expect(Object.keys(crm.shown('seg_years'))).toHaveLength(3);
});

it.each([
  ['was carried out', () => undefined],
  ['was lost', () => ({ state: 'unknown' as const })],
])('a write without an answer is looked at again, whether it %s', async (_, refuse) => {
  const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
  crm.refuse = () => refuse() ?? null;
  crm.afterPush = () => {
    crm.refuse = () => null;
    crm.afterPush = () => {};
    throw new RemoteError('timeout', 'No answer.', {
      ...{ status: 0, retryable: true, outcomeUnknown: true },
      action: 'Nothing to do.',
    });
  };
  const first = await oneSlice(id);
  expect(first).toEqual({ againInMs: expect.any(Number) });
  expect(await getUndo(db.pool, scope.tenant, id)).toMatchObject({ reason: { code: 'not_answering' } });
  expect(await toTheEnd(id)).toMatchObject({ restored: 3, kept: 0, reason: null });
  expect(crm.shown('seg_ages')).toEqual({});
});

describe('with two CRMs, of which one is down', () => {
  let second: MemoryCrm;
  const down = (status: number) =>
    new RemoteError('down', 'crm does not answer.', { status, retryable: status >= 500, action: 'Wait.' });

  beforeEach(async () => {
    await emptyTenant(db.pool, db.tenant);
    crm = new MemoryCrm();
    second = new MemoryCrm();
    const connections = [
      { id: 'crm', crm },
      { id: 'second', crm: second, rank: 1 },
    ];
    scope = { pool: db.pool, tenant: structuredClone(db.tenant), connections };
    await setUp(db.pool, db.tenant, connections);
    for (const age of [10, 30, 70]) {
      crm.put('contact', String(age), { age, email: `p${age}@example.com` });
      second.put('contact', `s${age}`, { age, email: `s${age}@example.com` });
    }
    await publish(scope, ages());
    await releaseAll(scope);
    ({ runId } = await wholeRun(scope));
  });

  /** Opening it fails, at once or once something has come to its end. */
  const failing =
    (error: () => Error, after: () => Promise<unknown> = async () => undefined): ConnectionOpener =>
    (of) => {
      const opened = openConnections(of);
      const fail = async () => {
        await after();
        throw error();
      };
      return { ...opened, open: (id) => (id === 'second' ? opened.open(id) : fail()) };
    };

  it('what the other shows goes back meanwhile, and the rest once it is up again', async () => {
    const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
    expect(
      await oneSlice(
        id,
        failing(() => down(503)),
      ),
    ).toEqual({ againInMs: 10_000 });
    expect(await getUndo(db.pool, scope.tenant, id)).toMatchObject({
      restored: 3,
      endedAt: null,
      reason: { code: 'down' },
    });
    expect(second.shown('seg_ages')).toEqual({});
    expect(Object.keys(crm.shown('seg_ages'))).toHaveLength(3);
    expect(await toTheEnd(id)).toMatchObject({ restored: 6, kept: 0, reason: null });
    expect(crm.shown('seg_ages')).toEqual({});
  });

  it('a failure that is final ends the undo only after the other is through', async () => {
    const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
    expect(
      await oneSlice(
        id,
        failing(() => down(400)),
      ),
    ).toBeUndefined();
    const ended = await getUndo(db.pool, scope.tenant, id);
    expect(ended).toMatchObject({ restored: 3, reason: { code: 'down' } });
    expect(ended.endedAt).not.toBeNull();
  });

  it('one that is awaited for long leaves the other its time', async () => {
    const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
    const written = new Promise<void>((resolve) => {
      second.afterPush = () => resolve();
    });
    await oneSlice(
      id,
      failing(
        () => down(503),
        () => written,
      ),
      60_000,
    );
    expect(await getUndo(db.pool, scope.tenant, id)).toMatchObject({ restored: 3 });
  });
});

it('an undo goes on after a fault of the database that passes', async () => {
  const { id } = await requestUndo(db.pool, scope.tenant, { runId }, 'test');
  const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' });
  const failing: ConnectionOpener = (of) => ({
    ...openConnections(of),
    open: () => Promise.reject(deadlock),
  });
  expect(await oneSlice(id, failing)).toEqual({ againInMs: expect.any(Number) });
  expect(await getUndo(db.pool, scope.tenant, id)).toMatchObject({
    endedAt: null,
    reason: { code: 'database_conflict' },
  });
  expect(await toTheEnd(id)).toMatchObject({ restored: 3, reason: null });
});
