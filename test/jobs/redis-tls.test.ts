import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openQueueBackend } from '../../jobs/backend.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { redisProgram, startRedis } from '../redis-server.ts';
import { eventually } from './queue.ts';

const program = redisProgram();

/** A hosted Redis often has a certificate that it signed itself. */
describe.runIf(program !== null)('a Redis over TLS whose certificate nobody signed', () => {
  let folder: string;
  let database: TestDatabase;
  let redis: Awaited<ReturnType<typeof startRedis>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'segment-sync-tls-'));
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const ask = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=redis';
    execFileSync('openssl', [...ask.split(' '), '-out', files.cert, '-keyout', files.key], {
      stdio: 'ignore',
    });
    redis = await startRedis(program ?? '', files);
    database = await openTestDatabase();
  });
  afterAll(async () => {
    await database.close();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  it('is refused, unless one says that it need not be verified', async () => {
    const errors: Error[] = [];
    const open = (isVerified: boolean) =>
      openQueueBackend({
        pool: database.pool,
        redis: { url: redis.url, isVerified },
        onError: (error) => errors.push(error),
      });
    const refused = await open(true);
    await eventually('it is refused', () => errors.some(({ message }) => /self.signed/i.test(message)));
    await refused.close();

    const backend = await open(false);
    try {
      errors.length = 0;
      await backend.ping();
      await backend.queue.add('advance', { tenantId: 'a', runId: '1' }, { jobId: 'a-1-0' });
      const done: string[] = [];
      const worker = backend.startWorker(
        async ({ id }) => {
          done.push(String(id));
          return undefined;
        },
        { concurrency: 1, onError: (error) => errors.push(error) },
      );
      await eventually('the job is done', () => done.includes('a-1-0'));
      await worker.close();
      expect(errors).toEqual([]);
    } finally {
      await backend.close();
    }
  });
});
