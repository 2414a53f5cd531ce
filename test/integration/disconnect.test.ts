import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { disconnectSlice } from '../../src/pipeline/connection/disconnect.ts';
import { beginLeaving, type Keep, planLeaving } from '../../src/pipeline/connection/leaving.ts';
import { pageAudit } from '../../src/store/audit.ts';
import { listAttributes } from '../../src/store/columns.ts';
import { listConnections } from '../../src/store/connections.ts';
import { saveOwners } from '../../src/store/owners.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { type Rig, writtenRig } from './rig.ts';
import { customers } from './shop.ts';

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
afterEach(() => rig.stop());

type System = 'hubspot' | 'salesforce';
const people = customers(9);

async function disconnect(system: System, keep: Keep, options: { withoutCrm?: boolean } = {}) {
  const id = rig.ids[system];
  const { withoutCrm = false } = options;
  await beginLeaving(rig.pool, rig.tenant, id, { keep, withoutCrm, by: 'test' });
  return finish(id);
}

async function finish(id: string) {
  for (let slice = 0; slice < 500; slice += 1) {
    const { pool, tenant, openConnections } = rig;
    const log = createLog({ level: 'silent' });
    const signal = new AbortController().signal;
    const slices = { pool, tenant, openConnections, signal, log, sliceMs: 1_000 };
    const left = await disconnectSlice(slices, id);
    await expectNoSecretAfterCrm(id);
    if (left.state === 'gone') {
      const { items } = await pageAudit(pool, tenant, { action: 'connection.disconnected', limit: 1 });
      return { othersRemain: left.othersRemain, receipt: items[0]?.after, slices: slice };
    }
    if (left.waitMs > 1_000) return { waits: left.waitMs };
  }
  throw new Error('the disconnection does not end');
}

/** From the moment we left the CRM, whatever still has to be taken out here. */
async function expectNoSecretAfterCrm(id: string): Promise<void> {
  const { rows } = await rig.pool.query<{ phase: string | null; secret: Uint8Array | null }>(
    `select config #>> '{leaving,phase}' as phase, secret from app.connection where id = $1`,
    [id],
  );
  for (const { phase, secret } of rows)
    if (phase === 'unify' || phase === 'drop') expect(secret, phase).toBeNull();
}

/** Rows that still name the connection, by table. */
async function rowsOf(id: string): Promise<Record<string, number>> {
  const { rows: tables } = await rig.pool.query<{ name: string }>(
    `select table_name as name from information_schema.columns
     where table_schema = $1 and column_name = 'connection_id'`,
    [rig.tenant.schema.replaceAll('"', '')],
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await rig.pool.query<{ count: number }>(
      `select count(*)::int as count from ${rig.tenant.schema}."${name}" where connection_id = $1`,
      [id],
    );
    if (rows[0]?.count) counts[name] = rows[0].count;
  }
  return counts;
}

/** A call with the token that the connection has now. */
async function callOf(system: System): Promise<() => Promise<Response>> {
  const signal = new AbortController().signal;
  const opened = rig.openConnections({ tenant: rig.tenant, asOf: new Date(), signal });
  const { context } = await opened.open(rig.ids[system]);
  const { accessToken, apiUrl } = await context.token();
  await opened.close();
  const address = system === 'hubspot' ? '/account-info/2026-03/details' : '/services/data/v66.0/limits';
  return () => fetch(apiUrl + address, { headers: { authorization: `Bearer ${accessToken}` } });
}

const persons = async () =>
  (await rig.pool.query<{ count: number }>(`select count(*)::int as count from ${rig.tenant.schema}.person`))
    .rows[0]?.count;

const values = (system: System) =>
  Object.values(rig.state(system).records).flatMap((record) => Object.values(record));

