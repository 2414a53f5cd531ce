import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { releaseTargets, stopTargets } from '../../src/pipeline/publish/release.ts';
import type { Pool } from '../../src/store/pool.ts';
import { addPins } from '../../src/store/sightings.ts';
import { readWaiting } from '../../src/views/waiting.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, hubspotId } from '../integration/shop.ts';

let database: TestDatabase;
let rig: Rig;
let pool: Pool;
/** Statements that look at every record. */
let counted = 0;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = await writtenRig(database, { people: customers(9), systems: ['hubspot'] });
  const inner = rig.pool;
  pool = {
    kind: inner.kind,
    connect: () => inner.connect(),
    end: () => inner.end(),
    prepared: (text, values) => inner.prepared(text, values),
    query: (text, values) => {
      if (text.includes('with want as')) counted += 1;
      return inner.query(text, values);
    },
  };
  await rig.pool.query(`delete from ${rig.tenant.schema}.ledger`);
}, 120_000);
beforeEach(() => {
  counted = 0;
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
      `insert into ${tenant.schema}.run (state, as_of, ended_at) values ('done', now(), now())`,
    );
    expect((await look()).writes).toBe(5);
    expect(counted).toBe(3);
    await releaseTargets(rig.pool, tenant, [id], 'test');
    expect(await look()).toMatchObject({ state: 'live', writes: 0 });
  });
});
