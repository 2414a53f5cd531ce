import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Attribute } from '../../../src/model/attribute.ts';
import { allSizes } from '../../../src/pipeline/label/sizes.ts';
import { RulesSegmentation, TiersSegmentation } from '../../../src/segmentation/definition.ts';
import { addAttributes } from '../../../src/store/columns.ts';
import { addMappings } from '../../../src/store/mappings.ts';
import { planSegmentations } from '../../../src/views/plan.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { MemoryCrm } from '../memory-crm.ts';
import { emptyTenant, setUp } from '../stages.ts';
import { ages, publish, releaseAll, type Scope, wholeRun } from '../whole-run.ts';

let db: TestDatabase;
let crm: MemoryCrm;
let scope: Scope;

beforeAll(async () => {
  db = await openTestDatabase();
  const gate = {
    owner: 'person',
    key: 'no_profiling',
    name: 'No profiling',
    type: 'boolean',
    kind: 'consent',
  };
  await addAttributes(db.pool, db.tenant, [Attribute.parse({ ...gate, empty: 'false' })]);
});
afterAll(() => db.close());
beforeEach(async () => {
  await emptyTenant(db.pool, db.tenant);
  crm = new MemoryCrm();
  crm.pageSize = 100;
  crm.batch = { properties: 100, membership: 100 };
  scope = { pool: db.pool, tenant: structuredClone(db.tenant), connections: [{ id: 'crm', crm }] };
  await setUp(db.pool, db.tenant, scope.connections);
  await addMappings(db.pool, db.tenant, [
    { connectionId: 'crm', object: 'contact', attribute: 'no_profiling', property: 'no_profiling' },
  ]);
});

const id = (i: number) => String(i).padStart(3, '0');
function people(n: number): void {
  for (let i = 1; i <= n; i += 1) crm.put('contact', id(i), { age: i, email: `p${i}@example.com` });
}

/** E-mail's number -> label. */
async function labels(segmentation = 'ages'): Promise<Record<string, unknown>> {
  const { rows } = await db.pool.query<{ id: string; label: unknown }>(
    `select r.id, p.label_${segmentation} as label from ${scope.tenant.schema}.person p
     join ${scope.tenant.schema}.contact_record r on r.person_id = p.id order by 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.id, row.label]));
}

async function changes(): Promise<Record<string, number>> {
  const { rows } = await db.pool.query<{ cause: string; n: number }>(
    `select cause, count(*)::int as n from ${scope.tenant.schema}.label_change group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ cause, n }) => [cause, n]));
}

const day = (n: number) => new Date(Date.UTC(2027, 0, n));

