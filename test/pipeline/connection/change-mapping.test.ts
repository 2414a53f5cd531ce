import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapProperty, unmapProperty } from '../../../src/pipeline/connection/change-mapping.ts';
import { mapConnection } from '../../../src/pipeline/publish/setup.ts';
import { findInCatalogue } from '../../../src/segmentation/catalogue.ts';
import { listAttributes } from '../../../src/store/columns.ts';
import { listMappings } from '../../../src/store/mappings.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  for (const id of ['c1', 'c2'])
    await db.pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ($1, 't1', 'hubspot', $1, $1)`,
      [id],
    );
});
afterAll(() => db.close());

const feed = { object: 'contact', attribute: 'country' } as const;
const map = (id: string) => mapProperty(db.pool, db.tenant, { id }, { ...feed, property: 'country' });
const unmap = (connectionId: string) => unmapProperty(db.pool, db.tenant, { connectionId, ...feed });

/** By how many connections the attribute is fed, and whether it is there, with its column. */
async function state(): Promise<{ feeds: number; isThere: boolean }> {
  const feeds = (await listMappings(db.pool, db.tenant)).filter((one) => one.attribute === feed.attribute);
  const isThere = (await listAttributes(db.pool, db.tenant)).some(({ key }) => key === feed.attribute);
  const { rows } = await db.pool.query(
    `select from pg_attribute where attrelid = '${db.tenant.schema}.person'::regclass and attname = 'country'
       and not attisdropped`,
  );
  expect(rows.length === 1).toBe(isThere);
  return { feeds: feeds.length, isThere };
}

const ROUNDS = 4;

describe('at the same moment', () => {
  it('the last two feeds of an attribute go: it goes with them', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all([map('c1'), map('c2')]);
      expect(await state()).toEqual({ feeds: 2, isThere: true });
      await Promise.all([unmap('c1'), unmap('c2')]);
      expect(await state()).toEqual({ feeds: 0, isThere: false });
    }
  });

  it('one connection feeds what another feeds no more: it is there as long as somebody feeds it', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await map('c1');
      await Promise.all([unmap('c1'), map('c2')]);
      expect(await state()).toEqual({ feeds: 1, isThere: true });
      await unmap('c2');
    }
  });

  it('a connection gets its usual feeds while another takes one of them away', async () => {
    const country = findInCatalogue('person', 'country');
    if (country === undefined) throw new Error('the catalogue has no country');
    for (let round = 0; round < ROUNDS; round += 1) {
      await map('c1');
      await Promise.all([
        unmap('c1'),
        mapConnection(db.pool, db.tenant, { id: 'c2', system: 'hubspot' }, [country]),
      ]);
      expect(await state()).toEqual({ feeds: 1, isThere: true });
      await unmap('c2');
    }
  });
});
