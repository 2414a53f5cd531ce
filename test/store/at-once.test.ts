import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listTargets } from '../../src/store/targets.ts';
import { createTenant, emptyTenant, firstTenant, listTenants, type Tenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const atOnce = <T>(count: number, task: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => task(index)));

/** Does `other` over and over until `work` has ended, and once more. */
async function meanwhile(work: Promise<unknown>, other: () => Promise<unknown>): Promise<void> {
  let ended = false;
  const done = work.finally(() => {
    ended = true;
  });
  const going = (async () => {
    while (!ended) await other();
    await other();
  })();
  await Promise.all([done, going]);
}

describe('a tenant', () => {
  const read = (tenant: Tenant) => listTargets(db.pool, tenant);

  it('is met whole or not at all while it is made', async () => {
    for (let round = 0; round < 3; round += 1)
      await meanwhile(createTenant(db.pool, { id: `new${round}`, name: 'New' }), async () => {
        for (const tenant of await listTenants(db.pool)) expect(await read(tenant)).toEqual([]);
      });
  });

  it('is made once by programs that start at the same moment', async () => {
    await db.pool.query('delete from app.tenant');
    await db.pool.query(`drop schema ${db.tenant.schema} cascade`);
    const made = await atOnce(4, () => firstTenant(db.pool, { id: 't1', name: 'Test tenant' }));
    expect(made.map(({ id }) => id)).toEqual(['t1', 't1', 't1', 't1']);
    for (const tenant of made) expect(await read(tenant)).toEqual([]);
  });

  it('can be read at every moment while it is emptied, by two as well', async () => {
    for (let round = 0; round < 3; round += 1)
      await meanwhile(
        atOnce(2, () => emptyTenant(db.pool, db.tenant)),
        () => atOnce(3, () => read(db.tenant)),
      );
  });
});
