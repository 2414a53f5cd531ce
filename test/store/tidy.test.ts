import { afterAll, beforeAll, expect, test } from 'vitest';
import { tidyTables } from '../../src/store/tidy.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

async function deadPersons(): Promise<number> {
  const { pool } = database;
  // The counts are published once a second.
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query<{ dead: number }>(
    `select n_dead_tup::int as dead from pg_stat_user_tables where schemaname = 'tenant_t1' and relname = 'person'`,
  );
  return rows[0]?.dead ?? 0;
}

test('gives the room of dead rows back on an embedded store, where nobody else does, and only where it is due', async ({
  skip,
}) => {
  const { pool, tenant, kind } = database;
  await pool.query(
    `insert into ${tenant.schema}.person (created_at) select now() from generate_series(1, 5000)`,
  );
  await pool.query(`update ${tenant.schema}.person set company_id = 1`);
  await deadPersons();
  if (kind === 'server') {
    expect(await tidyTables(pool, tenant)).toEqual([]);
    return skip('a server tidies up by itself');
  }
  expect(await deadPersons()).toBe(5000);
  expect(await tidyTables(pool, tenant)).toContain('tenant_t1.person');
  expect(await deadPersons()).toBe(0);
  expect(await tidyTables(pool, tenant)).toEqual([]);
});
