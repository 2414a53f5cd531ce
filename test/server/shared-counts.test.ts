import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { SharedCounts } from '../../src/server/shared-counts.ts';
import type { Pool } from '../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
let statements = 0;
let isAway = false;
/** What the clocks of the processes are ahead of the machine's. */
let aheadMs = 0;
let pool: Pool;
const log = createLog({ level: 'silent' });

beforeAll(async () => {
  db = await openTestDatabase();
  const inner = db.pool;
  pool = {
    kind: inner.kind,
    connect: () => inner.connect(),
    end: () => inner.end(),
    prepared: (text, values) => inner.prepared(text, values),
    query: (text, values) => {
      statements += 1;
      return isAway ? Promise.reject(new Error('the store is away')) : inner.query(text, values);
    },
  };
});
beforeEach(async () => {
  await db.pool.query('delete from app.request_count');
  statements = 0;
  isAway = false;
  aheadMs = 0;
});
afterAll(() => db.close());

const MOST = 60;
const WINDOW_MS = 60_000;
const process = (given: { name?: string; most?: number } = {}) =>
  new SharedCounts(
    pool,
    log,
    { name: 'door', most: MOST, windowMs: WINDOW_MS, ...given },
    () => Date.now() + aheadMs,
  );
/** As if a window's length had passed, here and in the store. */
const passWindow = async () => {
  aheadMs += WINDOW_MS;
  await db.pool.query('update app.request_count set until = now()');
};
/** How many of that many requests, in turn to each of the processes, get through. */
async function ask(processes: SharedCounts[], count: number, key = 'ada'): Promise<number> {
  let passed = 0;
  for (let n = 0; n < count; n++) {
    const one = processes[n % processes.length];
    if (one && (await one.increment(key)).totalHits <= MOST) passed += 1;
  }
  return passed;
}

describe('a limit on requests', () => {
  it('is exact in one process', async () => {
    expect(await ask([process()], 200)).toBe(MOST);
  });

  it.each([2, 4, 8])('is one limit over %i processes, to a twentieth each', async (count) => {
    const passed = await ask(Array.from({ length: count }, process), 400);
    expect(passed).toBeGreaterThanOrEqual(MOST);
    expect(passed).toBeLessThanOrEqual(MOST * (1 + 0.05 * count));
  });

  it('remembers so many callers at most: names can be made up', async () => {
    // None of them is told of: a twentieth of the limit is never reached.
    const one = process({ most: 1_200 });
    expect((await one.increment('first')).totalHits).toBe(1);
    expect((await one.increment('first')).totalHits).toBe(2);
    for (let n = 0; n < 100_000; n += 1) await one.increment(`made up ${n}`);
    expect((await one.increment('first')).totalHits).toBe(1);
  });

  it('is not shared between callers, nor between limits', async () => {
    const [door, other] = [process(), process({ name: 'refused' })];
    await ask([door], 100, 'ada');
    expect(await ask([door, process()], 10, 'bob')).toBe(10);
    expect(await ask([other], 10, 'ada')).toBe(10);
  });

  it('costs no statement for who stays far below it, few for who comes near, and none for a flood beyond', async () => {
    const one = process();
    for (let n = 0; n < 100; n++) await one.increment(`visitor ${n}`);
    expect(statements).toBe(0);
    await ask([one], MOST);
    expect(statements).toBe(20);
    await ask([one], 5_000);
    expect(statements).toBeLessThanOrEqual(22);
  });

  it('begins anew when its window has ended, and forgets who is gone', async () => {
    const [one, two] = [process(), process()];
    expect(await ask([one, two], 200)).toBeLessThan(80);
    await passWindow();
    expect(await ask([two], 30)).toBe(30);
    await passWindow();
    await one.increment('bob');
    const { rows } = await db.pool.query('select 1 from app.request_count');
    expect(rows).toEqual([]);
  });

  it('holds in each process by itself while the store is away', async () => {
    isAway = true;
    expect(await ask([process()], 200)).toBe(MOST);
  });

  it('keeps neither addresses nor sessions in the store', async () => {
    await ask([process()], 30, '198.51.100.7');
    const { rows } = await db.pool.query('select * from app.request_count');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('198.51');
  });
});
