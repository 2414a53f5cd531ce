import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInCatalogue } from '../../src/segmentation/catalogue.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { addAttributes } from '../../src/store/columns.ts';
import type { Queryable } from '../../src/store/pool.ts';
import { livePreview } from '../../src/views/live-preview.ts';
import { chooseSample } from '../../src/views/preview-sample.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

const PEOPLE = 4_000;
const AT_MOST = 512;

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  const { pool, tenant } = db;
  await addAttributes(
    pool,
    tenant,
    ['country', 'revenue_total'].flatMap((key) => findInCatalogue('person', key)?.attribute ?? []),
  );
  // The older half is in Germany: a sample that is not even would show it.
  await pool.query(
    `insert into ${tenant.schema}.person (country, revenue_total)
     select case when n <= $1::int / 2 then 'DE' else 'US' end, n * 7919 % $1::int
     from generate_series(1, $1::int) n`,
    [PEOPLE],
  );
});
afterAll(() => db.close());

const built = Segmentation.parse({
  key: 'built',
  name: 'Built',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'top',
      name: 'Top',
      when: {
        all: [
          { attribute: 'country', is: 'US' },
          { attribute: 'revenue_total', topPercent: 20 },
        ],
      },
    },
  ],
});

const preview = (atMost?: number) =>
  livePreview(db.pool, db.tenant, built, {
    asOf: new Date(),
    samples: 2,
    ...(atMost !== undefined && { atMost }),
  });

test('few are all looked at', async () => {
  const sample = await chooseSample(db.pool, db.tenant, 'person');
  expect(sample).toEqual({ total: PEOPLE, counted: PEOPLE, among: 'all' });
  expect(await chooseSample(db.pool, db.tenant, 'company')).toEqual({ total: 0, counted: 0, among: 'all' });
});

test('of many, an even sample stands for all', async () => {
  const sampled = await preview(AT_MOST);
  expect(sampled.counted).toBeLessThanOrEqual(AT_MOST);
  expect(Math.abs(sampled.total / PEOPLE - 1)).toBeLessThan(0.02);
  const [top] = sampled.segments;
  const [us, rich] = top?.rules ?? [];
  expect(Math.abs((us?.kept ?? 0) / (PEOPLE / 2) - 1)).toBeLessThan(0.02);
  // A fifth of them by a cut point that the sample itself gave, within what 256 people can tell.
  expect(Math.abs((rich?.kept ?? 0) / (PEOPLE / 10) - 1)).toBeLessThan(0.3);
  expect(top?.samples).toHaveLength(2);
  const exact = await preview();
  expect(exact.segments[0]).toMatchObject({ rules: [{ kept: PEOPLE / 2 }, {}] });
});

test('no statement of it reads a whole table, and it is the same each time', async () => {
  const first = await preview(AT_MOST);
  const seen: string[] = [];
  const watched: Queryable = {
    query: (text, values) => {
      seen.push(text);
      return db.pool.query(text, values);
    },
  };
  const again = await livePreview(watched, db.tenant, built, {
    asOf: new Date(),
    samples: 2,
    atMost: AT_MOST,
  });
  expect(again).toEqual(first);
  const overPeople = seen.filter((text) => text.includes(`${db.tenant.schema}.person`));
  expect(overPeople.length).toBeGreaterThan(1);
  for (const text of overPeople) expect(text).toMatch(/ = any\(\$|limit |\bid >= start\b/);
});

test('where most ids are free, longer stretches hold as many', async () => {
  const { pool, tenant } = db;
  await pool.query(
    `insert into ${tenant.schema}.company (id) select 1000000 + n * 40 from generate_series(1, $1::bigint) n`,
    [PEOPLE],
  );
  const { total, counted } = await chooseSample(pool, tenant, 'company', AT_MOST);
  expect(counted).toBeGreaterThanOrEqual(AT_MOST / 2);
  expect(counted).toBeLessThanOrEqual(AT_MOST);
  expect(Math.abs(total / PEOPLE - 1)).toBeLessThan(0.1);
});
