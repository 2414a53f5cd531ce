import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, schemaVersion } from '../../src/store/migrations/run.ts';
import { tenantMigrations } from '../../src/store/migrations/tenant.ts';
import { createTenant, dropTenant, getTenant, listTenants, migrateTenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const steps = [
  { version: 1, name: 'one', sql: 'create table {schema}.a (id int); insert into {schema}.a values (1)' },
  { version: 2, name: 'two', sql: 'create table {schema}.b (id int)' },
];

describe('migrations', () => {
  it('are applied once, in order, also when many start at once', async () => {
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(db.pool, '"first"', steps)));
    expect(applied.flat().sort()).toEqual([1, 2]);
    expect(await migrate(db.pool, '"first"', steps)).toEqual([]);
    expect((await db.pool.query('select * from first.a')).rows).toEqual([{ id: 1 }]);
  });

  it('leave nothing of a step that fails, and go on from there', async () => {
    const bad = [
      ...steps,
      { version: 3, name: 'bad', sql: 'create table {schema}.c (id int); select 1 / 0' },
    ];
    await expect(migrate(db.pool, '"other"', bad)).rejects.toMatchObject({ code: '22012' });
    expect(await schemaVersion(db.pool, '"other"')).toBe(2);
    expect((await db.pool.query(`select to_regclass('other.c') as found`)).rows).toEqual([{ found: null }]);
    const mended = [...steps, { version: 3, name: 'mended', sql: 'create table {schema}.c (id int)' }];
    expect(await migrate(db.pool, '"other"', mended)).toEqual([3]);
  });

  it('an older program refuses a newer schema and changes nothing; the newer one goes on', async () => {
    const newer = [...steps, { version: 3, name: 'three', sql: 'create table {schema}.c (id int)' }];
    await migrate(db.pool, '"newer"', newer);
    await expect(migrate(db.pool, '"newer"', steps)).rejects.toMatchObject({
      code: 'schema_newer',
      message: expect.stringContaining('version 3'),
    });
    expect(await schemaVersion(db.pool, '"newer"')).toBe(3);
    expect(await migrate(db.pool, '"newer"', newer)).toEqual([]);
  });
});

describe('tenants', () => {
  it('keep their people and companies when they come to a newer schema', async () => {
    await migrate(db.pool, '"grown"', tenantMigrations.slice(0, 1));
    await db.pool.query('insert into grown.company (id) values (7)');
    await db.pool.query('insert into grown.person (id, company_id) values (1, 7)');
    expect(await migrate(db.pool, '"grown"', tenantMigrations)).toEqual(
      tenantMigrations.slice(1).map(({ version }) => version),
    );
    const { rows } = await db.pool.query('select id, company_id, bought_days from grown.person');
    expect(rows, 'what they bought is to be worked out').toEqual([
      { id: '1', company_id: '7', bought_days: null },
    ]);
  });

  it('are made with their schema, listed, and dropped with everything', async () => {
    const tenant = await createTenant(db.pool, {
      id: 'a1',
      name: 'Acme',
      zone: 'Europe/Berlin',
      currency: 'EUR',
    });
    expect(tenant).toMatchObject({ schema: '"tenant_a1"', currency: 'EUR', policy: { pilotSize: 50 } });
    expect(await getTenant(db.pool, 'a1')).toEqual(tenant);
    expect((await listTenants(db.pool)).map(({ id }) => id)).toEqual(['a1', 't1']);
    await db.pool.query(`insert into ${tenant.schema}.person default values`);
    await dropTenant(db.pool, tenant);
    await expect(getTenant(db.pool, 'a1')).rejects.toMatchObject({ code: 'tenant_unknown' });
    expect((await db.pool.query(`select to_regclass('tenant_a1.person') as found`)).rows).toEqual([
      { found: null },
    ]);
  });

  it('a second one of the same id is refused, and so is an id that is no name', async () => {
    await expect(createTenant(db.pool, { id: 't1', name: 'Again' })).rejects.toMatchObject({
      code: 'tenant_exists',
    });
    await expect(createTenant(db.pool, { id: 'a"; drop', name: 'Bad' })).rejects.toThrow('lower-case');
  });

  it('a half-made one is finished, and a newer one is refused', async () => {
    await db.pool.query(`insert into app.tenant (id, name) values ('half', 'Half')`);
    const tenant = await migrateTenant(db.pool, 'half');
    expect(await schemaVersion(db.pool, tenant.schema)).toBe(tenantMigrations.length);
    await db.pool.query(`update app.tenant set schema_version = 99 where id = 'half'`);
    await expect(migrateTenant(db.pool, 'half')).rejects.toMatchObject({ code: 'schema_newer' });
  });
});
