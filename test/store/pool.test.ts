import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MOST_PREPARED, transaction } from '../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  await db.pool.query('create table app.note (id int primary key, text text)');
});
beforeEach(() => db.pool.query('truncate app.note'));
afterAll(() => db.close());

async function texts(): Promise<(string | null)[]> {
  const { rows } = await db.pool.query<{ text: string | null }>('select text from app.note order by id');
  return rows.map(({ text }) => text);
}

describe('values that come back', () => {
  it.each([
    ['9007199254740993::int8', '9007199254740993'],
    ['7::int4', 7],
    ['12.340::numeric', '12.340'],
    ['0.5::float8', 0.5],
    ['true', true],
    [`date '2024-02-29'`, '2024-02-29'],
    [`timestamptz '2024-02-29 12:00:00.123+02'`, new Date('2024-02-29T10:00:00.123Z')],
    [`'{"a": [1, null]}'::jsonb`, { a: [1, null] }],
    [`'{"a": 1}'::json`, { a: 1 }],
    [`'null'::jsonb`, null],
    [`array['a', 'b,"c', null]`, ['a', 'b,"c', null]],
    [`array[1, 2]::int8[]`, ['1', '2']],
    [`array[1.10, 2]::numeric[]`, ['1.10', '2']],
    [`array[date '2024-02-29']`, ['2024-02-29']],
    [`'\\x00ff'::bytea`, Buffer.from([0, 255])],
    ['null::int', null],
    [`'a'::text`, 'a'],
  ])('%s', async (sql, expected) => {
    const { rows } = await db.pool.query(`select ${sql} as value`);
    expect(rows).toEqual([{ value: expected }]);
    // and in the same way where the statement is prepared
    const prepared = await db.pool.query(`select ${sql} as value where $1`, [true]);
    expect(prepared.rows).toEqual([{ value: expected }]);
  });
});

describe('values that go in', () => {
  it.each<[string, unknown, unknown]>([
    ['int4', 7, 7],
    ['int8', 7n, '7'],
    ['int8', '9007199254740993', '9007199254740993'],
    ['numeric', '0.10', '0.10'],
    ['float8', 1.5, 1.5],
    ['text', "it's", "it's"],
    ['boolean', false, false],
    ['date', '1998-06-30', '1998-06-30'],
    ['timestamptz', new Date('2026-01-02T03:04:05.678Z'), new Date('2026-01-02T03:04:05.678Z')],
    ['jsonb', { a: { b: [1, 'x'] } }, { a: { b: [1, 'x'] } }],
    ['text[]', ['a', 'b "c"', null, 'd\\e'], ['a', 'b "c"', null, 'd\\e']],
    ['text[]', [], []],
    ['int4[]', [1, 2], [1, 2]],
    ['bytea', new Uint8Array([1, 0, 255]), Buffer.from([1, 0, 255])],
    ['text', null, null],
    ['text', undefined, null],
    ['text', 'ü€😀', 'ü€😀'],
  ])('%s from %s', async (type, given, expected) => {
    const { rows } = await db.pool.query(`select $1::${type} as value`, [given]);
    expect(rows).toEqual([{ value: expected }]);
  });

  it('takes and gives 5 MB in one value', async () => {
    const text = 'x'.repeat(5_000_000);
    const { rows } = await db.pool.query<{ value: string }>('select $1::text as value', [text]);
    expect(rows[0]?.value === text).toBe(true);
  });
});

describe('row counts', () => {
  it.each([
    [`insert into app.note select n, 'a' from generate_series(1, 3) n`, 3],
    [`with new as (insert into app.note values (8, 'x'), (9, 'y') returning id) select * from new`, 2],
    [`with new as (insert into app.note values (8, 'x') returning 1) delete from app.note where id = -1`, 0],
    ['select 1 where false', 0],
    ['select generate_series(1, 4)', 4],
    ['create temporary table short (a int) on commit drop', 0],
  ])('%s', async (sql, expected) => {
    const { rowCount } = await db.pool.query(sql);
    expect(rowCount).toBe(expected);
  });

  it('gives the last result of several statements', async () => {
    const { rows, rowCount } = await db.pool.query(`
      -- a comment; with a semicolon
      insert into app.note values (1, 'a;b');
      update app.note set text = 'c' where id = 1 returning text`);
    expect(rows).toEqual([{ text: 'c' }]);
    expect(rowCount).toBe(1);
  });
});

