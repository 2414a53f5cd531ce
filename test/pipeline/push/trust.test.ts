import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Property } from '../../../connectors/contract.ts';
import { retireSegmentation } from '../../../src/pipeline/publish/publish.ts';
import { beginUndo, planUndo } from '../../../src/pipeline/push/undo.ts';
import { undoSlice } from '../../../src/pipeline/push/undo-slice.ts';
import { listTargets } from '../../../src/store/targets.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import type { MemoryCrm } from '../memory-crm.ts';
import { mismatches, oneCrm } from '../one-crm.ts';
import { workOn } from '../stages.ts';
import { ages, publish, releaseAll, type Scope, toEnd, wholeRun } from '../whole-run.ts';

let db: TestDatabase;
let crm: MemoryCrm;
let scope: Scope;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  ({ crm, scope } = await oneCrm(db, { pageSize: 100, batch: { properties: 50, membership: 50 } }));
});

const id = (i: number) => String(i).padStart(3, '0');

const property = (name: string): Property => ({
  object: 'contact',
  name,
  label: name,
  type: 'string',
  readOnly: false,
  ours: false,
});

async function written(n: number): Promise<string> {
  const runId = await first(n);
  crm.pushes.length = 0;
  return runId;
}

async function first(n: number): Promise<string> {
  for (let i = 1; i <= n; i += 1) crm.put('contact', id(i), { age: i, email: `p${i}@example.com` });
  await publish(scope, ages());
  await releaseAll(scope);
  return (await wholeRun(scope)).runId;
}

const pins = async () =>
  (await db.pool.query(`select external_key as key, value from ${scope.tenant.schema}.pin order by 1`)).rows;
const states = async () =>
  (await listTargets(db.pool, scope.tenant)).map(({ state, reason }) => [state, reason?.code ?? null]);

describe('a label that somebody set by hand', () => {
  it('is left alone, and counts as right', async () => {
    await written(30);
    crm.put('contact', '005', { seg_ages: 'vip' });
    const { counts } = await wholeRun(scope);
    expect(counts.push).toMatchObject({ pinned: 1 });
    expect(crm.pushes).toEqual([]);
    expect(await pins()).toEqual([{ key: '005', value: 'vip' }]);
    expect(await mismatches(scope)).toBe(0);
    // Even when our own label changes.
    crm.put('contact', '005', { age: 50 });
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['005']).toBe('vip');
    expect(await mismatches(scope)).toBe(0);
  });

  it('is ours again when somebody sets it back', async () => {
    await written(30);
    crm.put('contact', '005', { seg_ages: 'vip' });
    await wholeRun(scope);
    crm.put('contact', '005', { seg_ages: 'minor' });
    await wholeRun(scope);
    expect(await pins()).toEqual([]);
    crm.put('contact', '005', { age: 50 });
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['005']).toBe('adult');
  });

  it('is written over where the policy says so', async () => {
    scope.tenant.policy.handEdits = 'overwrite';
    await written(30);
    crm.put('contact', '005', { seg_ages: 'vip' });
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['005']).toBe('minor');
    expect(await pins()).toEqual([]);
    expect(crm.writes).toBe(1);
  });

  it('is ours again once the pin has run out', async () => {
    scope.tenant.policy.pinDays = 1;
    await written(30);
    crm.put('contact', '005', { seg_ages: 'vip' });
    await wholeRun(scope);
    await wholeRun(scope);
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['005']).toBe('minor');
  });

  it('an older value of ours that came back is written over', async () => {
    await written(30);
    crm.put('contact', '005', { age: 40 });
    await wholeRun(scope);
    crm.put('contact', '005', { seg_ages: 'minor' });
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['005']).toBe('adult');
    expect(await pins()).toEqual([]);
  });

  it('many at once are another tool: the target is held, and a release writes ours again', async () => {
    await written(60);
    for (let i = 1; i <= 25; i += 1) crm.put('contact', id(i), { seg_ages: 'other' });
    await wholeRun(scope);
    expect(crm.pushes).toEqual([]);
    expect(await pins()).toEqual([]);
    expect(await states()).toEqual([['held', 'edited_elsewhere']]);
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(25);
    expect(await mismatches(scope)).toBe(0);
  });

  it('our own writes, pulled again, are nobody else’s', async () => {
    await written(30);
    await wholeRun(scope, { full: true });
    const { rows } = await db.pool.query(`select from ${scope.tenant.schema}.sighting`);
    expect(rows).toEqual([]);
  });
});

const undo = (request: Parameters<typeof beginUndo>[2]) =>
  toEnd(
    (work) => undoSlice(work, request),
    async () => workOn(db.pool, scope.tenant, scope.connections),
  );

