import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RateLimitError, RemoteError } from '../../../src/errors.ts';
import { pendingTargets, stopTargets } from '../../../src/pipeline/publish/release.ts';
import { RulesSegmentation } from '../../../src/segmentation/definition.ts';
import { listTargets } from '../../../src/store/targets.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import type { MemoryCrm } from '../memory-crm.ts';
import { mismatches, oneCrm } from '../one-crm.ts';
import { ages, publish, releaseAll, type Scope, wholeRun } from '../whole-run.ts';

let db: TestDatabase;
let crm: MemoryCrm;
let scope: Scope;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  ({ crm, scope } = await oneCrm(db, { pageSize: 50 }));
});

/** People 01 to n, with ages 1, 2, 3 ... */
function people(n: number): void {
  for (let i = 1; i <= n; i += 1) crm.put('contact', id(i), { age: i, email: `p${i}@example.com` });
}
const id = (i: number) => String(i).padStart(3, '0');

/** Published, labelled, released and written once. */
async function written(n: number): Promise<void> {
  people(n);
  await publish(scope, ages());
  await releaseAll(scope);
  await wholeRun(scope);
  crm.pushes.length = 0;
}

async function states() {
  const targets = await listTargets(db.pool, scope.tenant);
  return targets.map(({ kind, state, reason }) => [kind, state, reason?.code ?? null]);
}

describe('writing the difference', () => {
  it('writes nothing before the target is released, and says what it would write', async () => {
    people(30);
    await publish(scope, ages());
    const { counts } = await wholeRun(scope);
    expect(counts.label).toMatchObject({ 'person.changed': 30 });
    expect(crm.pushes).toEqual([]);
    expect(crm.prepared).toEqual([]);
    const pending = await pendingTargets(db.pool, scope.tenant, new Date());
    expect(pending).toMatchObject([{ writes: 30, changes: 0, shown: 0, name: 'Ages' }]);
  });

  it('writes each label once, and nothing when nothing changed', async () => {
    people(75);
    await publish(scope, ages());
    await releaseAll(scope);
    const { counts } = await wholeRun(scope);
    expect(counts.push).toMatchObject({ written: 75 });
    expect(crm.shown('seg_ages')).toMatchObject({ '001': 'minor', '018': 'adult', '065': 'senior' });
    // The first 50 apart, then the rest.
    expect(crm.pushes.map((writes) => writes.length)).toEqual([10, 10, 10, 10, 10, 10, 10, 5]);
    expect(await mismatches(scope)).toBe(0);

    crm.pushes.length = 0;
    const again = await wholeRun(scope);
    expect(crm.pushes).toEqual([]);
    expect(again.counts.push?.written).toBeUndefined();
  });

  it('writes a changed label in as many calls as there are batches of changes', async () => {
    await written(60);
    for (let i = 1; i <= 13; i += 1) crm.put('contact', id(i), { age: 30 });
    await wholeRun(scope);
    expect(crm.pushes.map((writes) => writes.length)).toEqual([10, 3]);
    expect(await mismatches(scope)).toBe(0);
  });

  it('takes the label away where consent is lost, and where it no longer holds', async () => {
    await written(20);
    crm.put('contact', '003', { age: '' });
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['003']).toBeUndefined();
    expect(crm.writes).toBe(1);
    expect(await mismatches(scope)).toBe(0);
  });

  it('a dry run writes nothing and says how much it would', async () => {
    people(5);
    await publish(scope, ages());
    await releaseAll(scope);
    const { counts } = await wholeRun(scope, { dryRun: true });
    expect(counts.push).toMatchObject({ would_write: 5 });
    expect(crm.pushes).toEqual([]);
  });

  it('stops at the number of records that one run may write, and goes on in the next', async () => {
    scope.tenant.policy.writesPerRun = 12;
    scope.tenant.policy.pilot = 'off';
    people(20);
    await publish(scope, ages());
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(12);
    await wholeRun(scope);
    expect(crm.writes).toBe(20);
    expect(await mismatches(scope)).toBe(0);
  });

  it('says in changed_at when the labels of a record changed, and only with them', async () => {
    crm.defaultTargets = ['property', 'changed_at'];
    await written(5);
    expect(Object.keys(crm.shown('seg_changed_at'))).toHaveLength(5);
    crm.put('contact', '001', { age: 20, first_name: 'Ada' });
    crm.put('contact', '002', { first_name: 'Bob' });
    await wholeRun(scope);
    expect(crm.pushes.flat()).toMatchObject([
      { id: '001', values: { t1: 'adult', t2: expect.stringMatching(/^2026-/) } },
    ]);
  });
});

describe('manual lists', () => {
  const withLists = () => {
    crm.defaultTargets = ['property', 'manual_list'];
  };

  it('gain and lose members, none twice', async () => {
    withLists();
    await written(70);
    expect(crm.lists.get('ages.minor')).toHaveLength(17);
    crm.put('contact', '001', { age: 40 });
    crm.put('contact', '002', { email_opted_out: true });
    await wholeRun(scope);
    expect(crm.lists.get('ages.minor')).toHaveLength(15);
    expect(crm.lists.get('ages.adult')).toContain('001');
    // An opted-out person keeps the label and leaves the marketing list.
    expect(crm.shown('seg_ages')['002']).toBe('minor');
    expect(await mismatches(scope)).toBe(0);
  });
});

