import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { computedAttributes, findInCatalogue } from '../../src/segmentation/catalogue.ts';
import { compileLabels, type Plan } from '../../src/segmentation/compile.ts';
import type { Segmentation } from '../../src/segmentation/definition.ts';
import { planExplain } from '../../src/segmentation/explain.ts';
import { learn, planLearn } from '../../src/segmentation/learn.ts';
import { parseSegmentation, parseSegmentations } from '../../src/segmentation/parse.ts';
import { percentileCut } from '../../src/segmentation/percentile.ts';
import { planPreview } from '../../src/segmentation/preview.ts';
import { histogramOf } from '../../src/segmentation/statistics/cut-points.ts';
import { learnRfm, scoreRfm } from '../../src/segmentation/statistics/rfm.ts';
import { templates } from '../../src/segmentation/templates.ts';
import { showDay } from '../../src/segmentation/value-words.ts';
import { addAttributes, addLabelColumn } from '../../src/store/columns.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { insert, randomFrom } from './population.ts';

const attributes = [
  ...computedAttributes,
  ...['no_profiling', 'email_opted_out', 'country'].flatMap(
    (key) => findInCatalogue('person', key)?.attribute ?? [],
  ),
  ...['amount', 'won', 'closed_at'].flatMap((key) => findInCatalogue('deal', key)?.attribute ?? []),
];
const calendar = { asOf: new Date('2026-06-15T10:00:00Z'), zone: 'Europe/Berlin', fiscalYearStart: 1 };
const PEOPLE = 500;

type Buyer = {
  id: number;
  deal_count: number;
  revenue_total: number;
  last_order_at: string | null;
  no_profiling: boolean | null;
};
let database: TestDatabase;
let buyers: Buyer[];

beforeAll(async () => {
  database = await openTestDatabase();
  const { pool, tenant } = database;
  await addAttributes(pool, tenant, attributes);
  for (const key of ['rfm', 'value_tiers', 'winback'])
    await addLabelColumn(pool, tenant, 'person', key, 'one');
  const random = randomFrom(3);
  buyers = Array.from({ length: PEOPLE }, (_, i) => {
    const count = random() < 0.3 ? 0 : Math.ceil(random() ** 3 * 12);
    return {
      id: i + 1,
      deal_count: count,
      // Few distinct values and many: ties matter in both.
      revenue_total: count === 0 ? 0 : i % 2 === 0 ? 25 * count : Math.round(random() * 100_000) / 100,
      last_order_at:
        count === 0
          ? null
          : new Date(Date.UTC(2026, 5, 15 - Math.floor(random() ** 2 * 700))).toISOString().slice(0, 10),
      no_profiling: random() < 0.03 ? true : null,
    };
  });
  await insert(pool, `${tenant.schema}.person`, buyers);
});
afterAll(() => database.close());

async function template(key: string): Promise<Segmentation[]> {
  const file = templates.find((one) => one.key === key)?.file;
  return parseSegmentations(await readFile(file ?? '', 'utf8'));
}

const common = () => ({ schema: database.tenant.schema, attributes, ...calendar });

async function learned(definition: Segmentation): Promise<Plan> {
  const statement = planLearn(definition, common());
  if (statement === null) return { definition, model: null };
  const { rows } = await database.pool.query(statement.sql, statement.values);
  expect(rows.length, 'rows to learn from').toBeLessThan(200);
  return { definition, model: learn(definition, rows, calendar.asOf) };
}

async function labels(plans: Plan[]): Promise<Map<number, Record<string, unknown>>> {
  const { sql, values } = compileLabels({
    ...common(),
    subject: 'person',
    segmentations: plans,
    restrict: 'all',
  });
  const { rows } = await database.pool.query<Record<string, unknown>>(sql, values);
  return new Map(rows.map((row) => [Number(row.id), row]));
}

const days = (date: string): number => (Date.UTC(2026, 5, 15) - Date.parse(date)) / 86_400_000;

describe('RFM', () => {
  test('scores and labels in SQL as the statistics do over all values; who never bought has none', async () => {
    const [definition] = await template('rfm');
    if (definition?.method !== 'rfm') throw new Error('the rfm template is no RFM');
    const plan = await learned(definition);
    const eligible = buyers.filter((one) => one.deal_count > 0 && one.no_profiling !== true);
    const expected = learnRfm(
      {
        recency: histogramOf(eligible.map((one) => days(one.last_order_at ?? ''))),
        frequency: histogramOf(eligible.map((one) => one.deal_count)),
        monetary: histogramOf(eligible.map((one) => one.revenue_total)),
      },
      { map: { key: 'x', name: 'x', segments: definition.segments } },
    );
    expect(plan.model).toMatchObject({ method: 'rfm', cutPoints: expected.cutPoints });
    const rows = await labels([plan]);
    for (const one of buyers) {
      const row = rows.get(one.id);
      const scores = [row?.r_rfm_recency, row?.r_rfm_frequency, row?.r_rfm_monetary, row?.label_rfm];
      if (one.last_order_at === null) expect(scores).toEqual([null, null, null, null]);
      else {
        const { r, f, m, segment } = scoreRfm(expected, {
          recency: days(one.last_order_at),
          frequency: one.deal_count,
          monetary: one.revenue_total,
        });
        expect(scores, JSON.stringify(one)).toEqual([r, f, m, segment]);
      }
    }
  });
});