describe('undo', () => {
  it('says how much it will touch, restores what was there before, and stays undone', async () => {
    await written(30);
    for (let i = 1; i <= 12; i += 1) crm.put('contact', id(i), { age: 30 });
    const { runId } = await wholeRun(scope);
    // Somebody changed one of them since.
    crm.put('contact', '003', { seg_ages: 'vip' });

    expect(await planUndo(db.pool, scope.tenant, { runId })).toMatchObject({ records: 12, values: 12 });
    await beginUndo(db.pool, scope.tenant, { runId }, 'test');
    expect(await undo({ runId })).toMatchObject({ restored: 11, kept: 1 });
    const shown = crm.shown('seg_ages');
    expect([shown['001'], shown['003'], shown['012']]).toEqual(['minor', 'vip', 'minor']);

    crm.pushes.length = 0;
    await wholeRun(scope);
    expect(crm.pushes).toEqual([]);
    expect(await states()).toEqual([['paused', 'undone']]);
    expect(await planUndo(db.pool, scope.tenant, { runId })).toMatchObject({ records: 0 });
  });

  it('of a target takes everything back that it ever wrote', async () => {
    await written(30);
    crm.put('contact', '001', { age: 30 });
    await wholeRun(scope);
    const [target] = await listTargets(db.pool, scope.tenant);
    const request = { targetId: target?.id ?? '' };
    await beginUndo(db.pool, scope.tenant, request, 'test');
    await undo(request);
    expect(crm.shown('seg_ages')).toEqual({});
  });

  it('of nothing, or of a run that there is not, says so', async () => {
    await written(3);
    const { runId } = await wholeRun(scope);
    const again = (id: string) => beginUndo(db.pool, scope.tenant, { runId: id }, 'test');
    await expect(again(runId)).rejects.toMatchObject({ code: 'nothing_to_undo' });
    await expect(again('99999')).rejects.toMatchObject({ code: 'run_unknown' });
  });
});

describe('a segmentation that retires', () => {
  it('leaves what the CRM shows, and keeps its key', async () => {
    await written(10);
    await retireSegmentation(db.pool, scope.tenant, 'ages', { values: 'keep', by: 'test' });
    await wholeRun(scope);
    expect(Object.keys(crm.shown('seg_ages'))).toHaveLength(10);
    await expect(publish(scope, ages())).rejects.toMatchObject({ code: 'key_retired' });
  });

  it('takes its labels away where that is asked for', async () => {
    await written(10);
    await retireSegmentation(db.pool, scope.tenant, 'ages', { values: 'clear', by: 'test' });
    await wholeRun(scope);
    expect(crm.shown('seg_ages')).toEqual({});
  });
});

describe('a property of ours that was deleted in the CRM', () => {
  it('is made and filled again', async () => {
    await written(10);
    for (const record of crm.live.values()) delete record.properties.seg_ages;
    crm.properties = ['email', 'age'].map((name) => property(name));
    await wholeRun(scope);
    expect(await mismatches(scope)).toBe(0);
    expect(Object.keys(crm.shown('seg_ages'))).toHaveLength(10);
  });
});

describe('a property of ours that the CRM hides from us', () => {
  it('keeps what it shows, needs somebody, and goes on as if nothing had been once it is shown again', async () => {
    crm.properties = ['email', 'age'].map((name) => property(name));
    await written(10);
    const shown = crm.shown('seg_ages');
    const hidden = crm.hide('seg_ages');
    crm.needsYou = true;
    crm.put('contact', '001', { age: 70 });
    await wholeRun(scope, { full: true });
    expect(crm.pushes).toEqual([]);
    expect(await pins()).toEqual([]);
    expect(await states()).toEqual([['live', 'needs_you']]);

    crm.show(hidden);
    expect(crm.shown('seg_ages')).toEqual(shown);
    crm.needsYou = false;
    await wholeRun(scope, { full: true });
    expect(await pins()).toEqual([]);
    expect(await states()).toEqual([['live', null]]);
    expect(crm.pushes.flat().map((write) => write.id)).toEqual(['001']);
    expect(await mismatches(scope)).toBe(0);
  });
});

describe('a property of ours that was there before us', () => {
  it('keeps the values that are right, and undo brings the others back', async () => {
    crm.made.add('contact seg_ages');
    for (const n of [1, 2]) crm.put('contact', id(n), { seg_ages: 'minor' });
    crm.put('contact', '003', { seg_ages: 'senior' });
    const runId = await first(5);
    expect(crm.pushes.flat().map((write) => write.id)).toEqual(['003', '004', '005']);
    expect(await pins()).toEqual([]);
    expect(await mismatches(scope)).toBe(0);
    await beginUndo(db.pool, scope.tenant, { runId }, 'test');
    await undo({ runId });
    expect(crm.shown('seg_ages')).toEqual({ '001': 'minor', '002': 'minor', '003': 'senior' });
  });
});
