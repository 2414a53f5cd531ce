import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { releaseTargets, stopTargets } from '../../src/pipeline/publish/release.ts';
import { addPins } from '../../src/store/pins.ts';
import type { Pool } from '../../src/store/pool.ts';
import { readWaiting } from '../../src/views/waiting.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, hubspotId } from '../integration/shop.ts';

let database: TestDatabase;
let rig: Rig;
let pool: Pool;
/** Statements that look at every record. */
let counted = 0;
/** These statements wait for it, from the second on. */
let gate: Promise<void> | null = null;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = await writtenRig(database, { people: customers(9), systems: ['hubspot'] });
  const inner = rig.pool;
  pool = {
    kind: inner.kind,
    connect: () => inner.connect(),
    end: () => inner.end(),
    prepared: (text, values) => inner.prepared(text, values),
    query: async (text, values) => {
      if (text.includes('with want as')) {
        counted += 1;
        if (counted > 1) await gate;
      }
      return inner.query(text, values);
    },
  };
  await rig.pool.query(`delete from ${rig.tenant.schema}.ledger`);
});
beforeEach(() => {
  counted = 0;
  gate = null;
});
afterAll(async () => {
  await rig?.stop();
  await database?.close();
});

const look = async () => {
  const { targets } = await readWaiting(pool, rig.tenant, new Date());
  const target = targets.find(({ kind }) => kind === 'property');
  if (target === undefined) throw new Error('no property is written');
  return target;
};

describe('what waits', () => {
  it('is counted once for all who look at the same time, and for who looks again', async () => {
    await stopTargets(rig.pool, rig.tenant, 'all', 'held', 'test');
    const seen = await Promise.all([look(), look(), look()]);
    expect(seen.map(({ state, writes }) => [state, writes])).toEqual(Array(3).fill(['held', 6]));
    expect(await look()).toEqual(seen[0]);
    expect(counted).toBe(1);
  });

  it('is counted again after a pin, a run that ended, and a release', async () => {
    const { tenant } = rig;
    const { id, connectionId } = await look();
    const key = hubspotId(1);
    await addPins(rig.pool, tenant, { connectionId, object: 'contact' }, [
      { key, targetId: id, value: 'vip', until: null },
    ]);
    expect((await look()).writes).toBe(5);
    await rig.pool.query(`delete from ${tenant.schema}.pin`);
    expect((await look()).writes).toBe(6);
    await rig.pool.query(`delete from ${tenant.schema}.contact_record where id = $1`, [hubspotId(2)]);
    expect((await look()).writes).toBe(6);
    await rig.pool.query(
      `insert into ${tenant.schema}.run (id, state, as_of, ended_at) overriding system value
       select max(id) + 1, 'done', now(), now() from ${tenant.schema}.run`,
    );
    expect((await look()).writes).toBe(5);
    expect(counted).toBe(3);
    await releaseTargets(rig.pool, tenant, [id], 'test');
    expect(await look()).toMatchObject({ state: 'live', writes: 0 });
  });
});

describe('what waits among many records', () => {
  it('is answered after the first 10,000 of an object, and counted on for the next look', async () => {
    const { tenant } = rig;
    await stopTargets(rig.pool, tenant, 'all', 'held', 'test');
    await rig.pool.query(
      `insert into ${tenant.schema}.contact_record (connection_id, id, kind, source_updated_at, person_id)
       select r.connection_id, concat('x', n, '-', r.id), r.kind, r.source_updated_at, r.person_id
       from ${tenant.schema}.contact_record r cross join generate_series(1, 3000) n`,
    );
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const first = await readWaiting(pool, tenant, new Date());
    const writes = ({ targets }: typeof first) => targets.find(({ kind }) => kind === 'property')?.writes;
    expect(first.isCounting).toBe(true);
    expect(writes(first)).toBeGreaterThan(1_000);
    expect(writes(first)).toBeLessThan(10_001);
    opened.resolve();
    const isCounting = async () => (await readWaiting(pool, tenant, new Date())).isCounting;
    await expect.poll(isCounting, { timeout: 60_000, interval: 100 }).toBe(false);
    expect(writes(await readWaiting(pool, tenant, new Date()))).toBeGreaterThan(15_000);
    expect(counted).toBe(3);
  });

  it('says so where counting fails, and counts again for whoever looks next', async () => {
    const { tenant } = rig;
    await rig.pool.query(`update ${tenant.schema}.target set state = 'paused' where state = 'held'`);
    gate = Promise.reject(new Error('the database went away'));
    gate.catch(() => undefined);
    counted = 1;
    await expect(readWaiting(pool, tenant, new Date())).rejects.toThrow('went away');
    gate = null;
    expect((await readWaiting(pool, tenant, new Date())).targets.length).toBeGreaterThan(0);
  });
});
