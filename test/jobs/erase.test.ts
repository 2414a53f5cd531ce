import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eraseRequested } from '../../jobs/webhook-refresh.ts';
import { keyring } from '../../src/store/secrets.ts';
import { suppressionKey } from '../../src/store/suppressions.ts';
import { listErasureRequests, noteErasures } from '../../src/store/webhook-notes.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { keepLog } from '../kept-log.ts';
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

it('erasures give others a turn, and go on where they were', async () => {
  const { pool, tenant } = database;
  await noteErasures(pool, tenant, 'org', ['1', '2', '3']);
  const key = await suppressionKey(pool, keyring(randomBytes(32)));
  const context = {
    ...{ pool, queue: backend.queue, log: keepLog().log, signal: new AbortController().signal },
    openConnections: () => {
      throw new Error('no connection is asked');
    },
    suppressionKey: async () => key,
    sliceMs: 0,
  };
  const left = async () => (await listErasureRequests(pool, tenant)).map(({ id }) => id);
  const slices = [];
  for (let i = 0; i < 3; i += 1) {
    slices.push([await eraseRequested({ tenantId: tenant.id }, context), await left()]);
  }
  expect(slices).toEqual([
    [{ againInMs: 0 }, ['2', '3']],
    [{ againInMs: 0 }, ['3']],
    [undefined, []],
  ]);
});
