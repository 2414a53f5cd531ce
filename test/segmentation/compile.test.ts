import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileLabels } from '../../src/segmentation/compile.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { labelsOf, type Row, type Setting } from './evaluate.ts';
import { type LabelColumn, type Population, populate } from './population.ts';
import { attributes, condition } from './random-definitions.ts';

const COUNT = 20;
const SEGMENTS = ['a', 'b', 'c'];
const columns: LabelColumn[] = [
  { subject: 'company', segmentation: 'c0', labels: 'one', segments: SEGMENTS },
  { subject: 'company', segmentation: 'c1', labels: 'many', segments: SEGMENTS },
  ...(['person', 'company'] as const).flatMap((subject) =>
    Array.from(
      { length: COUNT },
      (_, i): LabelColumn => ({
        subject,
        segmentation: `${subject.charAt(0)}s${i}`,
        labels: i % 2 === 0 ? 'one' : 'many',
        segments: SEGMENTS,
      }),
    ),
  ),
];

let database: TestDatabase;
let people: Population;
beforeAll(async () => {
  database = await openTestDatabase();
  people = await populate(database, attributes, columns, { persons: 60, companies: 15, deals: 160 }, 7);
});
afterAll(() => database.close());

/** One segmentation with three segments, which may build on those before it. */
function definition(subject: 'person' | 'company', index: number): fc.Arbitrary<Segmentation> {
  const prefix = subject.charAt(0);
  const before = Array.from({ length: index }, (_, i) =>
    SEGMENTS.map((segment) => `${prefix}s${i}.${segment}`),
  )
    .flat()
    .slice(-9);
  const when = (own: string[]) =>
    condition(
      subject,
      [...before, ...own.map((key) => `${prefix}s${index}.${key}`)],
      ['c0.a', 'c0.b', 'c1.a', 'c1.c'],
    );
  const segment = (key: string, own: string[]) =>
    fc
      .tuple(when(own), fc.option(when([]), { nil: undefined, freq: 4 }))
      .map(([when, leaveWhen]) => ({ key, name: key, when, leaveWhen }));
  return fc.tuple(segment('a', []), segment('b', ['a']), segment('c', ['a', 'b'])).map(([a, b, c]) =>
    Segmentation.parse({
      key: `${prefix}s${index}`,
      name: 'Random',
      subject,
      method: 'rules',
      labels: index % 2 === 0 ? 'one' : 'many',
      segments: index % 3 === 0 ? [a, b, c] : alike(a, b, c),
    }),
  );
}

/** Segments that ask the same thing, which is worked out once for all of them. */
function alike<S extends { when: unknown }>(a: S, b: S, c: S): object[] {
  return [a, { ...b, when: { any: [a.when, b.when] } }, { ...c, when: { all: [c.when, { not: a.when }] } }];
}

const companyLabelsOf = (one: Population['persons'][number] | Population['companies'][number]): Row =>
  'companyLabels' in one ? one.companyLabels : {};

const asOf = new Date('2026-03-10T03:30:00.000Z');
const calendars = [
  { zone: 'America/New_York', fiscalYearStart: 2 },
  { zone: 'UTC', fiscalYearStart: 1 },
  { zone: 'Pacific/Auckland', fiscalYearStart: 10 },
];

describe.each(['person', 'company'] as const)('random definitions on a %s', (subject) => {
  test('label in SQL as in plain TypeScript, unknown values included', async () => {
    const set = fc.tuple(...Array.from({ length: COUNT }, (_, i) => definition(subject, i)));
    await fc.assert(
      fc.asyncProperty(set, fc.constantFrom(...calendars), async (definitions, calendar) => {
        const compiled = compileLabels({
          schema: database.tenant.schema,
          subject,
          segmentations: definitions.map((definition) => ({ definition, model: null })),
          attributes,
          asOf,
          ...calendar,
          restrict: 'all',
          stored: columns,
        });
        expect(compiled.unmet).toEqual([]);
        const { rows } = await database.pool.query<Record<string, string>>(compiled.sql, compiled.values);
        const byId = new Map(rows.map((row) => [String(row.id), row]));
        const subjects = subject === 'person' ? people.persons : people.companies;
        expect(byId.size).toBe(subjects.length);
        for (const one of subjects) {
          const setting: Setting = {
            attributes: new Map(
              attributes.map((attribute) => [`${attribute.owner}.${attribute.key}`, attribute]),
            ),
            asOf,
            ...calendar,
            definitions: new Map(definitions.map((definition) => [definition.key, definition])),
            companyLabels: companyLabelsOf(one),
            heldLabels: one.held,
            memo: new Map(),
          };
          for (const definition of definitions) {
            const expected = labelsOf(definition, one, setting);
            const got = byId.get(one.id)?.[`label_${definition.key}`] ?? null;
            if (JSON.stringify(got) !== JSON.stringify(expected)) {
              const context = JSON.stringify(
                { definition, one: { ...one, held: one.held[definition.key] }, calendar },
                null,
                1,
              );
              throw new Error(
                `SQL says ${JSON.stringify(got)}, the evaluator ${JSON.stringify(expected)}: ${context}`,
              );
            }
          }
        }
      }),
      {
        numRuns: Number(process.env.DEFINITION_RUNS ?? 8),
        seed: Number(process.env.DEFINITION_SEED ?? 20260310),
        endOnFailure: true,
      },
    );
  });
});