describe('labels', () => {
  it('are written where they change only, each with its cause', async () => {
    people(20);
    await publish(scope, ages());
    await wholeRun(scope);
    expect(await changes()).toEqual({ definition: 20 });
    const again = await wholeRun(scope);
    expect(again.counts.label).toEqual({ 'person.seen': 20 });
    crm.put('contact', '001', { age: 80 });
    await wholeRun(scope);
    expect(await labels()).toMatchObject({ '001': 'senior', '020': 'adult' });
    expect(await changes()).toEqual({ data: 1, definition: 20 });
  });

  it('change with time alone', async () => {
    crm.put('contact', '001', { email: 'a@example.com', last_login_at: '2027-01-01T10:00:00Z' });
    const active = RulesSegmentation.parse({
      key: 'active',
      name: 'Active',
      subject: 'person',
      method: 'rules',
      segments: [{ key: 'active', name: 'Active', when: { attribute: 'last_login_at', inLast: '7 days' } }],
    });
    await publish(scope, active);
    await wholeRun(scope, { asOf: day(2) });
    expect(await labels('active')).toEqual({ '001': 'active' });
    await wholeRun(scope, { asOf: day(20) });
    expect(await labels('active')).toEqual({ '001': null });
    expect(await changes()).toEqual({ definition: 1, time: 1 });
  });

  it('go where somebody may not be profiled, in the CRM too', async () => {
    people(3);
    await publish(scope, ages());
    await releaseAll(scope);
    await wholeRun(scope);
    crm.put('contact', '002', { no_profiling: true });
    await wholeRun(scope);
    expect(await labels()).toEqual({ '001': 'minor', '002': null, '003': 'minor' });
    expect(await changes()).toMatchObject({ consent: 1 });
    expect(crm.shown('seg_ages')).toEqual({ '001': 'minor', '003': 'minor' });
    await wholeRun(scope);
    expect(await changes()).toMatchObject({ consent: 1 });
  });

  it('stay as long as the segment says', async () => {
    people(3);
    const definition = ages();
    const minor = definition.segments.find(({ key }) => key === 'minor');
    if (minor) minor.stay = '5 days';
    await publish(scope, definition);
    await wholeRun(scope, { asOf: day(1) });
    crm.put('contact', '001', { age: 30 });
    await wholeRun(scope, { asOf: day(4) });
    expect(await labels()).toMatchObject({ '001': 'minor' });
    await wholeRun(scope, { asOf: day(7) });
    expect(await labels()).toMatchObject({ '001': 'adult' });
  });

  it('stay where several are held', async () => {
    crm.put('contact', '001', { email: 'a@example.com', interests: 'golf;tea' });
    const taste = RulesSegmentation.parse({
      key: 'taste',
      name: 'Taste',
      subject: 'person',
      method: 'rules',
      labels: 'many',
      segments: [
        { key: 'golfer', name: 'Golf', stay: '5 days', when: { attribute: 'interests', includes: 'golf' } },
        { key: 'tea', name: 'Tea', when: { attribute: 'interests', includes: 'tea' } },
        { key: 'art', name: 'Art', when: { attribute: 'interests', includes: 'art' } },
      ],
    });
    await publish(scope, taste);
    await wholeRun(scope, { asOf: day(1) });
    expect(await labels('taste')).toEqual({ '001': ['golfer', 'tea'] });
    crm.put('contact', '001', { interests: 'art' });
    await wholeRun(scope, { asOf: day(2) });
    expect(await labels('taste')).toEqual({ '001': ['art', 'golfer'] });
    await wholeRun(scope, { asOf: day(9) });
    expect(await labels('taste')).toEqual({ '001': ['art'] });
  });

  it('are kept while an attribute is filling or can’t be read', async () => {
    people(5);
    await publish(scope, ages());
    await wholeRun(scope);
    await db.pool.query(`update ${scope.tenant.schema}.mapping set problem = 'gone' where attribute = 'age'`);
    await db.pool.query(`update ${scope.tenant.schema}.person set age = 90`);
    const { counts } = await wholeRun(scope, { stages: ['label'] });
    expect(counts.label).toMatchObject({ waiting: 1 });
    expect(await labels()).toMatchObject({ '001': 'minor' });
  });

  it('are learned first where the method needs it, and not again before it is due', async () => {
    for (let i = 1; i <= 10; i += 1) {
      crm.put('contact', id(i), { email: `p${i}@example.com`, visits: i });
    }
    const tiers = TiersSegmentation.parse({
      key: 'tiers',
      name: 'Tiers',
      subject: 'person',
      method: 'tiers',
      of: 'visits',
      segments: [
        { key: 'top', name: 'Top', topPercent: 20 },
        { key: 'rest', name: 'Rest' },
      ],
    });
    await publish(scope, tiers);
    const first = await wholeRun(scope, { asOf: day(1) });
    expect(first.counts.learn).toEqual({ learned: 1 });
    expect(await labels('tiers')).toMatchObject({ '008': 'rest', '009': 'top', '010': 'top' });
    expect((await wholeRun(scope, { asOf: day(3) })).counts.learn).toEqual({});
    expect((await wholeRun(scope, { asOf: day(4), learn: true })).counts.learn).toEqual({ learned: 1 });
    expect((await wholeRun(scope, { asOf: day(50) })).counts.learn).toEqual({ learned: 1 });
  });

  it('of noted people alone are worked out and written in a refresh', async () => {
    people(10);
    await publish(scope, ages());
    await releaseAll(scope);
    await wholeRun(scope);
    crm.pushes.length = 0;
    crm.put('contact', '004', { age: 33 });
    crm.put('contact', '005', { age: 33 });
    await db.pool.query(
      `insert into ${scope.tenant.schema}.dirty_record (connection_id, object, id) values ('crm', 'contact', '004')`,
    );
    await wholeRun(scope, { dirtyOnly: true });
    expect(crm.pushes.flat().map((write) => write.id)).toEqual(['004']);
    expect(crm.shown('seg_ages')['004']).toBe('adult');
    const { rows } = await db.pool.query(`select stage from ${scope.tenant.schema}.dirty_subject`);
    expect(rows).toEqual([]);
  });
});

