import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileLabels } from '../../../src/segmentation/compile.ts';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import type { PurchaseModel } from '../../../src/segmentation/methods/purchase-definition.ts';
import { scorePurchases } from '../../../src/segmentation/methods/purchase-scores.ts';
import { readTable, tabulate } from '../../../src/segmentation/methods/purchase-table.ts';
import {
  ofPurchaseDays,
  purchaseColumns,
  purchaseDays,
  storedPurchases,
} from '../../../src/segmentation/purchase-days.ts';
import { expectedPurchasesMbgNbd, pAliveMbgNbd } from '../../../src/segmentation/statistics/mbg-nbd.ts';
import { summarisePurchases } from '../../../src/segmentation/statistics/summary.ts';
import { randomFrom } from '../population.ts';
import { cdnowFolder, cdnowTransactions } from '../statistics/cdnow.ts';
import { attributes, type Bench, openBench, won } from './setting.ts';

const DAY = 86_400_000;
const dayText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);
const dayOf = (text: string): number => Date.parse(text) / DAY;
const tiers = [
  { key: 'high', name: 'High', topPercent: 20 },
  { key: 'low', name: 'Low' },
];
const bands = [
  { key: 'active', name: 'Active', atLeast: 0.5 },
  { key: 'gone', name: 'Gone' },
];
const lifetimeValue = (more: object = {}): Segmentation =>
  Segmentation.parse({
    key: 'ltv',
    name: 'Value',
    subject: 'person',
    method: 'lifetime_value',
    segments: tiers,
    ...more,
  });
const churn = (more: object = {}): Segmentation =>
  Segmentation.parse({
    key: 'churn',
    name: 'Churn',
    subject: 'person',
    method: 'churn',
    segments: bands,
    ...more,
  });

function purchaseModel(model: unknown): PurchaseModel {
  const found = model as PurchaseModel;
  expect(['lifetime_value', 'churn']).toContain(found.method);
  return found;
}

test('the table of expected purchases is right to 1e-6, whatever the parameters, up to 2,000 purchases', () => {
  const positive = (from: number, to: number) =>
    fc.double({ min: Math.log(from), max: Math.log(to), noNaN: true }).map(Math.exp);
  const parameters = fc.record({
    r: positive(0.1, 5),
    alpha: positive(0.5, 200),
    a: positive(0.1, 5),
    b: positive(0.2, 10),
  });
  fc.assert(
    fc.property(
      parameters,
      positive(4, 300),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 2000 }), positive(0.1, 3000))),
      (p, weeks, rows) => {
        const exact = (x: number, T: number): number => {
          const row = { x, tx: T, T };
          return expectedPurchasesMbgNbd(p, row, weeks) / pAliveMbgNbd(p, row);
        };
        const table = tabulate(exact, { shape: p.r, offset: p.alpha, horizon: weeks });
        for (const [x, T] of rows) {
          const right = exact(x, T);
          expect(Math.abs(readTable(table, x, T) - right)).toBeLessThan(1e-6 * right);
        }
      },
    ),
    { numRuns: 15, seed: 11 },
  );
});

test('customers who leave with all but the same chance are reckoned with as others are', () => {
  // On both sides of the change of formula, and where the fit runs to its edge.
  for (const b of [0.06, 0.5, 3, 40]) {
    for (const x of [0, 1, 30, 1000]) {
      const row = { x, tx: x === 0 ? 0 : 20, T: 20 };
      const at = (a: number): number => expectedPurchasesMbgNbd({ r: 0.5, alpha: 6, a, b }, row, 52);
      expect(at(50.0001) / at(49.9999)).toBeCloseTo(1, 4);
    }
  }
  const edge = { r: 0.5, alpha: 4.5, a: 54_683, b: 162_729 };
  for (const x of [0, 5, 1000]) {
    const expected = expectedPurchasesMbgNbd(edge, { x, tx: 0, T: 60 }, 25);
    expect(expected).toBeGreaterThanOrEqual(0);
    expect(expected).toBeLessThan(4);
  }
});

