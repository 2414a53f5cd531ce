import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileLabels } from '../../src/segmentation/compile.ts';
import type { Condition } from '../../src/segmentation/condition.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { learn, planLearn } from '../../src/segmentation/learn.ts';
import type { Model } from '../../src/segmentation/model.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { labelsOf, type Row, type Setting } from './evaluate.ts';
import { type LabelColumn, type Population, populate } from './population.ts';
import { attributes, condition } from './random-definitions.ts';

const asOf = new Date('2026-03-10T03:30:00.000Z');
const calendar = { zone: 'America/New_York', fiscalYearStart: 2 };

const stored: LabelColumn[] = [
  { subject: 'company', segmentation: 'c0', labels: 'one', segments: ['a', 'b', 'c'] },
];

let database: TestDatabase;
let people: Population;
beforeAll(async () => {
  database = await openTestDatabase();
  people = await populate(database, attributes, stored, { persons: 40, companies: 12, deals: 90 }, 11);
});
afterAll(() => database.close());

const percentile = (keys: string[]): fc.Arbitrary<Condition> =>
  fc
    .tuple(fc.constantFrom(...keys), fc.constantFrom('topPercent', 'bottomPercent'), fc.constantFrom(10, 50))
    .map(([attribute, operator, percent]) => ({ attribute, [operator]: percent }) as Condition);

/** Random conditions, some of them percentiles, put together at random. */
function mixed(subject: 'person' | 'company', segments: readonly string[]): fc.Arbitrary<Condition> {
  const numbers = subject === 'person' ? ['points', 'visits', 'worth'] : ['size'];
  const part = fc.oneof(percentile(numbers), condition(subject, segments, ['c0.a', 'c0.b']));
  const parts = fc.array(part, { minLength: 2, maxLength: 3 });
  return fc.oneof(
    parts.map((any) => ({ any })),
    parts.map((all) => ({ all })),
    parts.map((all) => ({ not: { all } })),
    part,
  );
}

const definitionOf = (subject: 'person' | 'company'): fc.Arbitrary<Segmentation> =>
  fc
    .tuple(mixed(subject, []), mixed(subject, ['x.a']), mixed(subject, ['x.a', 'x.b']), fc.boolean())
    .map(([a, b, c, isOne]) =>
      Segmentation.parse({
        key: 'x',
        name: 'Random',
        subject,
        method: 'rules',
        labels: isOne ? 'one' : 'many',
        segments: [a, b, c].map((when, i) => ({ key: 'abc'.charAt(i), name: 'abc'.charAt(i), when })),
      }),
    );

const unfedOf = fc
  .subarray(attributes.map(({ owner, key }) => `${owner}.${key}`))
  .filter((keys) => keys.length < attributes.length / 2)
  .map((keys) => new Set(keys));

describe.each(['person', 'company'] as const)('random definitions on a %s, some of it not fed', (subject) => {
  test('learn what is fed, and label as the plain evaluator does', async () => {
    await fc.assert(
      fc.asyncProperty(definitionOf(subject), unfedOf, async (definition, unfed) => {
        const fed = attributes.filter(({ owner, key }) => !unfed.has(`${owner}.${key}`));
        const request = { schema: database.tenant.schema, attributes: fed, asOf, ...calendar, stored };
        const model = await learned(definition, request);
        const compiled = compileLabels({
          ...request,
          subject,
          segmentations: [{ definition, model }],
          restrict: 'all',
        });
        const { rows } = await database.pool.query<Record<string, unknown>>(compiled.sql, compiled.values);
        const byId = new Map(rows.map((row) => [String(row.id), row.label_x]));
        for (const one of subject === 'person' ? people.persons : people.companies) {
          const setting: Setting = {
            attributes: new Map(attributes.map((own) => [`${own.owner}.${own.key}`, own])),
            asOf,
            ...calendar,
            definitions: new Map([['x', definition]]),
            companyLabels: companyLabelsOf(one),
            heldLabels: {},
            memo: new Map(),
            unfed,
            cutPoints: model?.method === 'rules' ? model.cutPoints : {},
          };
          expect(byId.get(one.id) ?? null).toEqual(labelsOf(definition, one, setting));
        }
      }),
      { numRuns: Number(process.env.DEFINITION_RUNS ?? 40), seed: 20260310, endOnFailure: true },
    );
  });
});

const companyLabelsOf = (one: Population['persons'][number] | Population['companies'][number]): Row =>
  'companyLabels' in one ? one.companyLabels : {};

async function learned(
  definition: Segmentation,
  request: Parameters<typeof planLearn>[1],
): Promise<Model | null> {
  const statement = planLearn(definition, request);
  if (statement === null) return null;
  const { rows } = await database.pool.query(statement.sql, statement.values);
  return learn(definition, rows, asOf, { attributes: request.attributes });
}
