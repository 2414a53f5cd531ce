import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuthError, RateLimitError, RemoteError } from '../../../src/errors.ts';
import { backoffMs } from '../../../src/pipeline/push/backoff.ts';
import { type Lane, runLanes, type Unit } from '../../../src/pipeline/push/push-lanes.ts';
import { withLeases } from '../../../src/pipeline/with-leases.ts';
import { askForLease, isLeaseAskedFor, pushLease, takeLease } from '../../../src/store/lease.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { workOn } from '../stages.ts';

let database: TestDatabase;
let a: string;
let b: string;
let tests = 0;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  tests += 1;
  [a, b] = [`a${tests}`, `b${tests}`];
  for (const id of [a, b]) {
    await database.pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ($1, $2, 'csv', $1, $1)`,
      [id, database.tenant.id],
    );
  }
});

type Units = Record<string, Unit<Lane>>;
type Given = { deadlineMs?: number; isRefresh?: boolean; signal?: AbortSignal };

const newLane = (): Lane => ({ phase: 'write', notBefore: 0, failures: 0 });
const newLanes = (): Record<string, Lane> => ({ [a]: newLane(), [b]: newLane() });

/** One slice; each unit says what one piece of work on that connection comes to. */
function slice(lanes: Record<string, Lane>, units: Units, given: Given = {}) {
  const { pool, tenant } = database;
  const work = {
    ...workOn(pool, tenant, [], {
      deadlineMs: given.deadlineMs ?? 60_000,
      ...(given.isRefresh && { dirtyOnly: true }),
    }),
    connections: Object.keys(lanes).map((id) => ({
      id,
      system: 'csv',
      mode: 'production' as const,
      rank: 0,
    })),
    ...(given.signal && { signal: given.signal }),
  };
  return runLanes(work, lanes, async (id) => async (laneWork, lane) => {
    const unit = units[id];
    if (!unit) throw new Error(`nothing to do for ${id}`);
    return unit(laneWork, lane);
  });
}

/** Ends after so many units. */
function endAfter(count: number, done: string[] = [], name = ''): Unit<Lane> {
  let units = 0;
  return async (_work, lane) => {
    units += 1;
    done.push(name);
    if (units >= count) lane.phase = 'end';
    return {};
  };
}

const action = 'Wait.';
const failsWith =
  (error: Error): Unit<Lane> =>
  () =>
    Promise.reject(error);
const down = new RemoteError('down', 'It does not answer.', { status: 503, retryable: true, action });

describe('connections are pushed to side by side', () => {
  it('one whose call is not answered yet keeps none of the others from their end, past the slice too', async () => {
    let answer = () => {};
    const call = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const quick = endAfter(20);
    const lanes = newLanes();
    const result = await slice(
      lanes,
      {
        [a]: async () => {
          await call;
          return {};
        },
        // The slice's time is up when this one is at its third unit or so.
        [b]: async (work, lane) => {
          await sleep(50);
          const step = await quick(work, lane);
          if (lane.phase === 'end') answer();
          return step;
        },
      },
      { deadlineMs: 150 },
    );
    expect(lanes[b]?.phase).toBe('end');
    expect(lanes[a]?.phase).toBe('write');
    expect(result).toEqual({ done: false });
  });

  it('two that both take long do not keep each other going', async () => {
    const slow: Unit<Lane> = async () => {
      await sleep(1_100);
      return {};
    };
    expect(await slice(newLanes(), { [a]: slow, [b]: slow }, { deadlineMs: 100 })).toEqual({ done: false });
  });

  it('all end with the slice where nobody awaits a call', async () => {
    const forever: Unit<Lane> = async () => {
      await sleep(5);
      return {};
    };
    const lanes = newLanes();
    expect(await slice(lanes, { [a]: forever, [b]: forever }, { deadlineMs: 40 })).toEqual({ done: false });
  });

  it('one that has to rest goes on after it, as long as another works', async () => {
    const order: string[] = [];
    let rested = false;
    const lanes = newLanes();
    const working = endAfter(40, order, 'b');
    const result = await slice(lanes, {
      [a]: async (_work, lane) => {
        order.push('a');
        if (rested) lane.phase = 'end';
        rested = true;
        return rested ? { wait: 100 } : {};
      },
      [b]: async (work, lane) => {
        await sleep(10);
        return working(work, lane);
      },
    });
    expect(result).toEqual({ done: true });
    expect(order.lastIndexOf('a')).toBeLessThan(order.lastIndexOf('b'));
  });

  it('the slice asks for a rest where all of them do, for the shortest', async () => {
    const lanes = newLanes();
    const rests: Units = {
      [a]: async () => ({ wait: 60_000 }),
      [b]: async () => ({ wait: 20_000 }),
    };
    const { waitMs } = await slice(lanes, rests);
    expect(waitMs).toBeGreaterThan(10_000);
    expect(waitMs).toBeLessThanOrEqual(20_000);
    // The next slice is not begun before: then the first is due, and the other is not.
    const done: string[] = [];
    await slice(lanes, { [a]: endAfter(1, done, 'a'), [b]: endAfter(1, done, 'b') });
    expect(done).toEqual(['b']);
  });
});

describe('one that fails', () => {
  const failures: [string, Error, number][] = [
    ['is down', down, 1],
    ['shuts us out', new AuthError('revoked', 'Shut out.', { action }), 1],
    ['answers what nobody foresaw', new TypeError('x is undefined'), 1],
    ['asks us to wait', new RateLimitError('busy', 'Slow down.', { retryAfterMs: 3_600_000, action }), 0],
  ];

  it.each(failures)(
    'because it %s does not keep another from its end, and says why',
    async (_name, error, count) => {
      const lanes = newLanes();
      const result = await slice(lanes, { [a]: failsWith(error), [b]: endAfter(5) });
      expect(lanes[b]).toMatchObject({ phase: 'end', failures: 0 });
      expect(lanes[a]).toMatchObject({ phase: 'write', failures: count });
      expect(result.done).toBe(false);
      expect(result.because?.message).toBe(error.message);
    },
  );

  it('rests longer each time while others work, and forgets its failures once it succeeds', async () => {
    const lanes = { [a]: newLane(), [b]: newLane() };
    const rests: Unit<Lane> = async () => ({ wait: 600_000 });
    const seen: (number | undefined)[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      await slice(lanes, { [a]: failsWith(down), [b]: rests });
      seen.push(lanes[a]?.failures);
    }
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(seen.map((count) => backoffMs(count ?? 0))).toEqual([1_000, 2_000, 4_000, 8_000]);
    await slice(lanes, { [a]: endAfter(1), [b]: rests });
    expect(lanes[a]).toMatchObject({ phase: 'end', failures: 0 });
  });

  it('is an error of the slice once none is left that works', async () => {
    const lanes = newLanes();
    await slice(lanes, { [a]: failsWith(down), [b]: endAfter(3) });
    await expect(slice(lanes, { [a]: failsWith(down) })).rejects.toBe(down);
  });

  it('is no failure where the program is stopping', async () => {
    const stop = new AbortController();
    const lanes = newLanes();
    const stopped: Unit<Lane> = async (work) => {
      stop.abort();
      work.signal.throwIfAborted();
      return {};
    };
    await slice(lanes, { [a]: stopped, [b]: stopped }, { signal: stop.signal });
    expect(Object.values(lanes).map(({ failures: count }) => count)).toEqual([0, 0]);
  });
});

describe('one writer to a connection at a time', () => {
  const hold = (id: string) =>
    takeLease(database.pool, database.tenant, { name: pushLease(id), holder: 'other', lengthMs: 60_000 });

  it('leaves a connection alone that another worker writes to, and writes to the others', async () => {
    await hold(a);
    const done: string[] = [];
    const lanes = newLanes();
    const result = await slice(lanes, { [a]: endAfter(1, done, 'a'), [b]: endAfter(3, done, 'b') });
    expect(done).toEqual(['b', 'b', 'b']);
    expect(result).toMatchObject({ done: false });
    expect(result.waitMs).toBeLessThanOrEqual(250);
  });

  it('two runs write to different connections of a tenant at once', async () => {
    const [called, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const long = slice(
      { [a]: newLane() },
      {
        [a]: async (_work, lane) => {
          called.resolve();
          await answered.promise;
          lane.phase = 'end';
          return {};
        },
      },
    );
    await called.promise;
    const refresh = { [a]: newLane(), [b]: newLane() };
    await slice(refresh, { [a]: endAfter(1), [b]: endAfter(1) }, { isRefresh: true });
    expect([refresh[a]?.phase, refresh[b]?.phase]).toEqual(['write', 'end']);
    answered.resolve();
    expect(await long).toEqual({ done: true });
  });

  it('a long run gives way between two units to a refresh that asks, which gives way to nobody', async () => {
    const lanes = { [a]: newLane() };
    const done: string[] = [];
    const ask = () => askForLease(database.pool, database.tenant, pushLease(a), 60_000);
    const many = endAfter(9, done, 'long');
    const asking: Unit<Lane> = async (work, lane) => {
      if (done.length === 2) await ask();
      return many(work, lane);
    };
    await slice(lanes, { [a]: asking });
    expect(done).toHaveLength(3);
    expect(lanes[a]).toMatchObject({ phase: 'write', failures: 0 });

    await slice({ [a]: newLane() }, { [a]: endAfter(2, done, 'quick') }, { isRefresh: true });
    expect(await isLeaseAskedFor(database.pool, database.tenant, pushLease(a))).toBe(false);
    await slice(lanes, { [a]: asking });
    expect(done.join(' ')).toBe('long long long quick quick long long long long long long');
  });

  it('stops at once where another took over, and is no failure', async () => {
    const lanes = newLanes();
    const lost: Unit<Lane> = async (work) => {
      const client = await work.pool.connect();
      try {
        await client.query(
          `update ${database.tenant.schema}.lease set holder = 'other', fence = fence + 1 where name = $1`,
          [pushLease(a)],
        );
        await work.checkFence(client);
      } finally {
        client.release();
      }
      return {};
    };
    await slice(lanes, { [a]: lost, [b]: endAfter(2) });
    expect(lanes[a]).toMatchObject({ phase: 'write', failures: 0 });
    expect(lanes[b]?.phase).toBe('end');
  });

  it('does not write to a connection that has left since the slice began', async () => {
    await database.pool.query(`update app.connection set state = 'disconnected' where id = $1`, [a]);
    const done: string[] = [];
    await slice(newLanes(), { [a]: endAfter(1, done, 'a'), [b]: endAfter(1, done, 'b') });
    expect(done).toEqual(['b']);
  });

  it('holds all of several leases or none', async () => {
    await hold(b);
    const { pool, tenant } = database;
    const { log } = workOn(pool, tenant, []);
    const both = [pushLease(a), pushLease(b)];
    expect(await withLeases({ pool, tenant, log }, both, async () => 'held')).toBeNull();
    expect(await hold(a)).not.toBeNull();
  });
});
