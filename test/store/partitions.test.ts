import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropOldMonths, ensureMonths } from '../../src/store/partitions.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const monthsOf = async (table: string, year: number) => {
  const { rows } = await db.pool.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and c.relname like $2 order by 1`,
    [`${db.tenant.schema}.${table}`, `${table}_${year}_%`],
  );
  return rows.map(({ name }) => name);
};

describe('months', () => {
  it('are there for the date of a run, however far back, and go when they are too old', async () => {
    const { pool, tenant } = db;
    const log = (at: string) =>
      pool.query(
        `insert into ${tenant.schema}.label_change (at, subject, subject_id, segmentation, cause)
         values ($1, 'person', 1, 'rfm', 'data')`,
        [at],
      );
    await expect(log('1998-07-01')).rejects.toMatchObject({ code: '23514' });
    for (let repeat = 0; repeat < 2; repeat += 1)
      await ensureMonths(pool, tenant, new Date('1998-07-01T00:00:00Z'));
    for (const at of ['1998-06-01', '1998-07-01', '1998-08-31']) await log(at);
    await ensureMonths(pool, tenant, new Date());
    await log(new Date().toISOString());
    await pool.query(`insert into ${tenant.schema}.run (as_of, state) values ('1998-07-01', 'done')`);
    expect(await dropOldMonths(pool, tenant, new Date())).toBe(0);
    await pool.query(`insert into ${tenant.schema}.run (as_of, state) values (now(), 'done')`);
    expect(await dropOldMonths(pool, tenant, new Date())).toBe(6);
    const { rows } = await pool.query(`select 1 from ${tenant.schema}.label_change`);
    expect(rows).toHaveLength(1);
  });

  it('are made and dropped once by several that come to them at the same moment', async () => {
    const { pool, tenant } = db;
    const atOnce = <Result>(task: () => Promise<Result>) => Promise.all(Array.from({ length: 6 }, task));
    for (let round = 0; round < 4; round += 1) {
      for (let year = 2012; year < 2017; year += 1)
        await atOnce(() => ensureMonths(pool, tenant, new Date(Date.UTC(year, 5, 1))));
      for (const table of ['label_change', 'push_log'])
        expect(await monthsOf(table, 2016)).toEqual(
          ['05', '06', '07'].map((month) => `${table}_2016_${month}`),
        );
      await atOnce(() => dropOldMonths(pool, tenant, new Date()));
      for (const table of ['label_change', 'push_log']) expect(await monthsOf(table, 2016)).toEqual([]);
    }
  });

  // The embedded database has one session: nobody reads while another statement is under way.
  it.runIf(process.env.TEST_DATABASE_URL)(
    'that somebody reads, as a backup does, stay until the next time',
    async () => {
      const { pool, tenant } = db;
      await ensureMonths(pool, tenant, new Date('2015-06-01T00:00:00Z'));
      const backup = await pool.connect();
      try {
        await backup.query('begin');
        await backup.query(`select from ${tenant.schema}.push_log_2015_06`);
        expect(await dropOldMonths(pool, tenant, new Date())).toBe(5);
        expect(await monthsOf('push_log', 2015)).toEqual(['push_log_2015_06']);
      } finally {
        await backup.query('rollback');
        backup.release();
      }
      expect(await dropOldMonths(pool, tenant, new Date())).toBe(1);
    },
  );
});
