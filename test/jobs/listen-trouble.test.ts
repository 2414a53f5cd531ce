import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JobContext } from '../../jobs/index.ts';
import { startListening } from '../../jobs/listen.ts';
import type { Pool } from '../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { keepLog } from '../kept-log.ts';
import { eventually, openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
let close: (() => Promise<void>) | undefined;

beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
});
afterAll(async () => {
  await backend.close();
  await database.close();
});
beforeEach(async () => {
  await database.pool.query('delete from app.connection');
  await database.pool.query(
    `insert into app.connection (id, tenant_id, system, name, account_id, rank) values
       ('new', 't1', 'a_later_system', 'New', '1', 0), ('org', 't1', 'salesforce', 'Org', '2', 1)`,
  );
});
afterEach(async () => {
  await close?.();
  close = undefined;
});

const contextOf = (more: Partial<JobContext>): JobContext => ({
  pool: database.pool,
  queue: backend.queue,
  openConnections: () => ({
    open: () => Promise.reject(new Error('the org is away')),
    calls: () => ({}),
    close: async () => undefined,
  }),
  signal: new AbortController().signal,
  log: keepLog().log,
  ...more,
});

/** The database goes away for leases once the first was taken. */
function losingLeases(pool: Pool): Pool {
  let taken = 0;
  return new Proxy(pool, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'query') return value.bind(target);
      return async (text: string, values?: readonly unknown[]) => {
        if (text.includes('.lease')) taken += 1;
        if (text.includes('.lease') && taken > 1)
          throw Object.assign(new Error('terminated'), { code: '57P01' });
        return await target.query(text, values);
      };
    },
  });
}

it('a place to listen that can not be given back ends no process, and a system of later stops nobody', async () => {
  const { log, text } = keepLog();
  const context = contextOf({ pool: losingLeases(database.pool), log });
  ({ close } = startListening(context, { lookMs: 10_000, leaseMs: 60_000 }));
  await eventually('it says so', async () => text().includes('a place to listen stays taken'));
  expect(text()).toContain('the org is away');
});