describe('sizes', () => {
  it('count every segment, empty ones too, and who has no label', async () => {
    people(20);
    crm.put('contact', '099', { email: 'noage@example.com' });
    await publish(scope, ages());
    await wholeRun(scope);
    expect(await allSizes(db.pool, scope.tenant)).toEqual([
      {
        segmentation: 'ages',
        unlabelled: 1,
        segments: [
          { segmentation: 'ages', segment: 'senior', size: 0, revenue: '0.00' },
          { segmentation: 'ages', segment: 'adult', size: 3, revenue: '0.00' },
          { segmentation: 'ages', segment: 'minor', size: 17, revenue: '0.00' },
        ],
      },
    ]);
  });
});

describe('a plan', () => {
  it('says who would enter and leave, and changes nothing', async () => {
    people(20);
    const [fresh] = await planSegmentations(db.pool, scope.tenant, [ages()], day(1));
    expect(fresh).toMatchObject({ change: 'new', total: 0 });
    await publish(scope, ages());
    await wholeRun(scope);
    const before = await labels();
    const [planned] = await planSegmentations(db.pool, scope.tenant, [ages(19)], day(1));
    expect(planned).toMatchObject({
      change: 'changed',
      total: 20,
      changes: 2,
      unlabelled: 0,
      segments: [
        { segment: 'senior', before: 0, after: 2, enters: 2, leaves: 0 },
        { segment: 'adult', before: 3, after: 1, enters: 0, leaves: 2 },
        { segment: 'minor', before: 17, after: 17, enters: 0, leaves: 0 },
      ],
    });
    expect(planned?.samples).toContainEqual(
      expect.objectContaining({ name: 'p19@example.com', before: ['adult'], after: ['senior'] }),
    );
    expect(await labels()).toEqual(before);
  });

  it('foretells what publishing and a run then do, with labels that stay and people who object', async () => {
    people(30);
    await wholeRun(scope, { asOf: day(1) });
    const step = fc.record({
      days: fc.integer({ min: 1, max: 4 }),
      adult: fc.integer({ min: 10, max: 20 }),
      stay: fc.constantFrom(undefined, '2 days', '5 days'),
      shift: fc.integer({ min: 0, max: 25 }),
      objects: fc.integer({ min: 1, max: 90 }),
    });
    let today = 1;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 4 }), async (steps) => {
        for (const { days, adult, stay, shift, objects } of steps) {
          today += days;
          await db.pool.query(
            `update ${scope.tenant.schema}.person set age = (id * 7 + $1::int) % 40, no_profiling = id % 31 = $2::int`,
            [shift, objects],
          );
          const definitions = (['one', 'many'] as const).map((labels) => aging(labels, adult, stay));
          const planned = await planSegmentations(db.pool, scope.tenant, definitions, day(today));
          await publish(scope, ...definitions);
          const { runId } = await wholeRun(scope, { asOf: day(today), stages: ['label'] });
          expect(planned.map(foretold)).toEqual(
            await Promise.all(planned.map(({ key }) => come(key, runId))),
          );
        }
      }),
      { numRuns: Number(process.env.PLAN_RUNS ?? 3), seed: 7 },
    );
  });
});

/** Two segments by age; both labels stay for a while. */
function aging(labels: 'one' | 'many', adult: number, stay: string | undefined): RulesSegmentation {
  return RulesSegmentation.parse({
    key: `aging_${labels}`,
    name: 'Aging',
    subject: 'person',
    method: 'rules',
    labels,
    segments: [
      { key: 'grown', name: 'Grown', stay, when: { attribute: 'age', atLeast: adult } },
      { key: 'young', name: 'Young', stay, when: { attribute: 'age', below: adult + 5 } },
    ],
  });
}

const foretold = ({ key, changes, segments }: Awaited<ReturnType<typeof planSegmentations>>[number]) => ({
  key,
  changes,
  sizes: Object.fromEntries(segments.map(({ segment, after }) => [segment, after])),
});

/** What a run did to a segmentation of two segments. */
async function come(key: string, runId: string): Promise<ReturnType<typeof foretold>> {
  const { schema } = scope.tenant;
  const changed = await db.pool.query<{ n: number }>(
    `select count(*)::int as n from ${schema}.label_change where run_id = $1 and segmentation = $2`,
    [runId, key],
  );
  const { rows } = await db.pool.query<{ segment: string; n: number }>(
    `select k.segment, count(p.id)::int as n from (values ('grown'), ('young')) k (segment)
     left join ${schema}.person p on k.segment = any(array[]::text[] || p.label_${key}) group by 1`,
  );
  const sizes = Object.fromEntries(rows.map(({ segment, n }) => [segment, n]));
  return { key, changes: changed.rows[0]?.n ?? 0, sizes };
}
