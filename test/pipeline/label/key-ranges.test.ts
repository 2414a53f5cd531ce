import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KeyRange, nextRanges } from '../../../src/pipeline/label/key-ranges.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  await db.pool.query('create table app.numbered (id bigint primary key)');
});
afterAll(() => db.close());

/** Ids with gaps: every third from 5 on. */
async function fill(subjects: number): Promise<void> {
  await db.pool.query('truncate app.numbered');
  await db.pool.query('insert into app.numbered select 2 + 3 * n from generate_series(1, $1::bigint) n', [
    subjects,
  ]);
}

/** All ranges from the first to the last, one call after the other. */
async function rounds(span: number, atMost: number): Promise<KeyRange[][]> {
  const all: KeyRange[][] = [];
  for (let after = '0'; ; after = all.at(-1)?.at(-1)?.to ?? after) {
    const ranges = await nextRanges(db.pool, 'app.numbered', { after, span }, atMost);
    if (ranges.length === 0) return all;
    all.push(ranges);
  }
}

test('what is left in the end is shared out evenly among those who work at once', async () => {
  await fill(10_000);
  const sizes = (await rounds(4_000, 2)).map((ranges) => ranges.map(({ size }) => size));
  expect(sizes).toEqual([
    [4_000, 4_000],
    [1_000, 1_000],
  ]);
});

test('also where one range is full and the next one is not', async () => {
  await fill(7_000);
  const sizes = (await rounds(4_000, 2)).map((ranges) => ranges.map(({ size }) => size));
  expect(sizes).toEqual([[3_500, 3_500]]);
});

test('few subjects are one range, and so is what is left for one alone', async () => {
  await fill(900);
  expect(await rounds(4_000, 2)).toEqual([[{ from: '1', to: '2702', size: 900 }]]);
  await fill(5_000);
  const sizes = (await rounds(4_000, 1)).map((ranges) => ranges.map(({ size }) => size));
  expect(sizes).toEqual([[4_000], [1_000]]);
});

test('ranges follow each other and hold every subject once, however many there are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 9_000 }),
      fc.integer({ min: 500, max: 5_000 }),
      fc.integer({ min: 1, max: 3 }),
      async (subjects, span, atMost) => {
        await fill(subjects);
        const ranges = (await rounds(span, atMost)).flat();
        expect(ranges.reduce((sum, { size }) => sum + size, 0)).toBe(subjects);
        for (const [i, { from, to, size }] of ranges.entries()) {
          expect(from).toBe(String(BigInt(ranges[i - 1]?.to ?? 0) + 1n));
          expect(size).toBeLessThanOrEqual(span);
          const { rows } = await db.pool.query<{ count: number }>(
            'select count(*)::int as count from app.numbered where id between $1 and $2',
            [from, to],
          );
          expect(rows[0]?.count).toBe(size);
        }
      },
    ),
    { numRuns: 15 },
  );
});
