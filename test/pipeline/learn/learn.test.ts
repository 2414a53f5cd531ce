import { afterAll, beforeAll, expect, test } from 'vitest';
import { learnAway } from '../../../src/pipeline/learn/learn-away.ts';
import { pinsNow, readPlans } from '../../../src/pipeline/publish/plans.ts';
import { retireSegmentation } from '../../../src/pipeline/publish/publish.ts';
import { findInCatalogue } from '../../../src/segmentation/catalogue.ts';
import { RulesSegmentation, Segmentation } from '../../../src/segmentation/definition.ts';
import { addAttributes, labelColumn } from '../../../src/store/columns.ts';
import { getRun } from '../../../src/store/runs.ts';
import { planSegmentations } from '../../../src/views/plan.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { won } from '../../segmentation/methods/setting.ts';
import { insert, randomFrom } from '../../segmentation/population.ts';
import { MemoryCrm } from '../memory-crm.ts';
import { setUp } from '../stages.ts';
import { publish, type Scope, wholeRun } from '../whole-run.ts';

const ONLY_LEARN_AND_LABEL = { stages: ['learn', 'label'], asOf: new Date('2026-06-15T10:00:00Z') };
const churn = Segmentation.parse({
  key: 'churn',
  name: 'Churn',
  subject: 'person',
  method: 'churn',
  segments: [
    { key: 'active', name: 'Active', atLeast: 0.5 },
    { key: 'gone', name: 'Gone' },
  ],
});
/** No deal is of this type, so that there is nothing to learn. */
const unfit = Segmentation.parse({ ...churn, key: 'unfit', where: { deal_type: 'renewal' } });
const rules = RulesSegmentation.parse({
  key: 'calls',
  name: 'Calls',
  subject: 'person',
  method: 'rules',
  segments: [{ key: 'now', name: 'Now', when: { score: 'churn.p_alive', below: 0.5 } }],
});
const groups = Segmentation.parse({
  key: 'groups',
  name: 'Groups',
  subject: 'person',
  method: 'clusters',
  of: ['website_visits', 'job_title'],
  segments: [
    { key: 'g1', name: 'One' },
    { key: 'g2', name: 'Two' },
  ],
});

let db: TestDatabase;
let scope: Scope;
beforeAll(async () => {
  db = await openTestDatabase();
  const crm = new MemoryCrm();
  scope = { pool: db.pool, tenant: db.tenant, connections: [{ id: 'crm', crm }] };
  await setUp(db.pool, db.tenant, scope.connections);
  const random = randomFrom(9);
  const people = Array.from({ length: 200 }, (_, i) => ({ id: i + 1 }));
  const deals = people.flatMap(({ id }) => {
    const first = Date.UTC(2025, 0, 1) + Math.floor(random() * 400) * 86_400_000;
    const count = 1 + Math.floor(random() ** 2 * 8);
    const gap = 10 + 90 * random() ** 2;
    let at = first;
    return Array.from({ length: count }, () => {
      const day = new Date(at).toISOString().slice(0, 10);
      at += Math.ceil(-gap * Math.log(1 - random())) * 86_400_000;
      return won(id, day, 20 + id);
    });
  });
  await db.pool.query(`delete from ${db.tenant.schema}.mapping`);
  await insert(db.pool, `${db.tenant.schema}.person`, people);
  await insert(db.pool, `${db.tenant.schema}.deal`, deals as Parameters<typeof insert>[2]);
});
afterAll(() => db.close());

async function labels(key: string): Promise<Record<string, number>> {
  const { rows } = await db.pool.query<{ label: string | null; n: number }>(
    `select label_${key} as label, count(*)::int as n from ${db.tenant.schema}.person group by 1`,
  );
  return Object.fromEntries(rows.map(({ label, n }) => [String(label), n]));
}

test('a fit is learned in a thread of its own, labels follow, and a model that does not fit stops nobody else', async () => {
  await publish(scope, churn, unfit, rules);
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 5);
  const { counts } = await wholeRun(scope, ONLY_LEARN_AND_LABEL);
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(3);
  expect(counts.learn).toEqual({ learned: 2, not_applicable: 1 });
  const found = await labels('churn');
  expect(found.active).toBeGreaterThan(5);
  expect(found.gone).toBeGreaterThan(5);
  expect(await labels('unfit')).toEqual({ null: 200 });
  expect((await labels('calls')).now).toBe(found.gone);
  const { rows } = await db.pool.query<{ segmentation: string; why: string | null }>(
    `select segmentation, summary ->> 'notApplicable' as why from ${db.tenant.schema}.model order by 1`,
  );
  expect(rows).toEqual([
    { segmentation: 'churn', why: null },
    { segmentation: 'unfit', why: expect.stringContaining('0 customers bought again') },
  ]);
  const scores = await db.pool.query<{ n: number }>(
    `select count(*)::int as n from ${db.tenant.schema}.score where key = 'churn.p_alive'`,
  );
  expect(scores.rows[0]?.n).toBe(200);

  const again = await wholeRun(scope, ONLY_LEARN_AND_LABEL);
  expect(again.counts).toEqual({ learn: {}, label: { 'person.seen': 200 } });
});

test('a method whose attribute nothing feeds waits for it, and stops nobody else', async () => {
  const unfed = Segmentation.parse({
    key: 'paying',
    name: 'Paying',
    subject: 'company',
    method: 'tiers',
    of: 'recurring_amount',
    segments: [
      { key: 'large', name: 'Large', topPercent: 10 },
      { key: 'small', name: 'Small' },
    ],
  });
  await publish(scope, unfed);
  const { counts, runId } = await wholeRun(scope, ONLY_LEARN_AND_LABEL);
  expect(counts.learn).toEqual({ waiting: 1 });
  const run = await getRun(db.pool, db.tenant, runId);
  expect((await readPlans(db.pool, db.tenant, run)).waiting).toEqual([
    { segmentation: 'paying', reason: 'it needs Recurring amount a month, which nothing feeds' },
  ]);
  await retireSegmentation(db.pool, db.tenant, unfed.key, { values: 'keep', by: 'test' });
});

