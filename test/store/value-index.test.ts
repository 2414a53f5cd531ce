import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInCatalogue } from '../../src/segmentation/catalogue.ts';
import { addAttribute } from '../../src/store/columns.ts';
import { addMissingIndexes } from '../../src/store/value-index.ts';
import { listCustomers } from '../../src/views/customers.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  const { pool, tenant } = database;
  const revenue = findInCatalogue('person', 'revenue_total')?.attribute;
  if (revenue === undefined) throw new Error('no revenue_total');
  await addAttribute(pool, tenant, revenue);
  await pool.query(
    `insert into ${tenant.schema}.person (revenue_total) select n % 500 from generate_series(1, 5000) n`,
  );
  await pool.query(`analyze ${tenant.schema}.person`);
});
afterAll(() => database.close());

const isThere = async (): Promise<boolean> => {
  const { rows } = await database.pool.query<{ found: boolean }>(
    `select to_regclass('tenant_t1.person_value') is not null as found`,
  );
  return rows[0]?.found ?? false;
};

/** Rows of people that a look at customers reads. */
async function readBy(look: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    await database.pool.query('select pg_stat_force_next_flush()');
    const { rows } = await database.pool.query<{ read: number }>(
      `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read from pg_stat_user_tables
       where schemaname = 'tenant_t1' and relname = 'person'`,
    );
    return rows[0]?.read ?? Number.NaN;
  };
  const before = await count();
  await look();
  return (await count()) - before;
}

test('comes with the column, and again once a day where a restored store lacks it', async () => {
  const { pool, tenant } = database;
  expect(await isThere()).toBe(true);
  expect(await addMissingIndexes(pool, tenant)).toEqual([]);
  await pool.query(`drop index ${tenant.schema}.person_value`);
  expect(await addMissingIndexes(pool, tenant)).toEqual(['person_value']);
  expect(await isThere()).toBe(true);
});

test.for([
  { page: 'the first page by value', after: undefined, order: 'value' },
  { page: 'a later page by value', after: { place: '250', id: '2250' }, order: 'value' },
  { page: 'the first page of the newest', after: undefined, order: 'newest' },
  { page: 'a later page of the newest', after: { place: '2500', id: '2500' }, order: 'newest' },
] as const)('$page reads its own people, not all', async ({ after, order }) => {
  const { pool, tenant } = database;
  const look = () => listCustomers(pool, tenant, { subject: 'person', order, after, limit: 50 });
  expect(await readBy(look)).toBeLessThan(500);
  expect(await look()).toHaveLength(50);
});
