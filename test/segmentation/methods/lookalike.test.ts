import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDefinition } from '../../../src/segmentation/check.ts';
import { compileLabels } from '../../../src/segmentation/compile.ts';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import { learn, planLearn } from '../../../src/segmentation/learn.ts';
import type { LookalikeModel } from '../../../src/segmentation/methods/scorecard-definition.ts';
import { addLabelColumn } from '../../../src/store/columns.ts';
import { randomFrom } from '../population.ts';
import { attributes, type Bench, openBench } from './setting.ts';

const best = Segmentation.parse({
  key: 'best',
  name: 'Best',
  subject: 'company',
  method: 'rules',
  segments: [{ key: 'yes', name: 'Yes', when: { attribute: 'rollup_revenue', atLeast: 1000 } }],
});
const like = (more: object = {}): Segmentation =>
  Segmentation.parse({
    key: 'alike',
    name: 'Alike',
    subject: 'company',
    method: 'lookalike',
    seed: 'best.yes',
    of: ['industry', 'employee_count'],
    segments: [
      { key: 'very', name: 'Very', topPercent: 10 },
      { key: 'fairly', name: 'Fairly', topPercent: 20 },
    ],
    ...more,
  });

let bench: Bench;
const COMPANIES = 800;
beforeAll(async () => {
  bench = await openBench('2026-06-15');
  const { pool, tenant } = bench.database;
  await addLabelColumn(pool, tenant, 'company', 'best', 'one');
  const random = randomFrom(12);
  await bench.fill(
    'company',
    Array.from({ length: COMPANIES }, (_, i) => {
      const industry = random() < 0.4 ? 'software' : 'retail';
      const isBest = random() < (industry === 'software' ? 0.4 : 0.05);
      return {
        id: i + 1,
        industry,
        employee_count: Math.round(10 + 500 * random()),
        rollup_revenue: isBest ? 5000 : 10,
        label_best: isBest ? 'yes' : null,
      };
    }),
  );
});
afterAll(() => bench.close());

const request = () => ({
  schema: bench.database.tenant.schema,
  attributes,
  asOf: bench.asOf,
  zone: 'UTC',
  fiscalYearStart: 1,
  stored: [{ subject: 'company' as const, segmentation: 'best', labels: 'one' as const }],
});

async function learned(definition: Segmentation): Promise<LookalikeModel> {
  const statement = planLearn(definition, request());
  const { rows } = await bench.database.pool.query(statement?.sql ?? '', statement?.values);
  return learn(definition, rows, bench.asOf) as LookalikeModel;
}

describe('lookalikes', () => {
  test('are those most like the seed, which itself gets no label', async () => {
    const definition = like();
    const model = await learned(definition);
    expect(model).toMatchObject({ method: 'lookalike', reason: null });
    expect(model.seeds + model.others).toBe(COMPANIES);
    // The seed is as the rules say now, worked out before.
    const { sql, values } = compileLabels({
      ...request(),
      subject: 'company',
      segmentations: [
        { definition, model },
        { definition: best, model: null },
      ],
      restrict: 'all',
    });
    const { rows } = await bench.database.pool.query<Record<string, unknown>>(
      `select w.*, c.industry from (${sql}) w join ${bench.database.tenant.schema}.company c using (id)`,
      values,
    );
    const alike = rows.filter((row) => row.label_alike !== null);
    expect(alike.length).toBeGreaterThan(50);
    for (const row of alike) expect(row).toMatchObject({ label_best: null, industry: 'software' });
    const likeness = (own: typeof rows) =>
      own.reduce((sum, row) => sum + Number(row.r_alike_likeness), 0) / own.length;
    const seeds = rows.filter((row) => row.label_best === 'yes');
    expect(seeds.every((row) => row.label_alike === null)).toBe(true);
    expect(likeness(seeds)).toBeGreaterThan(likeness(rows));
  });

  test('a seed of too few says so; a seed that does not exist, or that builds on it, is refused', async () => {
    const { pool, tenant } = bench.database;
    await pool.query(`update ${tenant.schema}.company set label_best = null where id > 20`);
    await expect(learned(like())).rejects.toMatchObject({ code: 'too-few-seeds' });
    expect(checkDefinition(like({ seed: 'best.no' }), { segmentations: [best] })[0]?.message).toMatch(
      /no segment best.no/,
    );
    const circle = Segmentation.parse({
      ...best,
      segments: [{ key: 'yes', name: 'Yes', when: { score: 'alike.likeness', atLeast: 50 } }],
    });
    expect(checkDefinition(like(), { segmentations: [circle] })[0]?.message).toMatch(/circle/);
  });
});
