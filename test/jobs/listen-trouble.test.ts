import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JobContext } from '../../jobs/index.ts';
import { startListening } from '../../jobs/listen.ts';
import { RemoteError } from '../../src/errors.ts';
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
  // A place that was not given back stays taken for as long as its lease.
  await database.pool.query(`delete from ${database.tenant.schema}.lease`);
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

it('an account that tells of no changes, as most do, is one line of the log without a stack', async () => {
  const { log, text } = keepLog();
  const toldNothing = new RemoteError('changes_not_allowed', 'The org tells of no changes.', {
    ...{ status: 403, action: 'Nothing has to be done.' },
  });
  const openConnections = () => ({
    open: () => Promise.reject(toldNothing),
    calls: () => ({}),
    close: async () => undefined,
  });
  ({ close } = startListening(contextOf({ openConnections, log }), { lookMs: 20 }));
  await eventually('it says so', async () => text().includes('does not listen for a while'));
  await close();
  const said = text()
    .split('\n')
    .filter((line) => line.includes('does not listen'));
  expect(said).toEqual([expect.stringContaining('"reason":"The org tells of no changes."')]);
  expect(said[0]).not.toContain('stack');
});
