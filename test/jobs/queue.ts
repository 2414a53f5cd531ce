import { openQueueBackend, type QueueBackend } from '../../jobs/backend.ts';
import type { TestDatabase } from '../database.ts';
import { redisProgram, startRedis } from '../redis-server.ts';

export type TestQueue = QueueBackend & {
  /** Where the queue is kept in Redis: its address, for looking behind its back. */
  redisUrl: string | null;
  errors: Error[];
};

/**
 * The queue of a test file: kept in its database, or with TEST_REDIS_URL in a Redis of its own, which the test may
 * flush without harm to others.
 */
export async function openTestQueue(database: TestDatabase): Promise<TestQueue> {
  const program = process.env.TEST_REDIS_URL ? redisProgram() : null;
  const redis = program === null ? null : await startRedis(program);
  const errors: Error[] = [];
  const backend = await openQueueBackend({
    pool: database.pool,
    databaseUrl: database.url ?? undefined,
    redis: { url: redis?.url },
    onError: (error) => errors.push(error),
  });
  return {
    ...backend,
    redisUrl: redis?.url ?? null,
    errors,
    close: async () => {
      await backend.close();
      await redis?.stop();
    },
  };
}

/** Looks until `look` answers something, every 20 ms; fails after `limitMs`, long enough for a busy machine. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 120_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
