import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { Attribute } from '../../src/model/attribute.ts';
import { readBackup } from '../../src/store/backup-file.ts';
import { addAttributes, addLabelColumn } from '../../src/store/columns.ts';
import { readSecret, saveConnection } from '../../src/store/connections.ts';
import { adoptKey } from '../../src/store/keys.ts';
import { backUp, moveToServer, restore } from '../../src/store/move.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { refuseFilled, writeSnapshot } from '../../src/store/restore.ts';
import { keyring } from '../../src/store/secrets.ts';
import { ServerPool } from '../../src/store/server.ts';
import { administer, databaseUrl, openTestDatabase, type TestDatabase } from '../database.ts';
import { freePort } from '../free-port.ts';

const ROWS = 1_203;
const key = randomBytes(32);
const { template } = inject('testDatabase');

let db: TestDatabase;
let store: Store;
let folder: string;
let file: string;

beforeAll(async () => {
  db = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-move-'));
  file = join(folder, 'store.backup');
  const { pool, tenant } = db;
  store = {
    pool,
    keys: keyring(key),
    databaseUrl: db.url,
    stopped: new Promise(() => {}),
    close: async () => undefined,
  };
  await adoptKey(pool, store.keys);
  const given = { id: 'c1', system: 'hubspot', name: 'Portal', accountId: '1' };
  await saveConnection(pool, tenant, store.keys, given, { token: 'canary-token' });
  const attributes = [
    ['note', 'text'],
    ['spent', 'money'],
    ['weight', 'number'],
    ['seen_at', 'datetime'],
    ['tags', 'multi'],
  ];
  await addAttributes(
    pool,
    tenant,
    attributes.map(([name, type]) =>
      Attribute.parse({ key: name, owner: 'person', name, type, kind: 'value' }),
    ),
  );
  await addLabelColumn(pool, tenant, 'person', 'shop', 'many');
  await pool.query(`
    insert into ${tenant.schema}.person (note, spent, weight, seen_at, tags, label_shop)
    values (E'tab\\t, "quote", \\\\ and \\n', 0.10, 'NaN', '2026-01-01 00:00:00.123456+00', '{a,"b c",NULL}', '{}'),
      ('', 1e20, '-Infinity', 'infinity', '{}', '{x,"y,z"}'),
      (null, null, 4.9e-324, null, null, '{}')`);
  await pool.query(
    `insert into ${tenant.schema}.person (weight) select n / 3.0 from generate_series(4, ${ROWS}) n`,
  );
  await pool.query(`insert into ${tenant.schema}.contact_record (connection_id, id, kind, properties, source_updated_at)
    values ('c1', '1', 'contact', '{"a": [1, {"b": "ü\\u0001"}]}', now())`);
  await pool.query(
    `insert into ${tenant.schema}.push_log (at, connection_id, object, external_key, target_id)
     values ($1, 'c1', 'contact', '1', 't')`,
    [new Date()],
  );
});
afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function persons(pool: Store['pool']): Promise<unknown[]> {
  const { rows } = await pool.query(`select *, seen_at::text as exact from tenant_t1.person order by id`);
  return rows;
}

async function looksTheSame(moved: Store, nextId: number): Promise<void> {
  expect(await persons(moved.pool)).toEqual(await persons(db.pool));
  const connection = { tenantId: 't1', id: 'c1' };
  const secret = await readSecret(moved.pool, moved.keys, connection, z.object({ token: z.string() }));
  expect(secret).toEqual({ token: 'canary-token' });
  const { rows } = await moved.pool.query('insert into tenant_t1.person default values returning id');
  expect(rows).toEqual([{ id: String(nextId) }]);
  await moved.pool.query(`delete from tenant_t1.person where id = ${nextId}`);
}

describe('a store', () => {
  it('is backed up into one file for its owner only, with no token in clear text', async () => {
    const { rows, tables } = await backUp(store, file);
    expect(rows).toBeGreaterThan(ROWS);
    expect(tables).toBeGreaterThan(20);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(gunzipSync(await readFile(file)).includes('canary-token')).toBe(false);
  });

  it('is carried to a server that does not answer: says so, and nothing is changed', async () => {
    const url = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    const refused = expect.stringContaining('ECONNREFUSED');
    await expect(moveToServer(store, url)).rejects.toMatchObject({ code: 'move_failed', message: refused });
    const config = { databaseUrl: url, dataDir: folder, encryptionKey: key, oldEncryptionKeys: [] };
    await expect(restore(file, config)).rejects.toMatchObject({
      code: 'store_unreachable',
      message: refused,
    });
  });

  it('is restored with another key: refused, and nothing is changed', async () => {
    const config = { databaseUrl: undefined, dataDir: join(folder, 'data'), oldEncryptionKeys: [] };
    await expect(restore(file, { ...config, encryptionKey: randomBytes(32) })).rejects.toMatchObject({
      code: 'encryption_key_wrong',
    });
    await expect(restore(file, { ...config, encryptionKey: undefined })).rejects.toThrow('key file');
    // what follows restores into the same folder, which must still be empty
  });

  it('is restored into a folder, and carried from there to a server', async () => {
    const config = {
      databaseUrl: undefined,
      dataDir: join(folder, 'data'),
      encryptionKey: key,
      oldEncryptionKeys: [],
    };
    await restore(file, config);
    await expect(restore(file, config)).rejects.toMatchObject({ code: 'destination_not_empty' });
    const embedded = await openStore(config);
    try {
      await looksTheSame(embedded, ROWS + 1);
      if (template === null) return; // The run on a server goes on from here.
      const name = `moved_${randomBytes(8).toString('hex')}`;
      await administer(template.url, `create database ${name}`);
      const url = databaseUrl(template.url, name);
      await moveToServer(embedded, url);
      await expect(moveToServer(embedded, url)).rejects.toMatchObject({ code: 'destination_not_empty' });
      const server = await openStore({ ...config, databaseUrl: url });
      await looksTheSame(server, ROWS + 2);
      await server.close();
      await administer(template.url, `drop database ${name} with (force)`);
    } finally {
      await embedded.close();
    }
  });

  it.skipIf(template === null)('leaves the destination empty where a row differs', async () => {
    const name = `moved_${randomBytes(8).toString('hex')}`;
    await administer(template?.url ?? '', `create database ${name}`);
    const url = databaseUrl(template?.url ?? '', name);
    const pool = new ServerPool(url);
    const spoilt = readBackup(file, (contents, batches) =>
      writeSnapshot(
        pool,
        contents,
        (async function* () {
          for await (const batch of batches) {
            const isPersons = contents.tables[batch.table]?.name === 'person';
            yield isPersons ? { ...batch, rows: batch.rows.slice(1) } : batch;
          }
        })(),
      ),
    );
    await expect(spoilt).rejects.toMatchObject({ code: 'move_differs' });
    await refuseFilled(pool);
    await pool.end();
    await administer(template?.url ?? '', `drop database ${name} with (force)`);
  });

  it.each([
    ['cut short', async (path: string) => truncate(path, 2_000)],
    ['not a backup', async (path: string) => writeFile(path, 'hello')],
    ['missing', async (path: string) => rm(path)],
  ])('a backup that is %s is refused by its name', async (_name, spoil) => {
    const path = join(folder, 'spoilt.backup');
    await writeFile(path, await readFile(file));
    await spoil(path);
    const read = readBackup(path, async (_contents, batches) => {
      for await (const _batch of batches);
    });
    await expect(read).rejects.toMatchObject({
      code: 'backup_unreadable',
      message: expect.stringContaining(path),
    });
  });
});
