import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maintain } from '../../jobs/maintain.ts';
import { review } from '../../jobs/review.ts';
import { rebuildQueue } from '../../jobs/schedules.ts';
import { queueErasures } from '../../jobs/webhook-refresh.ts';
import { saveOwners } from '../../src/store/owners.ts';
import { ensureMonths } from '../../src/store/partitions.ts';
import { listReviews } from '../../src/store/reviews.ts';
import { putSchedule, removeSchedule } from '../../src/store/schedules.ts';
import { createTenant, migrateTenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { interests, openShop, people } from '../pipeline/review/shop.ts';
import { publish, wholeRun } from '../pipeline/whole-run.ts';
import { openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
});
afterAll(async () => {
  await backend.close();
  await database.close();
});

const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
/** What three workers make of it that come to the same at the same moment. */
const byThree = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all([work(), work(), work()]);
describe('workers that do the same at once', () => {
  it('see to the upkeep of a tenant one after the other', async () => {
    await ensureMonths(database.pool, database.tenant, new Date('2012-06-01T00:00:00Z'));
    const outcomes = await byThree(() => maintain({ tenantId: 't1' }, { pool: database.pool, log }));
    expect(outcomes).toContain(undefined);
    // Who came later looks again: the first may have died.
    for (const outcome of outcomes) expect([undefined, { againInMs: 5_000 }]).toContainEqual(outcome);
  });

  it('bring a tenant up to date that an older program made', async () => {
    const { schema } = await createTenant(database.pool, { id: 'older', name: 'Older' });
    await database.pool.query(`drop schema ${schema} cascade`);
    await database.pool.query(`update app.tenant set schema_version = 0 where id = 'older'`);
    await byThree(() => migrateTenant(database.pool, 'older'));
    expect((await database.pool.query(`select from ${schema}.run`)).rows).toEqual([]);
  });

  it('replace the owners of a CRM by those of now', async () => {
    await database.pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ('c', 't1', 'csv', 'C', '1')`,
    );
    const owner = (id: string) => ({ id, email: `${id}@Example.com`, name: id });
    for (const present of [['ann', 'ben'], ['ben', 'cleo'], ['dora']]) {
      await byThree(() => saveOwners(database.pool, database.tenant, 'c', present.map(owner)));
      const { rows } = await database.pool.query<{ id: string; email: string }>(
        `select id, email from ${database.tenant.schema}.owner order by id`,
      );
      expect(rows).toEqual(present.map((id) => ({ id, email: `${id}@example.com` })));
    }
  });

  it('take the schedulers out of the queue that nobody wants any more', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const schedulers = async () =>
      (await backend.queue.getJobSchedulers(0, -1)).filter(({ key }) =>
        ids.includes(key.slice('t1-'.length)),
      );
    for (const id of ids)
      await putSchedule(database.pool, database.tenant, {
        id,
        job: 'run',
        timing: { everyMinutes: 30 },
        paused: false,
      });
    await rebuildQueue({ pool: database.pool, queue: backend.queue, log });
    expect(await schedulers()).toHaveLength(4);
    for (const id of ids) await removeSchedule(database.pool, database.tenant, id);
    await byThree(() => rebuildQueue({ pool: database.pool, queue: backend.queue, log }));
    expect(await schedulers()).toEqual([]);
  });

  it('ask for what a CRM wants erased, and it is queued once', async () => {
    await byThree(() => queueErasures(backend.queue, database.tenant));
    expect(await backend.queue.getJobCounts('waiting')).toEqual({ waiting: 1 });
  });

  it('prepare a report that is due, once', async () => {
    const shop = await openShop(database);
    people(shop, 30);
    await publish(shop.scope, interests({ review: 'every 3 months' }));
    await wholeRun(shop.scope);
    await byThree(() => review({ tenantId: 't1' }, { pool: database.pool, log }));
    expect(await listReviews(database.pool, database.tenant, 'shop')).toHaveLength(1);
  });
});
