import { afterAll, beforeAll, expect, test } from 'vitest';
import { settle } from '../../src/store/ledger.ts';
import { analyzeGrown } from '../../src/store/plans.ts';
import { transaction } from '../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

const PLACE = { connectionId: 'crm', object: 'contact' } as const;

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

async function addRows(from: number, to: number): Promise<void> {
  const { pool, tenant } = database;
  await pool.query(
    `insert into ${tenant.schema}.ledger (connection_id, object, external_key, shown)
     select $1, $2, n::text, '{"t1": "a"}' from generate_series($3::int, $4::int) n`,
    [PLACE.connectionId, PLACE.object, from, to],
  );
}

/** Rows of the ledger that were fetched by an index to settle a batch of ten. */
async function fetchedBySettling(value: string): Promise<number> {
  const { pool, tenant } = database;
  const fetched = async () => {
    await pool.query('select pg_stat_force_next_flush()');
    const { rows } = await pool.query<{ fetched: number }>(
      `select idx_tup_fetch::int as fetched from pg_stat_user_tables where relid = $1::regclass`,
      [`${tenant.schema}.ledger`],
    );
    return rows[0]?.fetched ?? Number.NaN;
  };
  const before = await fetched();
  const batch = Array.from({ length: 10 }, (_, n) => ({ key: String(n + 1), values: { t1: value } }));
  await transaction(pool, (client) => settle(client, tenant, PLACE, batch, { runId: null, cause: 'write' }));
  return (await fetched()) - before;
}

test('gathers statistics as a table grows, once for each doubling, so that a batch reads only its own rows', async () => {
  const { pool, tenant } = database;
  // A server's own must not come first.
  await pool.query(`alter table ${tenant.schema}.ledger set (autovacuum_enabled = false)`);
  const gather = () => analyzeGrown(pool, tenant, ['ledger', 'association']);
  expect(await gather()).toEqual([]);
  await addRows(1, 5_000);
  expect(await gather()).toEqual(['ledger']);
  expect(await gather()).toEqual([]);
  await addRows(5_001, 9_000);
  expect(await gather()).toEqual([]);
  await addRows(9_001, 15_000);
  expect(await gather()).toEqual(['ledger']);
  expect(await fetchedBySettling('b')).toBeLessThan(100);
});
