import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { beginLeaving, leavingOf, saveProgress } from '../../../src/pipeline/connection/leaving.ts';
import { getConnection, saveDealNames } from '../../../src/store/connections.ts';
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
