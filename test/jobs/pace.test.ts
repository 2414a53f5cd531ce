import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Budget } from '../../connectors/contract.ts';
import { SharedPace } from '../../jobs/pace.ts';
import { SlidingWindow } from '../../sandbox/limits.ts';
import { RateLimitError } from '../../src/errors.ts';
import { saveConnection } from '../../src/store/connections.ts';
import { keyring } from '../../src/store/secrets.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
let connectionId = '';
let accounts = 0;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  accounts += 1;
  const account = { system: 'csv', name: 'Account', accountId: String(accounts) };
  const keys = keyring(Buffer.alloc(32, 1));
  connectionId = (await saveConnection(database.pool, database.tenant, keys, account, null)).id;
});

const { signal } = new AbortController();

const workers = (count: number, budgets: Record<string, Budget>): SharedPace[] =>
  Array.from(
    { length: count },
    (_, index) => new SharedPace(database.pool, connectionId, budgets, `w${index}`),
  );

/**
 * Makes `calls` calls to a CRM that counts arrivals in a sliding window, by all workers, each with some callers.
 * Answers how many the CRM refused.
 */
async function callAll(
  paces: SharedPace[],
  crm: SlidingWindow,
  calls: number,
  latencyMs: () => number,
): Promise<{ refused: number }> {
  let left = calls;
  let refused = 0;
  const caller = async (pace: SharedPace) => {
    while (left > 0) {
      left -= 1;
      await pace.take('general', 1, signal);
      await sleep(latencyMs() / 2);
      if (!crm.take(performance.now()).taken) refused += 1;
      await sleep(latencyMs() / 2);
      pace.answered('general');
    }
  };
  await Promise.all(paces.flatMap((pace) => [1, 2, 3, 4, 5].map(() => caller(pace))));
  await Promise.all(paces.map((pace) => pace.close()));
  return { refused };
}

describe('workers that share a connection', () => {
  it.each([
    ['one worker', 1, 40, 2_000, 2],
    ['three workers', 3, 30, 3_000, 3],
  ])('never exceed the limit: %s', async (_name, count, permits, windowMs, windows) => {
    const budget: Budget = { permits, windowMs, concurrency: 10, scope: 'account' };
    const calls = permits * (windows + 1);
    const latency = () => 5 + Math.random() * 40;
    const { refused } = await callAll(
      workers(count, { general: budget }),
      new SlidingWindow(permits, windowMs),
      calls,
      latency,
    );
    // How close to the limit they come is measured by `npm run bench -- pace`.
    expect(refused).toBe(0);
  });

  it('all wait when one of them is told to, and follow another limit', async () => {
    const [told, other] = workers(2, { general: { permits: 100, windowMs: 1_000, scope: 'account' } });
    if (!told || !other) throw new Error('no workers');
    await told.take('general', 1, signal);
    const start = performance.now();
    told.report({ budget: 'general', retryAfterMs: 400, limit: 7 });
    told.answered('general');
    await told.close();
    for (let calls = 0; calls < 6; calls += 1) await other.take('general', 1, signal);
    // A timer may fire a little early.
    expect(performance.now() - start).toBeGreaterThanOrEqual(390);
    const { rows } = await database.pool.query<{ state: { limit: number } }>(
      'select state from app.budget where connection_id = $1',
      [connectionId],
    );
    expect(rows[0]?.state.limit).toBe(7);
    await other.close();
  });

  it('hand a long wait back, so that the run sleeps and not the worker', async () => {
    const [pace] = workers(1, { general: { permits: 2, windowMs: 3_600_000, scope: 'account' } });
    await pace?.take('general', 1, signal);
    await pace?.take('general', 1, signal);
    pace?.answered('general');
    pace?.answered('general');
    const refusal = await pace?.take('general', 1, signal).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RateLimitError);
    expect(refusal).toMatchObject({ code: 'budget_spent', retryAfterMs: expect.any(Number) });
    expect((refusal as RateLimitError).retryAfterMs).toBeGreaterThan(3_500_000);
    await pace?.close();
  });

  it('give back what a slice took and did not use', async () => {
    // A window so long that waiting for it would be handed back as an error.
    const budget: Budget = { permits: 20, windowMs: 3_600_000, scope: 'account' };
    const [first, second] = workers(2, { general: budget });
    await first?.take('general', 1, signal);
    first?.answered('general');
    await first?.close();
    for (let calls = 0; calls < 19; calls += 1) await second?.take('general', 1, signal);
    await expect(second?.take('general', 1, signal)).rejects.toThrow(RateLimitError);
    await second?.close();
  });

  it('stop waiting when their slice is stopped', async () => {
    const [pace] = workers(1, { general: { permits: 1, windowMs: 5_000, scope: 'account' } });
    const stop = new AbortController();
    await pace?.take('general', 1, stop.signal);
    pace?.answered('general');
    setTimeout(() => stop.abort(), 100);
    await expect(pace?.take('general', 1, stop.signal)).rejects.toThrow(/abort/i);
    await pace?.close();
  });
});
