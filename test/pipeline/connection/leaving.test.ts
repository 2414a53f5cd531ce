import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectAccount } from '../../../src/pipeline/connection/connect.ts';
import { beginLeaving, leavingOf, saveProgress } from '../../../src/pipeline/connection/leaving.ts';
import { getConnection, saveDealNames } from '../../../src/store/connections.ts';
import { keyring } from '../../../src/store/secrets.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.pool.query('delete from app.connection');
  await db.pool.query(
    `insert into app.connection (id, tenant_id, system, name, account_id) values ('c1', 't1', 'csv', 'Shop', '1')`,
  );
});

const asked = { keep: 'fields', withoutCrm: false, by: 'ada' } as const;
const now = async () => {
  const connection = await getConnection(db.pool, db.tenant, 'c1');
  return { connection, leaving: leavingOf(connection) };
};

it('what a slice did is kept, beside what others noted of the connection meanwhile', async () => {
  await beginLeaving(db.pool, db.tenant, 'c1', asked);
  const { connection, leaving } = await now();
  await saveDealNames(db.pool, db.tenant, 'c1', { stages: { won: 'Won' } });
  if (leaving) await saveProgress(db.pool, db.tenant, connection, { ...leaving, cleared: 500, after: '7' });
  const after = await now();
  expect(after.leaving).toMatchObject({ phase: 'clear', cleared: 500, after: '7' });
  expect(after.connection.config).toMatchObject({ dealNames: { stages: { won: 'Won' } } });
});

it('somebody who asks to go on without the CRM is heard, although a slice is under way', async () => {
  await beginLeaving(db.pool, db.tenant, 'c1', asked);
  const { connection, leaving } = await now();
  await beginLeaving(db.pool, db.tenant, 'c1', { ...asked, withoutCrm: true });
  if (leaving) await saveProgress(db.pool, db.tenant, connection, { ...leaving, cleared: 500 });
  expect((await now()).leaving).toMatchObject({ withoutCrm: true, phase: 'uninstall' });
});

it('an account that is leaving is not connected again meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-leaving-'));
  await writeFile(
    join(folder, 'contacts.csv'),
    'contact_id,email,first_name,last_name,created_at\n1,ada@example.com,Ada,L,2025-01-01\n',
  );
  await writeFile(join(folder, 'deals.csv'), 'deal_id,contact_id,amount,currency,stage,closed_at\n');
  const log = pino({ level: 'silent' });
  const parts = { pool: db.pool, tenant: db.tenant, keys: keyring(Buffer.alloc(32, 7)), log };
  const connect = () => connectAccount(parts, { system: 'csv', config: { folder } });
  try {
    const { connection } = await connect();
    await beginLeaving(db.pool, db.tenant, connection.id, asked);
    await expect(connect()).rejects.toMatchObject({ code: 'account_leaving' });
    expect((await getConnection(db.pool, db.tenant, connection.id)).state).toBe('disconnected');
  } finally {
    await rm(folder, { recursive: true });
  }
});
