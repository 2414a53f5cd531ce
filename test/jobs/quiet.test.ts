import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import { startWorker } from '../../jobs/worker.ts';
import { RemoteError } from '../../src/errors.ts';
import { getRun, requestRun } from '../../src/store/runs.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { keepLog } from '../kept-log.ts';
import { eventually, openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
const { log, text } = keepLog();

beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
});
afterAll(async () => {
  await backend.close();
  await database.close();
});

describe('what workers leave behind', () => {
  it('job data that has room for ids only', () => {
    for (const { payload } of Object.values(jobs)) {
      expect(payload.safeParse({ tenantId: 'a', runId: '1', email: 'ada@example.com' }).success).toBe(false);
      expect(payload.safeParse({ tenantId: 'ada@example.com', runId: '1' }).success).toBe(false);
    }
  });

  it('a log without tokens and e-mail addresses, although an error carries them', async () => {
    const { run } = await requestRun(database.pool, database.tenant, {
      asOf: new Date(),
      requestedBy: 'test',
    });
    await database.pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ('c1', 't1', 'csv', 'Shop', '1')`,
    );
    await database.pool.query(
      `update ${database.tenant.schema}.run set requested_at = now() - interval '1 hour'`,
    );
    const worker = await startWorker({
      pool: database.pool,
      backend,
      openConnections: () => ({
        open: async () => {
          throw Object.assign(
            new RemoteError('refused', 'The CRM refused it.', {
              status: 400,
              action: 'Look at it.',
              cause: Object.assign(new Error('bad request'), {
                headers: { authorization: 'Bearer canary-token' },
                request: { body: 'canary@example.com' },
              }),
            }),
            { email: 'canary@example.com', accessToken: 'canary-token' },
          );
        },
        calls: () => ({}),
        close: async () => undefined,
      }),
      concurrency: 1,
      log,
    });
    log.info({ secret: { accessToken: 'canary-token' }, email: 'canary@example.com' }, 'by name');
    try {
      const ended = await eventually('the run ended', async () => {
        const now = await getRun(database.pool, database.tenant, run.id);
        return now.endedAt ? now : null;
      });
      expect(ended).toMatchObject({ state: 'failed', reason: { code: 'refused' } });
    } finally {
      await worker.close();
    }
    expect(text()).toContain('slice failed');
    expect(text()).toContain('bad request');
    expect(text()).not.toMatch(/canary/);
  });
});
