import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newBindings } from '../../../src/segmentation/bindings.ts';
import { attributeSql } from '../../../src/segmentation/methods/card-points.ts';
import type { FeatureKind } from '../../../src/segmentation/methods/features.ts';
import type { CardAttribute } from '../../../src/segmentation/methods/scorecard-definition.ts';
import type { AttributeValue } from '../../../src/segmentation/statistics/attribute-table.ts';
import { binTakes } from '../../../src/segmentation/statistics/weight-of-evidence.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

type Bin = CardAttribute['bins'][number];
const bin = (test: Bin['test'], points: number): Bin => ({
  test,
  points,
  positives: 1,
  negatives: 1,
  woe: 0,
});

/** Few, so that neighbours often have the same. */
const points = fc.constantFrom(-12, 0, 0, 7);
const maybe = (one: fc.Arbitrary<Bin>) => fc.option(one, { nil: undefined });
const unknown = maybe(points.map((n) => bin({ kind: 'unknown' }, n)));
const known = (bins: readonly (Bin | undefined)[]): Bin[] => bins.filter((one) => one !== undefined);

const ranges = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { maxLength: 4 }),
    fc.array(points, { minLength: 5, maxLength: 5 }),
  )
  .map(([cuts, given]) => {
    const ends = [...cuts.sort((a, b) => a - b), null];
    return ends.map((atMost, i) => bin({ kind: 'range', above: ends[i - 1] ?? null, atMost }, given[i] ?? 0));
  });
const someRanges = fc.tuple(ranges, fc.nat({ max: 3 })).map(([all, gap]) => all.filter((_, i) => i !== gap));
const options = fc
  .tuple(fc.array(points, { minLength: 4, maxLength: 4 }), fc.shuffledSubarray(['a', 'b', 'c', 'd']))
  .map(([given, letters]) =>
    letters.map((letter, i) =>
      bin({ kind: 'options', options: [letter, letter.toUpperCase()] }, given[i] ?? 0),
    ),
  );
const other = maybe(points.map((n) => bin({ kind: 'other' }, n)));

const numbers: AttributeValue[] = [null, ...[-4, -3, -2.5, -1, 0, 0.5, 1, 2, 3, 4]];
const letters: AttributeValue[] = [null, 'a', 'B', 'c', 'd', 'never seen'];
const lists: AttributeValue[] = [null, [], ['a'], ['b', 'a'], ['c']];

const cases: [string, FeatureKind, string, AttributeValue[], fc.Arbitrary<Bin[]>, string | undefined][] = [
  [
    'numbers',
    'number',
    'double precision',
    numbers,
    fc.tuple(ranges, unknown).map(([all, one]) => known([...all, one])),
    undefined,
  ],
  [
    'numbers with a gap',
    'number',
    'double precision',
    numbers,
    fc.tuple(someRanges, unknown).map(([all, one]) => known([one, ...all])),
    undefined,
  ],
  [
    'options',
    'category',
    'text',
    letters,
    fc.tuple(options, other, unknown).map(([all, one, none]) => known([...all, one, none])),
    undefined,
  ],
  [
    'one of several choices',
    'multi',
    'text[]',
    lists,
    fc
      .tuple(points, points, unknown)
      .map(([has, hasNot, none]) =>
        known([bin({ kind: 'options', options: ['a'] }, has), bin({ kind: 'other' }, hasNot), none]),
      ),
    'a',
  ],
];

test.each(cases)(
  '%s get the points of the first bin that takes them',
  async (_, kind, type, values, bins, option) => {
    await fc.assert(
      fc.asyncProperty(bins, async (given) => {
        const bindings = newBindings();
        const attribute = {
          column: 'v',
          option,
          bins: given,
          iv: 1,
          reading: 'strong',
          coefficient: 1,
        } as const;
        const sql = attributeSql(
          { ...attribute, bins: given },
          { name: 'v', kind, sql: 'v', isAge: false },
          bindings,
        );
        const rows = values.map((value) => `(${bindings.bind(JSON.stringify(value), 'jsonb')})`);
        const read =
          kind === 'multi'
            ? `case when j <> 'null' then array(select jsonb_array_elements_text(j)) end`
            : `(j #>> '{}')::${type}`;
        const found = await database.pool.query<{ points: number }>(
          `select ${sql} as points from (select ${read} as v from (values ${rows.join(', ')}) r (j)) l`,
          bindings.values,
        );
        const right = values.map(
          (value) => given.find(({ test }) => binTakes(test, option, value))?.points ?? 0,
        );
        expect(found.rows.map((row) => row.points)).toEqual(right);
      }),
      { numRuns: 60, seed: 7 },
    );
  },
);