describe('a list that an earlier installation left', () => {
  it('keeps who belongs, without writing them again, and loses who does not', async () => {
    crm.defaultTargets = ['property', 'manual_list'];
    crm.made.add(`contact ${JSON.stringify({ kind: 'list', name: 'ages.minor' })}`);
    crm.lists.set('ages.minor', ['001', '002', '030']);
    people(40);
    await publish(scope, ages());
    await releaseAll(scope);
    await wholeRun(scope);
    const memberships = crm.pushes.flat().filter((write) => write.kind === 'membership');
    const adults = new Set(Array.from({ length: 23 }, (_, i) => id(18 + i)));
    const minors = memberships.filter(({ id: row, member }) => !(adults.has(row) && member));
    expect(minors.filter(({ member }) => !member).map((write) => write.id)).toEqual(['030']);
    expect(minors).toHaveLength(1 + 17 - 2);
    expect(crm.lists.get('ages.minor')).toHaveLength(17);
    expect(await mismatches(scope)).toBe(0);
  });
});

describe('what a CRM refuses, loses or forgets', () => {
  it('a refused row is kept with its reason and tried in the next run, and holds up nobody', async () => {
    people(20);
    crm.refuse = ({ id: row }) =>
      row === '007' ? { state: 'refused', code: 'BAD', message: 'not this one' } : null;
    await publish(scope, ages());
    await releaseAll(scope);
    const { counts } = await wholeRun(scope);
    expect(counts.push).toMatchObject({ written: 19, refused: 1 });
    const { rows } = await db.pool.query(
      `select external_key, code, message, tries from ${scope.tenant.schema}.refusal`,
    );
    expect(rows).toEqual([{ external_key: '007', code: 'BAD', message: 'not this one', tries: 1 }]);

    crm.pushes.length = 0;
    crm.refuse = () => null;
    await wholeRun(scope);
    expect(crm.pushes.flat().map((write) => write.id)).toEqual(['007']);
    expect(await mismatches(scope)).toBe(0);
    const left = await db.pool.query(`select from ${scope.tenant.schema}.refusal`);
    expect(left.rows).toEqual([]);
  });

  it('a value refused twice is not tried again at once, unless it is another value', async () => {
    await written(10);
    crm.put('contact', '001', { age: 30 });
    crm.refuse = ({ id: row }) => (row === '001' ? { state: 'refused', code: 'BAD', message: 'no' } : null);
    await wholeRun(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(2);
    await wholeRun(scope);
    expect(crm.writes).toBe(2);
    crm.put('contact', '001', { age: 80 });
    crm.refuse = () => null;
    await wholeRun(scope);
    expect(crm.shown('seg_ages')['001']).toBe('senior');
  });

  it('a record that is gone leaves the ledger and is read again', async () => {
    await written(10);
    crm.put('contact', '004', { age: 70 });
    await wholeRun(scope, { stages: ['pull', 'unify', 'profile', 'label'] });
    crm.remove('contact', '004');
    const { counts } = await wholeRun(scope, { stages: ['push'] });
    expect(counts.push).toMatchObject({ gone: 1 });
    const { rows } = await db.pool.query(`select id from ${scope.tenant.schema}.dirty_record`);
    expect(rows).toEqual([{ id: '004' }]);
    await wholeRun(scope);
    expect(await mismatches(scope)).toBe(0);
  });

  it('a deleted record is not written to, and a merge leaves the survivor right', async () => {
    await written(30);
    crm.remove('contact', '001');
    crm.merge('contact', '002', '030');
    // The CRM gives the survivor the other's label, as some do.
    crm.put('contact', '030', { seg_ages: 'minor' });
    await wholeRun(scope);
    expect(await mismatches(scope)).toBe(0);
    expect(crm.shown('seg_ages')['030']).toBe('adult');
    const { rows } = await db.pool.query(`select from ${scope.tenant.schema}.pin`);
    expect(rows).toEqual([]);
  });

  it('reads back what was applied although the answer was lost', async () => {
    people(25);
    await publish(scope, ages());
    await releaseAll(scope);
    let drops = 2;
    crm.afterPush = () => {
      drops -= 1;
      if (drops >= 0)
        throw new RemoteError('dropped', 'socket closed', {
          status: 0,
          outcomeUnknown: true,
          retryable: true,
          action: 'Wait.',
        });
    };
    const { counts } = await wholeRun(scope);
    expect(counts.push).toMatchObject({ read_back: 20 });
    expect(crm.writes).toBe(25);
    expect(await mismatches(scope)).toBe(0);
    const { rows } = await db.pool.query<{ n: number }>(
      `select count(*)::int as n from ${scope.tenant.schema}.push_log`,
    );
    expect(rows[0]?.n).toBe(25);
  });

  it('waits as long as the CRM asks, and goes on where it was', async () => {
    people(25);
    await publish(scope, ages());
    await releaseAll(scope);
    let busy = true;
    crm.beforePush = () => {
      if (crm.pushes.length === 1 && busy) {
        busy = false;
        throw new RateLimitError('busy', 'slow down', { retryAfterMs: 5, action: 'Wait.' });
      }
    };
    await wholeRun(scope);
    expect(await mismatches(scope)).toBe(0);
    expect(crm.writes).toBe(25);
  });

  it('a target that an admin has to make says so, and goes on by itself once it is there', async () => {
    people(3);
    await publish(scope, ages());
    await releaseAll(scope);
    crm.needsYou = true;
    const { counts } = await wholeRun(scope);
    expect(counts.push).toMatchObject({ needs_you: 1 });
    expect(await states()).toEqual([['property', 'live', 'needs_you']]);
    crm.needsYou = false;
    await wholeRun(scope);
    expect(await states()).toEqual([['property', 'live', null]]);
    expect(await mismatches(scope)).toBe(0);
  });
});

describe('a job that the CRM works on', () => {
  it('is asked for again until it is done, also by another process, and nothing else is sent meanwhile', async () => {
    scope.tenant.policy.pilot = 'off';
    crm.bulk = 20;
    people(50);
    await publish(scope, ages());
    await releaseAll(scope);
    const { counts } = await wholeRun(scope);
    expect(counts.push).toMatchObject({ written: 50 });
    expect(crm.jobs).toBe(1);
    expect(crm.pushes.map((writes) => writes.length)).toEqual([50]);
    expect(await mismatches(scope)).toBe(0);
    const { rows } = await db.pool.query(`select from ${scope.tenant.schema}.push_job`);
    expect(rows).toEqual([]);
  });
});

describe('the first push of a target', () => {
  it('waits for a look after the pilot where the policy says so', async () => {
    scope.tenant.policy.pilot = 'wait';
    scope.tenant.policy.pilotSize = 15;
    people(40);
    await publish(scope, ages());
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(15);
    expect(await states()).toEqual([['property', 'held', 'pilot']]);
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(40);
    expect(await states()).toEqual([['property', 'live', null]]);
  });

  it('writes the first records once with the values of all new targets, however unevenly they are held', async () => {
    people(200);
    for (let i = 1; i <= 200; i += 4) crm.put('contact', id(i), { age: i, visits: 1 });
    const visitors = RulesSegmentation.parse({
      key: 'visitors',
      name: 'Visitors',
      subject: 'person',
      method: 'rules',
      segments: [{ key: 'seen', name: 'Seen', when: { attribute: 'visits', atLeast: 1 } }],
    });
    await publish(scope, ages(), visitors);
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(200);
    expect(
      crm.pushes.flat().filter((write) => write.kind === 'properties' && 't2' in write.values),
    ).toHaveLength(50);
    expect(await states()).toEqual([
      ['property', 'live', null],
      ['property', 'live', null],
    ]);
    expect(await mismatches(scope)).toBe(0);
  });

  it('stops where too many of the first records are refused', async () => {
    people(60);
    crm.refuse = ({ id: row }) => (Number(row) % 5 === 0 ? { state: 'refused', code: 'BAD' } : null);
    await publish(scope, ages());
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(50);
    expect(await states()).toEqual([['property', 'held', 'pilot_refused']]);
  });
});

describe('brakes', () => {
  it('hold a target of which too much would change, and a release lets it through', async () => {
    scope.tenant.policy.brakes.labelLeast = 20;
    await written(60);
    for (let i = 1; i <= 25; i += 1) crm.put('contact', id(i), { age: 90 });
    await wholeRun(scope);
    expect(crm.pushes).toEqual([]);
    expect(await states()).toEqual([['property', 'held', 'many_changes']]);
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(25);
    expect(await mismatches(scope)).toBe(0);
  });

  it('let many new customers in', async () => {
    scope.tenant.policy.brakes.labelLeast = 20;
    await written(40);
    people(100);
    await wholeRun(scope);
    expect(await states()).toEqual([['property', 'live', null]]);
    expect(crm.writes).toBe(60);
  });

  it('a paused target keeps what it shows', async () => {
    await written(10);
    await stopTargets(db.pool, scope.tenant, 'all', 'paused', 'test');
    crm.put('contact', '001', { age: 70 });
    await wholeRun(scope);
    expect(crm.pushes).toEqual([]);
    expect(crm.shown('seg_ages')['001']).toBe('minor');
  });
});

describe('a definition that changes', () => {
  it('holds its live targets until they are released again', async () => {
    await written(70);
    expect(await publish(scope, ages())).toMatchObject([{ change: 'unchanged', held: 0 }]);
    expect(await publish(scope, ages(60))).toMatchObject([{ change: 'changed', version: 2, held: 1 }]);
    await wholeRun(scope);
    expect(crm.pushes).toEqual([]);
    await releaseAll(scope);
    await wholeRun(scope);
    expect(crm.writes).toBe(5);
    const { rows } = await db.pool.query(
      `select cause, count(*)::int as n from ${scope.tenant.schema}.label_change where entered = '{senior}' group by 1 order by 1`,
    );
    expect(rows).toEqual([{ cause: 'definition', n: 11 }]);
  });
});