describe('errors', () => {
  it.each([
    ['select nope', undefined, '42703'],
    ['select $1::int', ['a'], '22P02'],
    [`insert into app.note values (1, 'a'), (1, 'b')`, undefined, '23505'],
    ['selec 1', undefined, '42601'],
    ['select 1 / $1::int', [0], '22012'],
  ])('%s carries code %s', async (sql, values, code) => {
    await expect(db.pool.query(sql, values)).rejects.toMatchObject({ code });
    expect((await db.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('names the constraint', async () => {
    await expect(db.pool.query(`insert into app.note values (1, 'a'), (1, 'b')`)).rejects.toMatchObject({
      constraint: 'note_pkey',
      table: 'note',
    });
  });

  it('applies nothing of several statements where one fails', async () => {
    await expect(db.pool.query(`insert into app.note values (1, 'a'); select 1 / 0`)).rejects.toMatchObject({
      code: '22012',
    });
    expect(await texts()).toEqual([]);
  });
});

describe('transactions', () => {
  it('commits what resolves and rolls back what throws', async () => {
    await transaction(db.pool, (client) => client.query(`insert into app.note values (1, 'kept')`));
    await expect(
      transaction(db.pool, async (client) => {
        await client.query(`insert into app.note values (2, 'lost')`);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await texts()).toEqual(['kept']);
  });

  it.each(['begin', 'start transaction', '/* a */ BEGIN isolation level serializable', '-- a\nbegin;'])(
    '%s holds until the end, and others see nothing before',
    async (begin) => {
      const client = await db.pool.connect();
      await client.query(begin);
      await client.query(`insert into app.note values (1, 'a')`);
      const other = db.pool.query('select * from app.note');
      if (db.kind === 'server') expect((await other).rows).toEqual([]);
      await client.query(db.kind === 'server' ? 'rollback' : 'end');
      client.release();
      // One session: the other waited for the end, and saw what was committed.
      expect((await other).rows).toHaveLength(db.kind === 'server' ? 0 : 1);
    },
  );

  it('keeps what was before a savepoint', async () => {
    await transaction(db.pool, async (client) => {
      await client.query(`insert into app.note values (1, 'a')`);
      await client.query('savepoint here');
      await expect(client.query(`insert into app.note values (1, 'again')`)).rejects.toMatchObject({
        code: '23505',
      });
      await client.query('rollback to savepoint here');
      await client.query(`insert into app.note values (2, 'b')`);
    });
    expect(await texts()).toEqual(['a', 'b']);
  });

  it('rolls back where a client is released inside one', async () => {
    for (const destroy of [undefined, true, new Error('lost')]) {
      const client = await db.pool.connect();
      await client.query('begin');
      await client.query(`insert into app.note values (1, 'a')`);
      client.release(destroy);
    }
    await db.pool.query('select 1');
    expect(await texts()).toEqual([]);
  });

  it('says so where a failed statement was swallowed and the commit saved nothing', async () => {
    const work = transaction(db.pool, async (client) => {
      await client.query(`insert into app.note values (1, 'a')`);
      await client.query('select 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: 'rolled_back' });
    expect(await texts()).toEqual([]);
  });

  it('refuses the pool from inside an open transaction, at once', async () => {
    const work = transaction(db.pool, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await db.pool.query('select 1');
    });
    await expect(work).rejects.toMatchObject({ code: 'pool_inside_transaction' });
    await expect(transaction(db.pool, () => db.pool.connect())).rejects.toMatchObject({
      code: 'pool_inside_transaction',
    });
    await expect(transaction(db.pool, () => transaction(db.pool, async () => 1))).rejects.toMatchObject({
      code: 'pool_inside_transaction',
    });
  });

  it('lets others beside an open transaction use the pool', async () => {
    const inside = transaction(db.pool, async (client) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return client.query('select 1');
    });
    const beside = (async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return db.pool.query('select 2 as two');
    })();
    expect((await beside).rows).toEqual([{ two: 2 }]);
    await inside;
  });

  it('runs many at once without mixing them', async () => {
    await db.pool.query(`insert into app.note values (0, '0')`);
    const add = () =>
      transaction(db.pool, async (client) => {
        await client.query('select text from app.note where id = 0 for update');
        await client.query(`update app.note set text = (text::int + 1)::text where id = 0`);
      });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await texts()).toEqual(['20']);
  });
});

describe('a prepared statement', () => {
  const byId = 'select * from app.note where id = $1';
  beforeEach(() => db.pool.query(`insert into app.note select n, 'a' || n from generate_series(1, 9) n`));

  it('answers as query does, for whatever values, many at once', async () => {
    const asked = Array.from({ length: 40 }, (_, n) => n % 12);
    const answers = await Promise.all(asked.map((id) => db.pool.prepared(byId, [id])));
    const expected = await Promise.all(asked.map((id) => db.pool.query(byId, [id])));
    expect(answers).toEqual(expected);
  });

  it('writes, and counts what it wrote', async () => {
    const update = 'update app.note set text = $2 where id >= $1 returning id';
    for (const text of ['x', null]) {
      const { rows, rowCount, command } = await db.pool.prepared(update, [8, text]);
      expect({ rows, rowCount, command }).toEqual({
        rows: [{ id: 8 }, { id: 9 }],
        rowCount: 2,
        command: 'UPDATE',
      });
    }
    expect((await texts()).slice(7)).toEqual([null, null]);
  });

  it('is kept by the session, and planned for any value', async () => {
    const own = `select count(*)::int as kept, bool_and(from_sql is not true) as by_protocol
      from pg_prepared_statements where statement like '%planned once%' and $1`;
    const text = 'select text as "planned once" from app.note where id = $1';
    for (let n = 0; n < 60; n++) await db.pool.prepared(text, [n]);
    const { rows } = await db.pool.prepared<{ kept: number }>(own, [true]);
    // It, and the question itself.
    expect(rows).toEqual([{ kept: 2, by_protocol: true }]);
    const plans = await db.pool.prepared<{ generic: string }>(
      `select generic_plans as generic from pg_prepared_statements where name <> '' and statement = $1`,
      [text],
    );
    expect(plans.rows.map(({ generic }) => Number(generic) > 0)).toEqual([true]);
  });

  it('follows columns that come, go and change their type', async () => {
    const seen = async () => (await db.pool.prepared(byId, [3])).rows;
    expect(await seen()).toEqual([{ id: 3, text: 'a3' }]);
    for (const [change, row] of [
      ['add column more int default 7', { id: 3, text: 'a3', more: 7 }],
      ['alter column more type text', { id: 3, text: 'a3', more: '7' }],
      ['drop column more', { id: 3, text: 'a3' }],
    ] as const) {
      await db.pool.query(`alter table app.note ${change}`);
      expect(await Promise.all([seen(), seen(), seen(), seen(), seen()])).toEqual(Array(5).fill([row]));
    }
  });

  it('follows a table that is made anew, and says so where it is gone', async () => {
    const asked = () => db.pool.prepared('select * from app.gone where id = $1', [1]);
    await expect(asked()).rejects.toMatchObject({ code: '42P01' });
    await db.pool.query('create table app.gone as select 1 as id');
    expect((await asked()).rows).toEqual([{ id: 1 }]);
    await db.pool.query(`drop table app.gone; create table app.gone as select 1 as id, 'b' as other`);
    expect((await asked()).rows).toEqual([{ id: 1, other: 'b' }]);
    await db.pool.query('drop table app.gone');
    await expect(asked()).rejects.toMatchObject({ code: '42P01' });
  });

  it('fails as query does, and works again with other values', async () => {
    const divide = 'select 1 / $1::int as one';
    await expect(db.pool.prepared(divide, ['a'])).rejects.toMatchObject({ code: '22P02' });
    await expect(db.pool.prepared(divide, [0])).rejects.toMatchObject({ code: '22012' });
    expect((await db.pool.prepared(divide, [1])).rows).toEqual([{ one: 1 }]);
    await expect(db.pool.prepared('selec $1', [1])).rejects.toMatchObject({ code: '42601' });
  });

  it('is forgotten when many others came after it, and kept again', async () => {
    const nth = (n: number) => db.pool.prepared<{ n: number }>(`select ${n} as n where $1`, [true]);
    for (const round of [1, 2]) {
      for (let n = 0; n < MOST_PREPARED + 20; n++) {
        expect((await nth(n)).rows, `round ${round}`).toEqual([{ n }]);
      }
    }
    const { rows } = await db.pool.prepared<{ count: number }>(
      'select count(*)::int as count from pg_prepared_statements where $1',
      [true],
    );
    expect(rows[0]?.count).toBeLessThanOrEqual(MOST_PREPARED + 1);
  });

  it('is refused inside an open transaction', async () => {
    const inside = transaction(db.pool, () => db.pool.prepared(byId, [1]));
    await expect(inside).rejects.toMatchObject({ code: 'pool_inside_transaction' });
  });
});

describe('notifications', () => {
  it('reach the clients that listen, once, after the commit', async () => {
    const [one, two] = [await db.pool.connect(), await db.pool.connect()];
    const seen: string[] = [];
    one.on('notification', ({ channel, payload }) => seen.push(`one ${channel} ${payload}`));
    two.on('notification', ({ channel, payload }) => seen.push(`two ${channel} ${payload}`));
    await one.query('-- with a comment\n/* and another */ LISTEN news;');
    await two.query('listen "Other"');
    await transaction(db.pool, async (client) => {
      await client.query(`notify news, 'a'`);
      await client.query(`select pg_notify('Other', 'b')`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(seen).toEqual([]);
    });
    await expect.poll(() => [...seen].sort(), { timeout: 30_000 }).toEqual(['one news a', 'two Other b']);
    await one.query('unlisten news');
    await db.pool.query(`notify news, 'c'`);
    await two.query('select 1');
    expect(seen).toHaveLength(2);
    one.release();
    two.release();
  });
});

describe('clients', () => {
  it('refuse use and a second release after the first', async () => {
    const client = await db.pool.connect();
    client.release();
    expect(() => client.release()).toThrow('already been released');
    await expect(client.query('select 1')).rejects.toThrow();
  });
});
