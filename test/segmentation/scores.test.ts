import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexAttributes } from '../../src/segmentation/attribute-index.ts';
import type { Plan } from '../../src/segmentation/compile.ts';
import { topicOf } from '../../src/segmentation/explain-words.ts';
import { inLearnOrder } from '../../src/segmentation/learn-order.ts';
import { parseSegmentations } from '../../src/segmentation/parse.ts';
import { attributes, type Bench, openBench } from './methods/setting.ts';

/** Eight people who spent 100, 200 and so on; the last two belong to company 1, the one before to company 2. */
let bench: Bench;
beforeAll(async () => {
  bench = await openBench('2026-03-01');
  await bench.fill('company', [{ id: 1 }, { id: 2 }]);
  const people = Array.from({ length: 8 }, (_, i) => ({
    id: i + 1,
    company_id: i > 5 ? 1 : i === 5 ? 2 : null,
    revenue_total: (i + 1) * 100,
    deal_count: 1 + (i % 2),
    last_order_at: '2026-02-01',
  }));
  await bench.fill('person', people);
});
afterAll(() => bench.close());

const spend = parseSegmentations(`
key: spend
name: Spend
subject: person
method: rfm
cutPoints: { recency: [10, 20, 30, 40], frequency: [1, 2, 3, 4], monetary: [150, 350, 550, 750] }
`)[0] as Plan['definition'];
const growth = parseSegmentations(`
key: growth
name: Growth
subject: company
method: rfm
`)[0] as Plan['definition'];

const parse = (yaml: string): Plan['definition'] => {
  const [definition] = parseSegmentations(yaml, { segmentations: [spend, growth] });
  if (definition === undefined) throw new Error('nothing was parsed');
  return definition;
};
const held = async (...plans: Plan[]): Promise<unknown[]> => {
  const key = plans[0]?.definition.key;
  const rows = [...(await bench.apply(...plans)).values()].sort((a, b) => Number(a.id) - Number(b.id));
  return rows.map((row) => row[`label_${key}`]);
};

const tiers = (segments: string) =>
  parse(
    `key: tiers\nname: Tiers\nsubject: person\nmethod: tiers\nof: { score: spend.monetary }\nsegments:\n${segments}`,
  );

test('tiers divide a score of another segmentation', async () => {
  const fixed = tiers('  - { key: top, name: Top, atLeast: 4 }\n  - { key: rest, name: Rest }');
  const labels = await held({ definition: fixed, model: null }, { definition: spend, model: null });
  expect(labels).toEqual(['rest', 'rest', 'rest', 'rest', 'rest', 'top', 'top', 'top']);
});

test('tiers by percentage learn from the score as it is now, else as stored, else wait', async () => {
  const share = tiers('  - { key: top, name: Top, topPercent: 40 }\n  - { key: rest, name: Rest }');
  await expect(bench.learn(share)).rejects.toThrow('nobody has a score spend.monetary yet');
  const fresh = await bench.learn(share, { others: [{ definition: spend, model: null }] });
  expect(fresh).toMatchObject({ cutPoints: { top: 4 } });
  const { pool, tenant } = bench.database;
  await pool.query(
    `insert into ${tenant.schema}.score (subject, subject_id, key, value, at)
     select 'person', id, 'spend.monetary', id * 10, now() from ${tenant.schema}.person`,
  );
  const stored = await bench.learn(share);
  expect(stored).toMatchObject({ cutPoints: { top: 60 } });
  expect(await held({ definition: share, model: stored })).toEqual([
    ...['rest', 'rest', 'rest', 'rest', 'rest'],
    ...['top', 'top', 'top'],
  ]);
});

test("people are chosen by their company's score, unknown where it has none", async () => {
  const { pool, tenant } = bench.database;
  await pool.query(
    `insert into ${tenant.schema}.score (subject, subject_id, key, value, at) values ('company', 1, 'growth.monetary', 5, now())`,
  );
  const rules = parse(`
key: picked
name: Picked
subject: person
method: rules
segments:
  - { key: high, name: High, when: { company: { score: growth.monetary, atLeast: 4 } } }
  - { key: low, name: Low, when: { company: { not: { score: growth.monetary, atLeast: 4 } } } }
`);
  const labels = await held({ definition: rules, model: null });
  expect(labels).toEqual([null, null, null, null, null, null, 'high', 'high']);
  expect(await bench.explain(8, { definition: rules, model: null })).toContain(
    'Monetary score of the company',
  );
});

test('an unknown score is named', () => {
  const yaml =
    'key: t\nname: T\nsubject: person\nmethod: tiers\nof: { score: spend.money }\nsegments: [{ key: a, name: A }]';
  expect(() => parse(yaml)).toThrow('there is no score spend.money of a person');
});

test('segmentations learn after those whose scores they build on', () => {
  const late = tiers('  - { key: a, name: A }');
  const order = inLearnOrder([late, growth, spend].map((definition) => ({ definition })));
  expect(order.map(({ definition }) => definition.key)).toEqual(['spend', 'tiers', 'growth']);
});

test('reps see scores, but not those that are amounts of money', () => {
  const words = {
    attributes: indexAttributes(attributes),
    calendar: { asOf: bench.asOf, zone: 'UTC', fiscalYearStart: 1 },
    currency: 'EUR',
  };
  const isVisible = (score: string) => topicOf({ score, atLeast: 1 }, 'person', words).isVisible;
  expect([isVisible('spend.recency'), isVisible('worth.value')]).toEqual([true, false]);
});