describe('customers of a shop', () => {
  let bench: Bench;
  const today = dayOf('2026-06-15');
  const deals: Record<string, unknown>[] = [];
  beforeAll(async () => {
    bench = await openBench('2026-06-15');
    const random = randomFrom(5);
    const people = 400;
    for (let id = 1; id <= people; id += 1) {
      // Rates and lives differ between customers, as the models suppose.
      const rate = -Math.log(1 - random()) / 60;
      const leaves = random() ** 2 * 0.6;
      let day = today - Math.floor(random() * 900);
      const spend = 10 + 90 * random();
      for (;;) {
        deals.push(won(id, dayText(day), Math.round(spend * (0.5 + random()) * 100) / 100));
        if (random() < leaves) break;
        day += Math.max(1, Math.round(-Math.log(1 - random()) / rate));
        if (day > today) break;
      }
    }
    // The edges: twice a day, a refund, a day that a refund cancels, free, tomorrow, today, a thousand times.
    for (const [id, day, amount] of [
      [401, '2026-01-01', 40],
      [401, '2026-01-01', 60],
      [401, '2026-03-01', 100],
      [401, '2026-03-01', -30],
      [401, '2026-04-01', 50],
      [401, '2026-04-01', -50],
      [402, '2026-02-01', 0],
      [403, '2026-06-16', 99],
      [404, '2026-06-15', 25],
    ] as const)
      deals.push(won(id, day, amount));
    for (let i = 0; i <= 1000; i += 1) deals.push(won(405, dayText(today - 1200 + i), 10));
    const persons = Array.from({ length: 407 }, (_, i) => ({
      id: i + 1,
      no_profiling: i === 406 ? true : null,
    }));
    for (const day of ['2026-01-01', '2026-02-01']) deals.push(won(407, day, 10));
    await bench.fill('person', persons);
    await bench.fill('deal', deals);
  });
  afterAll(() => bench.close());

  test.each(['mbg_nbd', 'bg_nbd', 'pareto_nbd'])('%s scores in SQL as in TypeScript', async (name) => {
    const definition = lifetimeValue({ model: name, horizon: '18 months', margin: 0.4, discount: 0.12 });
    const model = purchaseModel(await bench.learn(definition));
    const { fit } = model;
    if (fit === null || definition.method !== 'lifetime_value') throw new Error('not fitted');
    const rows = await bench.apply({ definition, model });
    const transactions = deals.map((deal) => ({
      customer: String(deal.person_id),
      day: dayOf(String(deal.closed_at)),
      amount: Number(deal.revenue),
    }));
    const { customers } = summarisePurchases(transactions, { unit: 'week', calibrationEnd: today });
    expect(customers.length).toBe(406 - 1);
    for (const customer of customers) {
      const right = scorePurchases(definition, fit, customer);
      const row = rows.get(customer.customer);
      for (const [score, value] of Object.entries(right)) {
        const got = row?.[`r_ltv_${score}`];
        if (value === null) expect(got, `${score} of ${customer.customer}`).toBeNull();
        else {
          const slack = 1e-6 * Math.abs(value) + (name === 'pareto_nbd' ? 1e-7 : 1e-12);
          expect(Math.abs(Number(got) - value), `${score} of ${JSON.stringify(customer)}`).toBeLessThan(
            slack,
          );
        }
      }
    }
    // Nobody without a purchase until today has a score or a label.
    for (const id of ['403', '406'])
      expect(rows.get(id)).toMatchObject({ r_ltv_p_alive: null, r_ltv_value: null, label_ltv: null });
    const labels = [...rows.values()].map((row) => row.label_ltv);
    const share = labels.filter((label) => label === 'high').length / customers.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.23);
    expect(model.holdout?.customers).toBeGreaterThan(100);
    expect(model.holdout?.expected).toBeGreaterThan(0);
  });

  test('what is kept beside the attributes gives the scores that the deals give, today and as of the past', async () => {
    const { pool, tenant } = bench.database;
    const definitions = [churn(), lifetimeValue({ margin: 0.4, discount: 0.12 })];
    const plans = await Promise.all(
      definitions.map(async (definition) => ({ definition, model: await bench.learn(definition) })),
    );
    const days = ['2026-06-15', '2026-06-14', '2026-03-15', '2024-10-01', '2020-01-01'];
    const fromDeals = await Promise.all(days.map((day) => bench.applyAt(day, ...plans)));
    const whose = purchaseDays(`${tenant.schema}.deal d`, 'd.won and d.counts', 'd.person_id');
    const summary = purchaseColumns.map((name) => `${ofPurchaseDays[name]} as ${name}`).join(', ');
    const kept = purchaseColumns.map((name) => `${storedPurchases[name]} = b.${name}`).join(', ');
    await pool.query(`update ${tenant.schema}.person set ${storedPurchases.days} = 0`);
    await pool.query(
      `update ${tenant.schema}.person s set ${kept}
       from (select id, ${summary} from (${whose}) day group by 1) b where b.id = s.id`,
    );
    for (const [i, day] of days.entries()) {
      const rows = await bench.applyAt(day, ...plans);
      const right = fromDeals[i];
      expect(rows.size).toBe(right?.size);
      for (const [id, row] of rows) {
        for (const [name, value] of Object.entries(right?.get(id) ?? {})) {
          const said = `${name} of ${id} as of ${day}`;
          if (typeof value === 'number') expect(row[name], said).toBeCloseTo(value, 9);
          else expect(row[name], said).toEqual(value);
        }
      }
    }
    const scored = days.map((_, i) =>
      [...(fromDeals[i]?.values() ?? [])].filter((row) => row.r_churn_p_alive !== null),
    );
    // Everybody but tomorrow's customer and who has no deal, then fewer, at last nobody.
    expect(scored[0]).toHaveLength(405);
    expect(scored[3]?.length).toBeGreaterThan(50);
    expect(scored[4]).toHaveLength(0);
  });

  test('labelling reads deals only of who buys later than the day asked for', async () => {
    const { pool, tenant } = bench.database;
    const definition = churn();
    const plan = { definition, model: await bench.learn(definition) };
    const readsOf = async (day: string): Promise<number> => {
      const { sql, values } = compileLabels({
        schema: tenant.schema,
        attributes,
        asOf: new Date(`${day}T12:00:00Z`),
        zone: 'UTC',
        fiscalYearStart: 1,
        subject: 'person',
        segmentations: [plan],
        restrict: 'all',
        stored: [],
      });
      const { rows } = await pool.query<Record<string, string>>(`explain (analyze, timing off) ${sql}`, [
        ...values,
      ]);
      const scans = rows.map((row) => row['QUERY PLAN'] ?? '').filter((line) => / on deal /.test(line));
      expect(scans).toHaveLength(1);
      return /never executed/.test(scans[0] ?? '') ? 0 : Number(/loops=(\d+)/.exec(scans[0] ?? '')?.[1]);
    };
    expect(await readsOf('2026-06-17')).toBe(0);
    // One buys on the day after.
    expect(await readsOf('2026-06-15')).toBe(1);
  });

  test('days are merged, refunds lower their own day, and who objects teaches nothing', async () => {
    const rows = await bench.learnRows(churn());
    // 404 customers with a purchase, and one whose first is tomorrow.
    expect(rows).toHaveLength(405);
    const model = purchaseModel(await bench.learn(churn()));
    expect(model).toMatchObject({ customers: 404, isSample: false });
    expect(model.warnings.join('\n')).toMatch(/1 rows after the last day were left out/);
    expect(model.warnings.join('\n')).toMatch(/1 days left with nothing after refunds/);
  });

  test('explains who still is a customer, and what brings value', async () => {
    const definitions = [churn({ horizon: '6 months' }), lifetimeValue()];
    const plans = await Promise.all(
      definitions.map(async (definition) => ({ definition, model: await bench.learn(definition) })),
    );
    const text = await bench.explain(401, ...plans);
    expect(text).toMatch(/Probability of still being a customer: [\d.]+% \((needed: )?at least 50%\)/);
    expect(text).toMatch(/Purchases expected within 6 months: \d/);
    expect(text).toMatch(/Days with purchases: 2 /);
    expect(text).toMatch(/Last purchase: 1 Mar 2026/);
    expect(text).toMatch(/Value expected within 12 months: €[\d.,]+/);
  });

  test('scores are attributes for rules of other segmentations', async () => {
    const rule = Segmentation.parse({
      key: 'calls',
      name: 'Calls',
      subject: 'person',
      method: 'rules',
      segments: [
        {
          key: 'now',
          name: 'Now',
          when: { all: [{ score: 'churn.p_alive', below: 0.5 }, { segment: 'churn.gone' }] },
        },
      ],
    });
    const model = await bench.learn(churn());
    const rows = await bench.apply({ definition: rule, model: null }, { definition: churn(), model });
    const called = [...rows.values()].filter((row) => row.label_calls === 'now');
    expect(called.length).toBeGreaterThan(20);
    for (const row of rows.values()) {
      const chance = row.r_churn_p_alive;
      expect(row.label_calls === 'now').toBe(chance !== null && Number(chance) < 0.5);
    }
    // Without the model at hand the score is unknown, and all else runs on.
    const [segment] = rule.segments;
    const alone = await bench.apply({
      definition: Segmentation.parse({
        ...rule,
        segments: [{ ...segment, when: { score: 'churn.p_alive', below: 0.5 } }],
      }),
      model: null,
    });
    expect([...alone.values()].every((row) => row.label_calls === null)).toBe(true);
  });
});

