import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { review } from '../../jobs/review.ts';
import { rebuildQueue } from '../../jobs/schedules.ts';
import { listReviews } from '../../src/store/reviews.ts';
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

const log = pino({ level: 'silent' });
const names = async () => {
  await rebuildQueue({ pool: database.pool, queue: backend.queue, log });
  const schedulers = await backend.queue.getJobSchedulers(0, -1);
  return schedulers
    .filter(({ name }) => name === 'review')
    .map(({ key, name, pattern, tz }) => ({ key, name, pattern, tz }));
};

it('looks each morning whether a review is due, from when a definition names a rhythm', async () => {
  const shop = await openShop(database);
  people(shop, 30);
  expect(await names()).toEqual([]);
  await publish(shop.scope, interests({ review: 'every 3 months' }));
  await wholeRun(shop.scope);
  expect(await names()).toEqual([{ key: 't1--review', name: 'review', pattern: '30 4 * * *', tz: 'UTC' }]);

  const context = {
    pool: database.pool,
    queue: backend.queue,
    openConnections: () => {
      throw new Error('no connection is needed');
    },
    signal: new AbortController().signal,
    log,
  };
  await review({ tenantId: 't1' }, context);
  await review({ tenantId: 't1' }, context);
  expect(await listReviews(database.pool, database.tenant, 'shop')).toHaveLength(1);
});
