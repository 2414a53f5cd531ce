import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDefinition } from '../../../src/segmentation/check.ts';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import type { ScorecardModel } from '../../../src/segmentation/methods/scorecard-definition.ts';
import { gradeOf } from '../../../src/segmentation/statistics/scorecard.ts';
import { probabilityOf, scoreSubject } from '../../../src/segmentation/statistics/scorecard-points.ts';
import { randomFrom } from '../population.ts';
import { type Bench, openBench } from './setting.ts';

const card = (more: object = {}): Segmentation =>
  Segmentation.parse({
    key: 'icp',
    name: 'Ideal',
    subject: 'company',
    method: 'scorecard',
    of: ['industry', 'employee_count', 'country'],
    ...more,
  });

type Company = {
  id: number;
  industry: string | null;
  employee_count: number | null;
  country: string;
  lead_source: string;
};

let bench: Bench;
let companies: Company[];
beforeAll(async () => {
  bench = await openBench('2026-06-15');
  const random = randomFrom(8);
  companies = Array.from({ length: 900 }, (_, i) => ({
    id: i + 1,
    industry: random() < 0.1 ? null : (['software', 'retail', 'mining'][Math.floor(random() * 3)] ?? null),
    employee_count: random() < 0.1 ? null : Math.round(10 ** (1 + 3 * random())),
    country: random() < 0.5 ? 'DE' : 'US',
    lead_source: String(Math.floor(random() * 4)),
  }));
  await bench.fill('company', companies);
  const deals = companies.slice(0, 700).map(({ id, industry, employee_count }, i) => {
    const odds = (industry === 'software' ? 1.5 : -0.7) + ((employee_count ?? 100) > 500 ? 1.2 : -0.6);
    const won = random() < 1 / (1 + Math.exp(-odds));
    return {
      connection_id: 'c',
      record_id: String(i),
      company_id: id,
      won,
      closed: true,
      counts: true,
      closed_at: new Date(Date.UTC(2025, 0, 1 + Math.floor(random() * 500))).toISOString().slice(0, 10),
    };
  });
  await bench.fill('deal', deals);
});
afterAll(() => bench.close());

function modelOf(model: unknown): ScorecardModel {
  const found = model as ScorecardModel;
  expect(found.method).toBe('scorecard');
  return found;
}

describe('a scorecard', () => {
  test('learned from won and lost deals gives in SQL the points that the statistics give', async () => {
    const definition = card();
    const model = modelOf(await bench.learn(definition));
    expect(model).toMatchObject({ use: 'learned', cases: 700, reason: null });
    expect(model.card?.validation).toMatchObject({ split: 'time', verdict: 'useful' });
    expect(model.profile.join('\n')).toMatch(/industry is software/);
    const rows = await bench.apply({ definition, model });
    const { attributes = [], intercept = 0, grades = { a: 0, b: 0, c: 0 } } = model.card ?? {};
    for (const company of companies) {
      const points = scoreSubject(attributes, (column) => company[column as keyof Company]);
      const row = rows.get(String(company.id));
      expect(row, JSON.stringify(company)).toMatchObject({
        r_icp_points: points,
        label_icp: gradeOf(points, grades).toLowerCase(),
      });
      expect(Number(row?.r_icp_probability)).toBeCloseTo(probabilityOf(points, intercept), 9);
    }
  });

  test('explains the grade by what each value adds', async () => {
    const definition = card();
    const model = await bench.learn(definition);
    const [first] = companies.filter(({ industry }) => industry === 'software');
    const text = await bench.explain(first?.id ?? 0, { definition, model });
    expect(text).toMatch(/Score: \d+ \((needed: )?at least \d+\)/);
    expect(text).toMatch(/Industry: software, \+\d+ points \(information value/);
    const byHand = card({
      of: [],
      points: [{ when: { attribute: 'industry', is: 'software' }, points: 40 }],
    });
    expect(await bench.explain(first?.id ?? 0, { definition: byHand, model: null })).toMatch(
      /A\nScore: 90 .*\n.*software.*: yes \(for 40 points\)/,
    );
  });

  test('no better than chance: nobody is graded, and it says so', async () => {
    const definition = card({ of: ['lead_source'] });
    const model = modelOf(await bench.learn(definition));
    expect(model.use).toBe('nobody');
    expect(model.reason).toMatch(/no better than chance/);
    const rows = await bench.apply({ definition, model });
    expect([...rows.values()].every((row) => row.label_icp === null && row.r_icp_points === null)).toBe(true);
  });

  test.each([
    [
      'too few cases',
      { won: { attribute: 'employee_count', atLeast: 9000 }, lost: { attribute: 'country', is: 'DE' } },
      /under 10 each/,
    ],
    [
      'one outcome',
      { won: { attribute: 'country', is: 'DE' }, lost: { attribute: 'country', is: 'XX' } },
      /ended alike/,
    ],
    [
      'no case',
      { won: { attribute: 'country', is: 'YY' }, lost: { attribute: 'country', is: 'XX' } },
      /All 0 cases/,
    ],
  ])('%s: points by hand are used where they are given', async (_, cases, reason) => {
    const alone = card({ cases });
    const model = modelOf(await bench.learn(alone));
    expect(model).toMatchObject({ use: 'nobody', reason: expect.stringMatching(reason) });
    const rows = await bench.apply({ definition: alone, model });
    expect([...rows.values()].every((row) => row.label_icp === null)).toBe(true);
    const why = await bench.explain(companies[0]?.id ?? 0, { definition: alone, model });
    expect(why).toMatch(/^Model is not applicable: .*[^.]\.$/m);
    expect(why).not.toContain('Would');

    const withPoints = card({
      cases,
      points: [{ when: { attribute: 'industry', is: 'software' }, points: 35 }],
    });
    const byHand = modelOf(await bench.learn(withPoints));
    expect(byHand).toMatchObject({ use: 'by_hand', reason: null });
    const graded = await bench.apply({ definition: withPoints, model: byHand });
    for (const { id, industry } of companies) {
      const isSoftware = industry === 'software';
      expect(graded.get(String(id))).toMatchObject({
        r_icp_points: isSoftware ? 85 : 50,
        label_icp: isSoftware ? 'a' : 'c',
      });
    }
  });

  test('deal totals know the outcome and are refused', () => {
    const problems = checkDefinition(card({ of: ['industry', 'revenue_total'] }));
    expect(problems).toEqual([
      { path: ['of', 1], message: 'it is worked out from deals, whose outcome is to be foretold' },
    ]);
  });
});