describe('a model that does not fit', () => {
  const cases: [string, RegExp, (id: number) => Record<string, unknown>[]][] = [
    ['nobody', /0 customers bought again/, () => []],
    ['one-off deals', /one-off/, (id) => [won(id, `2026-0${1 + (id % 5)}-11`, 20 + id)]],
    [
      'one customer',
      /Only 1 customers/,
      (id) => (id === 1 ? [won(1, '2026-01-01', 5), won(1, '2026-02-01', 5)] : []),
    ],
    [
      'subscriptions',
      /as with subscriptions/,
      (id) =>
        Array.from({ length: 10 }, (_, i) =>
          won(id, dayText(dayOf('2025-08-01') + 30 * i + (id % 3)), 20 + id),
        ),
    ],
    [
      'negative amounts only',
      /0 customers bought again/,
      (id) => [won(id, '2026-01-01', -5), won(id, '2026-02-01', -7)],
    ],
  ];
  const ids = Array.from({ length: 60 }, (_, i) => i + 1);
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench('2026-06-15');
    await bench.fill(
      'person',
      ids.map((id) => ({ id })),
    );
  });
  afterAll(() => bench.close());

  test.each(cases)('%s: gives nobody a label and says why', async (_, reason, dealsOf) => {
    await bench.database.pool.query(`truncate ${bench.database.tenant.schema}.deal`);
    await bench.fill('deal', ids.flatMap(dealsOf));
    const definition = lifetimeValue();
    const model = purchaseModel(await bench.learn(definition));
    expect(model).toMatchObject({ fit: null, confidence: 'none' });
    expect(model.reasons.map(({ message }) => message).join(' ')).toMatch(reason);
    const rows = await bench.apply({ definition, model });
    for (const row of rows.values())
      expect(row).toMatchObject({ label_ltv: null, r_ltv_value: null, r_ltv_p_alive: null });
  });
});

describe.skipIf(cdnowFolder === undefined)('CDNOW', () => {
  test('MBG/NBD learned from deals as of 1997-09-30 has the published parameters', async () => {
    const bench = await openBench('1997-09-30');
    try {
      const transactions = cdnowTransactions();
      const ids = [...new Set(transactions.map(({ customer }) => customer))];
      await bench.fill(
        'person',
        ids.map((id) => ({ id })),
      );
      await bench.fill(
        'deal',
        transactions.map(({ customer, day, amount }) => won(customer, dayText(day), amount)),
      );
      const definition = lifetimeValue();
      const model = purchaseModel(await bench.learn(definition));
      expect(model.customers).toBe(2357);
      const { r, alpha, a, b } = model.fit?.parameters ?? {};
      for (const [got, published] of [
        [r, 0.525],
        [alpha, 6.183],
        [a, 0.891],
        [b, 1.614],
      ] as const)
        expect(Math.abs((got ?? 0) - published)).toBeLessThan(0.0015);
      expect(model.confidence).toBe('high');
      const rows = await bench.apply({ definition, model });
      expect([...rows.values()].filter((row) => row.label_ltv === null)).toHaveLength(0);
    } finally {
      await bench.close();
    }
  });
});
