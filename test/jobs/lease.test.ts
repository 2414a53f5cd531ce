import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FenceError } from '../../src/errors.ts';
import { checkFence, type Lease, releaseLease, renewLease, takeLease } from '../../src/store/lease.ts';
import { transaction } from '../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.pool.query(`create table ${database.tenant.schema}.written (by text)`);
});
afterAll(() => database.close());

const take = (name: string, holder: string, lengthMs = 60_000) =>
  takeLease(database.pool, database.tenant, { name, holder, lengthMs });

async function taken(name: string, holder: string, lengthMs?: number): Promise<Lease> {
  const lease = await take(name, holder, lengthMs);
  if (!lease) throw new Error(`${name} is not free`);
  return lease;
}

const write = (lease: Lease, by: string) =>
  transaction(database.pool, async (client) => {
    await client.query(`insert into ${database.tenant.schema}.written values ($1)`, [by]);
    await checkFence(client, database.tenant, lease);
  });

const written = async () =>
  (await database.pool.query<{ by: string }>(`select by from ${database.tenant.schema}.written`)).rows.map(
    ({ by }) => by,
  );

describe('a lease', () => {
  it('has one holder, until it is given back', async () => {
    const first = await taken('one', 'a');
    expect(await take('one', 'b')).toBeNull();
    await releaseLease(database.pool, database.tenant, first);
    const second = await taken('one', 'b');
    expect(BigInt(second.fence)).toBeGreaterThan(BigInt(first.fence));
  });

  it('goes to one of many who ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => take('many', `h${index}`)));
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
  });

  it('is taken over once it has expired, and the holder that wakes can write nothing', async () => {
    const stopped = await taken('sleep', 'stopped', 30);
    await write(stopped, 'stopped, in time');
    await sleep(60);
    const next = await taken('sleep', 'next');
    await expect(write(stopped, 'stopped, woken')).rejects.toThrow(FenceError);
    await write(next, 'next');
    expect(await written()).toEqual(['stopped, in time', 'next']);
  });

  it('stays with an expired holder as long as nobody else wants it', async () => {
    const late = await taken('late', 'a', 10);
    await sleep(30);
    await expect(write(late, 'late')).resolves.toBeUndefined();
  });

  it('lasts longer when it is renewed, but not after it was taken over', async () => {
    const first = await taken('renewed', 'a', 60);
    await renewLease(database.pool, database.tenant, first, 60_000);
    await sleep(90);
    expect(await take('renewed', 'b')).toBeNull();
    await renewLease(database.pool, database.tenant, first, 1);
    await sleep(20);
    const second = await taken('renewed', 'b', 60);
    await renewLease(database.pool, database.tenant, first, 60_000);
    await releaseLease(database.pool, database.tenant, first);
    await expect(write(second, 'second')).resolves.toBeUndefined();
    await sleep(80);
    expect(await take('renewed', 'c')).not.toBeNull();
  });

  it('is of one tenant, and of one name', async () => {
    await taken('names', 'a');
    await expect(take('names-2', 'a')).resolves.not.toBeNull();
  });
});

describe('the fence', () => {
  it('holds the lease for the length of the transaction that checked it', async () => {
    if (database.kind === 'embedded') return; // one session: no other statement runs inside a transaction
    const holder = await taken('held', 'a', 1);
    const order: string[] = [];
    const checked = Promise.withResolvers<void>();
    const writing = transaction(database.pool, async (client) => {
      await checkFence(client, database.tenant, holder);
      order.push('checked');
      checked.resolve();
      await sleep(200);
      order.push('written');
    });
    await checked.promise;
    const taking = take('held', 'b').then((lease) => {
      order.push('taken over');
      return lease;
    });
    await Promise.all([writing, taking]);
    expect(order).toEqual(['checked', 'written', 'taken over']);
  });
});
