import { UnrecoverableError } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobToDo, JobWorker, Processor } from '../../jobs/backend.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { eventually, openTestQueue, type TestQueue } from './queue.ts';

let database: TestDatabase;
let backend: TestQueue;
const workers: JobWorker[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  backend = await openTestQueue(database);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
});
afterAll(async () => {
  await backend.close();
  await database.close();
});

/** Nothing of any job is in the queue. */
const empty = () =>
  eventually('nothing left', async () => {
    const counts = await backend.queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed');
    return Object.values(counts).every((count) => count === 0);
  });

async function work(process: Processor, concurrency = 1, lockMs?: number): Promise<JobWorker> {
  const worker = backend.startWorker(process, {
    concurrency,
    lockMs,
    onError: (error) => backend.errors.push(error),
  });
  workers.push(worker);
  await worker.waitUntilReady();
  return worker;
}

describe('the queue', () => {
  it('does jobs in the order in which they came, each once, and keeps nothing of them', async () => {
    const done: JobToDo[] = [];
    for (const runId of ['1', '2', '3']) {
      await backend.queue.add('advance', { tenantId: 'a', runId }, { jobId: `a-${runId}-0` });
    }
    await work(async (job) => {
      done.push(job);
      return undefined;
    });
    await eventually('three jobs done', () => done.length === 3);
    expect(done.map(({ data }) => data)).toEqual(['1', '2', '3'].map((runId) => ({ tenantId: 'a', runId })));
    expect(done[0]).toMatchObject({ id: 'a-1-0', name: 'advance' });
    await empty();
  });

  it('queues a job of one id once, and again after it has ended', async () => {
    let done = 0;
    const add = () => backend.queue.add('advance', { tenantId: 'b' }, { jobId: 'b-1-0' });
    await Promise.all([add(), add(), add()]);
    await work(async () => {
      done += 1;
      return undefined;
    });
    await eventually('done', () => done > 0);
    await empty();
    expect(done).toBe(1);
    await add();
    await eventually('done again', () => done === 2);
  });

  it('puts a job back for the time it asks for, as the same job', async () => {
    const at: number[] = [];
    await work(async () => {
      at.push(performance.now());
      return at.length < 3 ? { againInMs: 120 } : undefined;
    });
    await backend.queue.add('advance', { tenantId: 'c' }, { jobId: 'c-1-0', attempts: 1 });
    await eventually('three times', () => at.length === 3);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(100);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(at).toHaveLength(3);
  });

  it('tries a failed job again with its attempts, but never one that is final', async () => {
    const tries: Record<string, number> = {};
    await work(async ({ name }) => {
      tries[name] = (tries[name] ?? 0) + 1;
      if (name === 'maintain') throw new UnrecoverableError('final');
      if ((tries[name] ?? 0) < 3) throw new Error('once more');
      return undefined;
    });
    const attempts = { attempts: 5, backoff: { type: 'fixed', delay: 30 } };
    await backend.queue.add('advance', { tenantId: 'd' }, { jobId: 'd-1-0', ...attempts });
    await backend.queue.add('maintain', { tenantId: 'd' }, { jobId: 'd-2-0', ...attempts });
    await eventually('the third try', () => tries.advance === 3);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(tries).toEqual({ advance: 3, maintain: 1 });
  });

  it('fires a scheduler that it was given, until it is removed', async () => {
    let fired = 0;
    await work(async () => {
      fired += 1;
      return undefined;
    });
    await backend.queue.upsertJobScheduler(
      'e-often',
      { every: 200 },
      { name: 'run', data: { tenantId: 'e' } },
    );
    await eventually('fired twice', () => fired >= 2);
    await backend.queue.removeJobScheduler('e-often');
    // One that had come due before may still be done.
    await empty();
    const then = fired;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(fired).toBe(then);
  });

  it('tries a scheduled job again that failed, and fires it as before', async () => {
    let tries = 0;
    await work(async () => {
      tries += 1;
      if (tries === 1) throw new Error('once more');
      return undefined;
    });
    await backend.queue.upsertJobScheduler(
      'g-daily',
      { every: 86_400_000 },
      { name: 'maintain', data: { tenantId: 'g' } },
    );
    await eventually('the second try', () => tries === 2);
    await eventually('only the next day is left', async () => {
      const { delayed, active } = await backend.queue.getJobCounts('delayed', 'active');
      return delayed === 1 && active === 0;
    });
    await backend.queue.removeJobScheduler('g-daily');
  });

  it('lets the job under way end when its worker closes, and leaves the next one', async () => {
    const begun: string[] = [];
    const ended: string[] = [];
    const closing = Promise.withResolvers<void>();
    const worker = await work(async ({ data }) => {
      begun.push(data.runId ?? '');
      await closing.promise;
      ended.push(data.runId ?? '');
      return undefined;
    });
    await backend.queue.add('advance', { tenantId: 'f', runId: '1' }, { jobId: 'f-1-0' });
    await eventually('begun', () => begun.length === 1);
    await backend.queue.add('advance', { tenantId: 'f', runId: '2' }, { jobId: 'f-2-0' });
    const closed = worker.close();
    closing.resolve();
    await closed;
    expect({ begun, ended }).toEqual({ begun: ['1'], ended: ['1'] });
    expect(await backend.queue.getJobCounts('waiting')).toMatchObject({ waiting: 1 });
    await work(async ({ data }) => {
      ended.push(data.runId ?? '');
      return undefined;
    });
    await eventually('the next worker does it', () => ended.includes('2'));
  });

  it('answers a ping', async () => {
    await expect(backend.ping()).resolves.toBeUndefined();
    expect(backend.kind).toBe(process.env.TEST_REDIS_URL ? 'redis' : 'postgres');
  });

  it('met no error on the way', () => {
    expect(backend.errors).toEqual([]);
  });
});