test('a percentile of what nothing feeds leaves the others to tell, and is learned once it is fed', async () => {
  const ranks = RulesSegmentation.parse({
    key: 'ranks',
    name: 'Ranks',
    subject: 'person',
    method: 'rules',
    labels: 'many',
    segments: [
      { key: 'score', name: 'Score', when: { attribute: 'nps_score', topPercent: 10 } },
      {
        key: 'top',
        name: 'Top',
        when: {
          any: [
            { attribute: 'nps_score', topPercent: 10 },
            { attribute: 'visits', topPercent: 10 },
          ],
        },
      },
    ],
  });
  await publish(scope, ranks);
  await db.pool.query(`update ${db.tenant.schema}.person set visits = id`);
  const before = await wholeRun(scope, ONLY_LEARN_AND_LABEL);
  expect(before.counts.learn).toEqual({ learned: 1 });
  expect(await holders('ranks')).toEqual({ top: 20 });

  const fed = findInCatalogue('person', 'nps_score')?.attribute;
  if (fed === undefined) throw new Error('not in the catalogue');
  await addAttributes(db.pool, db.tenant, [fed]);
  const waiting = await readPlans(db.pool, db.tenant, {
    asOf: ONLY_LEARN_AND_LABEL.asOf,
    pins: await pinsNow(db.pool, db.tenant),
  });
  expect(waiting.waiting).toEqual([
    { segmentation: 'ranks', reason: 'it has not learned from the data yet' },
  ]);
  await db.pool.query(`update ${db.tenant.schema}.person set nps_score = id where id % 4 = 0`);
  const [planned] = await planSegmentations(db.pool, db.tenant, [ranks], ONLY_LEARN_AND_LABEL.asOf);
  expect(planned?.problem).toBeNull();
  const after = await wholeRun(scope, ONLY_LEARN_AND_LABEL);
  expect(after.counts.learn).toEqual({ learned: 1 });
  expect((await holders('ranks')).score).toBe(5);
  await retireSegmentation(db.pool, db.tenant, ranks.key, { values: 'keep', by: 'test' });
});

/** How many hold each label. */
async function holders(segmentation: string): Promise<Record<string, number>> {
  const { rows } = await db.pool.query<{ label: string; n: number }>(
    `select label, count(*)::int as n from ${db.tenant.schema}.person, unnest(${labelColumn(segmentation)}) label group by 1`,
  );
  return Object.fromEntries(rows.map(({ label, n }) => [label, n]));
}

type Stored = { value: number; at: Date };

async function storedScores(): Promise<Map<string, Stored>> {
  const { rows } = await db.pool.query<Stored & { name: string }>(
    `select subject_id || ' ' || key as name, value, at from ${db.tenant.schema}.score`,
  );
  return new Map(rows.map(({ name, value, at }) => [name, { value, at }]));
}

test('a day later only scores that moved noticeably are written, and those of who has none any more go', async () => {
  const before = await storedScores();
  expect(before.size).toBeGreaterThan(400);
  await db.pool.query(`delete from ${db.tenant.schema}.deal where person_id = 7`);
  const asOf = new Date('2026-06-16T10:00:00Z');
  await wholeRun(scope, { ...ONLY_LEARN_AND_LABEL, asOf });
  const after = await storedScores();
  expect([...after.keys()].filter((name) => name.startsWith('7 '))).toEqual([]);
  const moved = [...after].filter(([, { at }]) => at.getTime() === asOf.getTime());
  expect(moved.length).toBeGreaterThan(0);
  expect(moved.length).toBeLessThan(after.size / 2);
  for (const [name, { value }] of moved) {
    const old = before.get(name)?.value ?? Number.POSITIVE_INFINITY;
    expect(Math.abs(value - old)).toBeGreaterThan(0.001);
  }
  await wholeRun(scope, { ...ONLY_LEARN_AND_LABEL, asOf: new Date('2026-06-16T18:00:00Z') });
  expect(await storedScores()).toEqual(after);
});

test('what publishing would do is worked out with a model that is not kept', async () => {
  const [planned] = await planSegmentations(
    db.pool,
    db.tenant,
    [Segmentation.parse({ ...churn, model: 'bg_nbd' })],
    ONLY_LEARN_AND_LABEL.asOf,
  );
  expect(planned).toMatchObject({ change: 'changed', problem: null, total: 200 });
});

test('a fit that takes too long is stopped and said so', async () => {
  const task = { definition: churn, rows: [], asOf: new Date(0), context: {} };
  await expect(learnAway(task, { longestMs: 1 })).rejects.toMatchObject({ code: 'learn_too_long' });
});

test('a fit that holds more than its method may is stopped and said so, and nothing else is harmed', async () => {
  const task = {
    definition: groups,
    rows: Array.from({ length: 400_000 }, (_, i) => ({
      f0: i % 1009,
      f1: `title ${i % 5} ${'.'.repeat(100)}`,
      ages: [false, false],
      total: 1,
    })),
    asOf: new Date(0),
    context: {},
  };
  await expect(learnAway(task, { memoryMb: 64 })).rejects.toMatchObject({ code: 'learn_too_large' });
  await expect(learnAway({ ...task, rows: task.rows.slice(0, 300) })).resolves.toMatchObject({
    customers: 300,
  });
});