describe('a connection that leaves', () => {
  it('with its values kept leaves the CRM as it is, and nothing here', async () => {
    rig = await writtenRig(database, { people, systems: ['hubspot', 'salesforce'] });
    const before = rig.state('hubspot');
    const id = rig.ids.hubspot;
    const owners = { hubspot: ['501', 'Hanna Hub'], salesforce: ['005A', 'Sam Sales'] } as const;
    for (const system of ['hubspot', 'salesforce'] as const) {
      const [owner, name] = owners[system];
      await saveOwners(rig.pool, rig.tenant, rig.ids[system], [{ id: owner, name, email: 'x@example.com' }]);
    }
    const salesforce = await rowsOf(rig.ids.salesforce);
    expect(await planLeaving(rig.pool, rig.tenant, id)).toMatchObject({ isLast: false });
    const { othersRemain, receipt } = await disconnect('hubspot', 'values');
    expect(othersRemain).toBe(true);
    expect(rig.state('hubspot')).toEqual(before);
    expect(receipt).toMatchObject({
      keep: 'values',
      done: expect.arrayContaining([
        'app removed from the account',
        expect.stringContaining('names of the owners of its records'),
      ]),
      stays: expect.arrayContaining(['contact property segment_sync_spend']),
    });
    expect(await rowsOf(id)).toEqual({});
    const attributes = await listAttributes(rig.pool, rig.tenant);
    expect(attributes.filter(({ key }) => key === 'owner').map(({ valueNames }) => valueNames)).toEqual(
      attributes.filter(({ key }) => key === 'owner').map(() => ({ '005A': 'Sam Sales' })),
    );
    expect(JSON.stringify(attributes)).not.toContain('Hanna');
    expect(await rowsOf(rig.ids.salesforce)).toEqual(salesforce);
    expect(await listConnections(rig.pool, rig.tenant)).toMatchObject([{ system: 'salesforce' }]);
    // What is left is right, and stays so.
    await rig.run();
    expect(await rig.check('salesforce')).toMatchObject({ mismatches: 0 });
  });

  it.each<System>(['hubspot', 'salesforce'])('%s: with its fields kept empties them', async (system) => {
    rig = await writtenRig(database, { people, systems: [system] });
    expect(values(system).length).toBeGreaterThan(0);
    const { receipt } = await disconnect(system, 'fields');
    expect(values(system)).toEqual([]);
    for (const members of Object.values(rig.state(system).lists))
      expect(members.filter((member) => !member.endsWith(' Left'))).toEqual([]);
    expect(receipt).toMatchObject({
      done: expect.arrayContaining([expect.stringMatching(/^values of \d+ records cleared$/)]),
    });
  });

  it.each<System>(['hubspot', 'salesforce'])('%s: with nothing kept deletes what we made', async (system) => {
    rig = await writtenRig(database, { people, systems: [system] });
    const call = await callOf(system);
    expect((await call()).status).toBe(200);
    const { othersRemain, receipt } = await disconnect(system, 'nothing');
    expect((await call()).status).toBe(401);
    expect(values(system)).toEqual([]);
    expect(rig.state(system).listNames).toEqual([]);
    expect(receipt).toMatchObject({ done: expect.arrayContaining([expect.stringContaining('deleted')]) });
    // The last one: all that was worked out goes.
    expect(othersRemain).toBe(false);
    expect(await persons()).toBe(0);
    expect(await listConnections(rig.pool, rig.tenant)).toEqual([]);
  });

  it('where the app was removed in the CRM is deleted here and says what stays there', async () => {
    rig = await writtenRig(database, { people, systems: ['hubspot'] });
    rig.hubspot.admin.uninstall();
    const { receipt } = await disconnect('hubspot', 'nothing');
    expect(receipt).toMatchObject({
      done: expect.arrayContaining([expect.stringContaining('the CRM had ended it before')]),
      stays: expect.arrayContaining(['property of contact records for spend']),
    });
    expect(await listConnections(rig.pool, rig.tenant)).toEqual([]);
  });

  it('waits where the CRM is down, and goes on without it when told to', async () => {
    rig = await writtenRig(database, { people, systems: ['hubspot'] });
    const id = rig.ids.hubspot;
    rig.faults('hubspot', { rate: 1, choices: [{ kind: 'status', status: 503 }] });
    await beginLeaving(rig.pool, rig.tenant, id, { keep: 'values', withoutCrm: false, by: 'test' });
    const waiting = await finish(id);
    expect(waiting.waits).toBeGreaterThan(0);
    const [connection] = await listConnections(rig.pool, rig.tenant);
    expect(connection).toMatchObject({ state: 'disconnected' });
    await expect(
      beginLeaving(rig.pool, rig.tenant, id, { keep: 'values', withoutCrm: false, by: 'test' }),
    ).rejects.toMatchObject({ code: 'leaving_already' });
    const { receipt } = await disconnect('hubspot', 'values', { withoutCrm: true });
    expect(receipt).toMatchObject({ done: expect.arrayContaining(['our token deleted here']) });
  });
});
