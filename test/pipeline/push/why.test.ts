import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { RemoteError } from '../../../src/errors.ts';
import { releaseTargets } from '../../../src/pipeline/publish/release.ts';
import { beginUndo } from '../../../src/pipeline/push/undo.ts';
import { undoSlice } from '../../../src/pipeline/push/undo-slice.ts';
import type { Segmentation } from '../../../src/segmentation/definition.ts';
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
  ({ crm, scope } = await oneCrm(db, { pageSize: 50, defaultTargets: ['property', 'why'] }));
});

/** Ann is 70, Ben 30; labels and reasons are written. */
async function written(definition: Segmentation = ages()): Promise<string> {
  crm.put('contact', 'ann', { age: 70, email: 'ann@example.com' });
  crm.put('contact', 'ben', { age: 30, email: 'ben@example.com' });
  await publish(scope, definition);
  await releaseAll(scope);
  const { runId } = await wholeRun(scope);
  return runId;
}
const again = async () => {
  crm.pushes.length = 0;
  return wholeRun(scope);
};
const why = () => crm.shown('seg_why');
const targetId = async (kind: string) =>
  (await listTargets(db.pool, scope.tenant)).find((target) => target.kind === kind)?.id ?? '';
const undo = async (request: Parameters<typeof beginUndo>[2]) => {
  await beginUndo(db.pool, scope.tenant, request, 'test');
  return toEnd(
    (work) => undoSlice(work, request),
    async () => workOn(db.pool, scope.tenant, scope.connections),
  );
};

it('a reason is written in the same call as its label, and again only with another label', async () => {
  await written();
  expect(why()).toEqual({ ann: 'Age: 70 (at least 65).', ben: 'Age: 30 (at least 18).' });
  expect(crm.writes).toBe(2);

  crm.put('contact', 'ann', { age: 71 });
  await again();
  expect(crm.pushes).toEqual([]);

  crm.put('contact', 'ben', { age: 66 });
  await again();
  expect(crm.writes).toBe(1);
  expect(why()).toEqual({ ann: 'Age: 70 (at least 65).', ben: 'Age: 66 (at least 65).' });
  expect(await mismatches(scope)).toBe(0);
});

it('of several labels it names each', async () => {
  await written(ages(65, { key: 'groups', labels: 'many' }));
  expect(why().ann).toBe('Seniors: Age: 70 (at least 65); Adults: Age: 70 (at least 18).');
});

it('tells nothing that reps may not see', async () => {
  const { schema } = scope.tenant;
  const hide = `update ${schema}.attribute set definition = definition || '{"repVisible": false}' where key = 'age'`;
  await db.pool.query(hide);
  await written();
  await db.pool.query(hide.replace('false', 'true'));
  expect(why().ann).toBe('Age is within the threshold.');
});

it('says when a label only stays', async () => {
  const definition = ages();
  const segments = definition.segments.map((one) =>
    one.key === 'senior' ? { ...one, stay: '90 days' } : one,
  );
  await written({ ...definition, segments });
  crm.put('contact', 'ann', { age: 60 });
  await again();
  expect(crm.pushes).toEqual([]);
  // Somebody took the label away; it is written again, with what holds now.
  scope.tenant.policy.handEdits = 'overwrite';
  crm.put('contact', 'ann', { seg_ages: '' });
  await again();
  expect(crm.shown('seg_ages').ann).toBe('senior');
  expect(why().ann).toBe('Stays for a while, although its conditions no longer hold.');
});

it('goes with its label', async () => {
  await written();
  crm.put('contact', 'ann', { age: '' });
  await again();
  expect(crm.shown('seg_ages')).toEqual({ ben: 'adult' });
  expect(Object.keys(why())).toEqual(['ben']);
});

it('is undone with its label, and stays where somebody has changed the label since', async () => {
  await written();
  for (const id of ['ann', 'ben']) crm.put('contact', id, { age: 10 });
  const { runId } = await again();
  expect(why().ben).toBe('Age: 10 (below 18).');
  crm.put('contact', 'ann', { seg_ages: 'vip' });
  expect(await undo({ runId })).toMatchObject({ restored: 2, kept: 2 });
  expect(crm.shown('seg_ages')).toEqual({ ann: 'vip', ben: 'adult' });
  expect(why()).toEqual({ ann: 'Age: 10 (below 18).', ben: 'Age: 30 (at least 18).' });
});

it('is undone with all that its label’s target ever wrote, and comes back with its release', async () => {
  await written();
  await undo({ targetId: await targetId('property') });
  expect([crm.shown('seg_ages'), why()]).toEqual([{}, {}]);
  await again();
  expect(crm.pushes).toEqual([]);
  await releaseTargets(db.pool, scope.tenant, [await targetId('property')], 'test');
  await again();
  expect(why()).toEqual({ ann: 'Age: 70 (at least 65).', ben: 'Age: 30 (at least 18).' });
});

it('that the CRM refuses leaves the label written; of a label refused nothing is written', async () => {
  await publish(scope, ages());
  const refused = await targetId('why');
  crm.refuse = (write) =>
    write.kind === 'properties' && refused in write.values
      ? { state: 'refused', code: 'field', message: 'No.', targetId: refused }
      : null;
  await written();
  expect(crm.shown('seg_ages')).toEqual({ ann: 'senior', ben: 'adult' });
  expect(why()).toEqual({});

  const label = await targetId('property');
  crm.refuse = (write) =>
    write.kind === 'properties' && label in write.values
      ? { state: 'refused', code: 'field', message: 'No.', targetId: label }
      : null;
  crm.put('contact', 'ben', { age: 80 });
  await again();
  expect(why()).toEqual({});
  expect(crm.shown('seg_ages').ben).toBe('adult');
});

it('whose fate is unknown is known with its label', async () => {
  let failures = 1;
  crm.afterPush = () => {
    if (failures-- > 0)
      throw new RemoteError('no_answer', 'The answer was lost.', {
        status: 0,
        retryable: true,
        outcomeUnknown: true,
        action: 'Wait.',
      });
  };
  await written();
  await again();
  expect(crm.pushes).toEqual([]);
  const { rows } = await db.pool.query(
    `select external_key as key, shown, unconfirmed, sending from ${scope.tenant.schema}.ledger order by 1`,
  );
  const [label, reason] = [await targetId('property'), await targetId('why')];
  expect(rows).toEqual([
    {
      key: 'ann',
      shown: { [label]: 'senior', [reason]: 'Age: 70 (at least 65).' },
      unconfirmed: [],
      sending: {},
    },
    {
      key: 'ben',
      shown: { [label]: 'adult', [reason]: 'Age: 30 (at least 18).' },
      unconfirmed: [],
      sending: {},
    },
  ]);
});