describe('tiers and percentages', () => {
  test('gold and silver hold the share that was asked for among buyers, equal values together', async () => {
    const [definition] = await template('value-tiers');
    if (definition === undefined) throw new Error('no template');
    const rows = await labels([await learned(definition)]);
    const among = buyers.filter((one) => one.deal_count > 0 && one.no_profiling !== true);
    const share = (tier: string): number =>
      among.filter((one) => rows.get(one.id)?.label_value_tiers === tier).length / among.length;
    expect(share('gold')).toBeCloseTo(0.1, 1);
    expect(share('silver')).toBeCloseTo(0.2, 1);
    expect(share('gold') + share('silver') + share('bronze')).toBeCloseTo(1, 10);
    expect([...rows.values()].filter((row) => row.label_value_tiers === null)).toHaveLength(
      buyers.filter((one) => one.deal_count === 0).length,
    );
  });

  test.each([
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 20, 'top', 9],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 20, 'bottom', 2],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 5], 30, 'top', 5],
    [[10, 10, 10, 1, 2, 3, 4, 5, 6, 7], 20, 'top', 10],
    [[7, 7, 7, 7], 10, 'top', null],
    [[], 10, 'top', null],
  ] as const)('of %j, %d %% from the %s begin at %j', (values, percent, from, cut) => {
    expect(percentileCut(histogramOf(values), percent, from)).toBe(cut);
  });

  test('the few rows that are read give the cut point of all values', async () => {
    for (const percent of [1, 5, 10, 37, 50, 80, 99]) {
      for (const operator of ['topPercent', 'bottomPercent'] as const) {
        const definition = parseSegmentation(
          `{ key: p, name: P, subject: person, method: rules, segments: [{ key: a, name: A, when: { attribute: revenue_total, ${operator}: ${percent} } }] }`,
        );
        const { model } = await learned(definition);
        const all = histogramOf(
          buyers.filter((one) => one.no_profiling !== true).map((one) => one.revenue_total),
        );
        const cut = percentileCut(all, percent, operator === 'topPercent' ? 'top' : 'bottom');
        expect(model, `${operator} ${percent}`).toMatchObject({
          cutPoints: { [`person.revenue_total ${operator} ${percent}`]: cut },
        });
      }
    }
  });
});

const winback = parseSegmentation(
  `
key: winback
name: Win back
subject: person
method: rules
segments:
  - key: yes
    name: Worth it
    when:
      all:
        - { attribute: revenue_total, atLeast: 100 }
        - not: { attribute: last_order_at, inLast: 180 days }
        - any: [{ attribute: deal_count, atLeast: 2 }, { attribute: country, is: US }]
`.replace('key: yes', 'key: worth_it'),
);

test('explains one person: values, dates instead of ages, since when, and what would change it', async () => {
  const one = buyers.find(
    (buyer) => buyer.revenue_total >= 100 && buyer.deal_count === 1 && days(buyer.last_order_at ?? '') < 180,
  );
  if (one === undefined) throw new Error('nobody fits');
  const plan = planExplain({
    ...common(),
    subject: 'person',
    segmentations: [{ definition: winback, model: null }],
    ids: [String(one.id)],
    currency: 'EUR',
  });
  const { rows } = await database.pool.query<Record<string, unknown>>(plan.sql, plan.values);
  const at = new Date('2026-01-01T00:00:00Z');
  const [explained] = plan.interpret(
    rows[0] ?? {},
    [{ segmentation: 'winback', at, entered: ['worth_it'], gone: [] }],
    'admin',
  );
  expect(explained).toMatchObject({
    labels: [],
    held: [],
    segments: [{ holds: false, isLabel: false, needs: [] }],
  });
  const text = [
    ...(explained?.segments[0]?.sentences ?? []),
    ...(explained?.segments[0]?.wouldChange ?? []),
  ].join('\n');
  expect(text).toContain(`Last purchase: ${showDay(String(one.last_order_at))} (needed: before 17 Dec 2025)`);
  expect(text).toContain('Country: not known (needed: US)');
  expect(text).toContain('Purchases: 1 (needed: at least 2)');
  expect(text).toContain('either purchases are at least 2 (now 1), or country is US (now not known)');
  const leaves = showDay(
    new Date(Date.parse(one.last_order_at ?? '') + 181 * 86_400_000).toISOString().slice(0, 10),
  );
  expect(text).toContain(`is too long ago, which it is from ${leaves} on`);

  const [toRep] = plan.interpret(rows[0] ?? {}, [], 'rep');
  const all = JSON.stringify(toRep);
  expect(all).toContain('within the threshold');
  expect(all).not.toContain(one.revenue_total.toLocaleString('en-US'));
});

test('previews size and what each rule keeps and drops', async () => {
  const plan = planPreview({
    ...common(),
    plan: { definition: winback, model: null },
    restrict: 'all',
    currency: 'EUR',
  });
  const { rows } = await database.pool.query<Record<string, unknown>>(plan.sql, plan.values);
  const counted = buyers.filter((one) => one.no_profiling !== true);
  const rich = counted.filter((one) => one.revenue_total >= 100);
  const away = rich.filter((one) => one.last_order_at !== null && days(one.last_order_at) > 180);
  const kept = away.filter((one) => one.deal_count >= 2);
  expect(plan.interpret(rows[0] ?? {})).toMatchObject({
    subjects: counted.length,
    unlabelled: counted.length - kept.length,
    segments: [
      {
        segment: 'worth_it',
        size: kept.length,
        rules: [
          {
            rule: 'Revenue is at least €100',
            kept: rich.length,
            dropped: counted.length - rich.length,
            unknown: 0,
          },
          {
            rule: 'Last purchase is before 17 Dec 2025',
            kept: away.length,
            dropped: rich.length - away.length,
          },
          { kept: kept.length, dropped: away.length - kept.length, unknown: away.length - kept.length },
        ],
      },
    ],
  });
});
