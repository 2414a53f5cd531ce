import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Attribute, type AttributeType, columnType } from '../../src/model/attribute.ts';
import {
  addAttribute,
  addAttributes,
  addLabelColumn,
  dropAttribute,
  dropLabelColumn,
  listAttributes,
  listLabelColumns,
} from '../../src/store/columns.ts';
import { releaseLease, takeLease } from '../../src/store/lease.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

function attribute(
  key: string,
  type: AttributeType = 'text',
  owner: Attribute['owner'] = 'person',
): Attribute {
  return Attribute.parse({ key, owner, name: key, type, kind: 'demographic' });
}

async function columns(table: string): Promise<Record<string, string>> {
  const { rows } = await db.pool.query<{ name: string; type: string }>(
    `select column_name as name, data_type as type from information_schema.columns
     where table_schema = 'tenant_t1' and table_name = $1 order by ordinal_position`,
    [table],
  );
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

describe('attribute columns', () => {
  it('have the type of their attribute', async () => {
    const types = Object.keys(columnType) as AttributeType[];
    await addAttributes(
      db.pool,
      db.tenant,
      types.map((type) => attribute(`of_${type}`, type)),
    );
    expect(await columns('person')).toMatchObject({
      of_text: 'text',
      of_number: 'double precision',
      of_money: 'numeric',
      of_boolean: 'boolean',
      of_date: 'date',
      of_datetime: 'timestamp with time zone',
      of_enum: 'text',
      of_multi: 'ARRAY',
    });
    expect((await listAttributes(db.pool, db.tenant)).map(({ key }) => key).sort()).toEqual(
      types.map((type) => `of_${type}`).sort(),
    );
  });

  it('may be asked for again; a new definition of the same type replaces the old', async () => {
    await addAttribute(db.pool, db.tenant, attribute('plan', 'text', 'company'));
    await addAttribute(db.pool, db.tenant, { ...attribute('plan', 'enum', 'company'), name: 'Plan' });
    const stored = (await listAttributes(db.pool, db.tenant)).filter(({ key }) => key === 'plan');
    expect(stored).toMatchObject([{ owner: 'company', name: 'Plan', type: 'enum' }]);
  });

  it('are never retyped', async () => {
    await addAttribute(db.pool, db.tenant, attribute('age', 'number'));
    await expect(addAttribute(db.pool, db.tenant, attribute('age', 'text'))).rejects.toMatchObject({
      code: 'attribute_type_fixed',
    });
    expect(await columns('person')).toMatchObject({ age: 'double precision' });
  });

  it.each(['id', 'company_id', 'created_at', 'revenue', 'label_rfm'])('%s is refused', async (key) => {
    await expect(addAttribute(db.pool, db.tenant, attribute(key))).rejects.toMatchObject({
      code: 'reserved_name',
    });
  });

  it('take any name that is a key, words of SQL included', async () => {
    await addAttribute(db.pool, db.tenant, attribute('select', 'text', 'deal'));
    await addAttribute(db.pool, db.tenant, attribute('user', 'text', 'deal'));
    expect(await columns('deal')).toMatchObject({ select: 'text', user: 'text' });
    await dropAttribute(db.pool, db.tenant, attribute('select', 'text', 'deal'));
    expect(await columns('deal')).not.toHaveProperty('select');
  });

  // The embedded database has one session: nobody else can hold a lock there.
  it.skipIf(inject('testDatabase').template === null)(
    'give up soon, changing nothing, where the table is busy',
    async () => {
      const client = await db.pool.connect();
      await client.query(`begin; lock table ${db.tenant.schema}.person in access share mode`);
      await expect(addAttribute(db.pool, db.tenant, attribute('late'))).rejects.toMatchObject({
        code: 'table_busy',
        retryable: true,
      });
      await client.query('rollback');
      client.release();
      expect(await columns('person')).not.toHaveProperty('late');
    },
  );
});

describe('label columns', () => {
  it('hold one label or a list', async () => {
    await addLabelColumn(db.pool, db.tenant, 'person', 'rfm', 'one');
    await addLabelColumn(db.pool, db.tenant, 'person', 'shop', 'many');
    await db.pool.query(`insert into ${db.tenant.schema}.person default values`);
    const { rows } = await db.pool.query(`select label_rfm, label_shop from ${db.tenant.schema}.person`);
    expect(rows).toEqual([{ label_rfm: null, label_shop: [] }]);
    expect(await listLabelColumns(db.pool, db.tenant, 'person')).toEqual(['label_rfm', 'label_shop']);
    await expect(addLabelColumn(db.pool, db.tenant, 'person', 'rfm', 'many')).rejects.toMatchObject({
      code: 'labels_fixed',
    });
    await dropLabelColumn(db.pool, db.tenant, 'person', 'rfm');
    expect(await listLabelColumns(db.pool, db.tenant, 'person')).toEqual(['label_shop']);
  });
});

describe('columns', () => {
  it('wait until no slice writes subjects, and let the next one in afterwards', async () => {
    const slice = await takeLease(db.pool, db.tenant, {
      name: 'subjects',
      holder: 'label',
      lengthMs: 60_000,
    });
    if (!slice) throw new Error('the lease is not free');
    const adding = addLabelColumn(db.pool, db.tenant, 'person', 'waiting', 'one');
    await sleep(150);
    expect(await columns('person')).not.toHaveProperty('label_waiting');
    await releaseLease(db.pool, db.tenant, slice);
    await adding;
    expect(await columns('person')).toHaveProperty('label_waiting');
    const next = await takeLease(db.pool, db.tenant, { name: 'subjects', holder: 'next', lengthMs: 10 });
    expect(next).not.toBeNull();
  });
});

describe('a table that has dropped very many columns', () => {
  it('is made anew, with its rows, its next id and its indexes', async () => {
    const table = `${db.tenant.schema}.company`;
    const { rows: before } = await db.pool.query<{ id: string }>(
      `insert into ${table} (parent_id) values (null), (1) returning id`,
    );
    const indexes = `select indexname from pg_indexes where tablename = 'company' and schemaname = 'tenant_t1' order by 1`;
    const { rows: indexesBefore } = await db.pool.query(indexes);
    const numbers = Array.from({ length: 1_497 }, (_, index) => `c${index}`);
    await db.pool.query(`alter table ${table} ${numbers.map((name) => `add column ${name} int`).join(', ')}`);
    await db.pool.query(`alter table ${table} ${numbers.map((name) => `drop column ${name}`).join(', ')}`);
    await addAttribute(db.pool, db.tenant, attribute('industry', 'enum', 'company'));
    const { rows } = await db.pool.query<{ highest: number }>(
      `select max(attnum)::int as highest from pg_attribute where attrelid = '${table}'::regclass`,
    );
    expect(rows[0]?.highest).toBeLessThan(20);
    const after = await db.pool.query<{ id: string }>(`select id from ${table} order by id`);
    expect(after.rows).toEqual(before);
    expect((await db.pool.query(indexes)).rows).toEqual(indexesBefore);
    const { rows: next } = await db.pool.query<{ id: string }>(
      `insert into ${table} default values returning id`,
    );
    expect(Number(next[0]?.id)).toBeGreaterThan(Number(before.at(-1)?.id));
  });
});
