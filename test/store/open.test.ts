import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EmbeddedPool } from '../../src/store/embedded.ts';
import { keyFile } from '../../src/store/keys.ts';
import { databaseFolder, openStore, type StoreConfig } from '../../src/store/open.ts';
import { administer, databaseUrl, layEmbeddedStore } from '../database.ts';

const { template } = inject('testDatabase');
const isServer = template !== null;
const name = `open_${randomBytes(8).toString('hex')}`;
const key = randomBytes(32);

let config: StoreConfig;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-open-'));
  if (template) await administer(template.url, `create database ${name}`);
  config = {
    databaseUrl: template ? databaseUrl(template.url, name) : undefined,
    dataDir: folder,
    encryptionKey: isServer ? key : undefined,
    oldEncryptionKeys: [],
  };
  await layEmbeddedStore(folder);
  await (await openStore(config)).close();
});
afterAll(async () => {
  if (template) await administer(template.url, `drop database ${name} with (force)`);
  await rm(folder, { recursive: true });
});

/** Everything that a start could change. */
async function everything(): Promise<unknown> {
  const store = await openStore(config);
  const settings = await store.pool.query('select * from app.setting order by key');
  const versions = await store.pool.query('select * from app.migration order by version');
  await store.close();
  return [settings.rows, versions.rows];
}

describe('opening a store', () => {
  it('with another key is refused, and nothing is changed', async () => {
    const before = await everything();
    await expect(openStore({ ...config, encryptionKey: randomBytes(32) })).rejects.toMatchObject({
      code: 'encryption_key_wrong',
    });
    expect(await everything()).toEqual(before);
  });

  it('that a newer program wrote is refused, and nothing is changed', async () => {
    const store = await openStore(config);
    await store.pool.query(`insert into app.migration values (99, 'of a newer program')`);
    await store.close();
    await expect(openStore(config)).rejects.toMatchObject({
      code: 'schema_newer',
      message: expect.stringContaining('version 99'),
    });
    await mend();
  });

  async function mend(): Promise<void> {
    if (config.databaseUrl)
      return administer(config.databaseUrl, 'delete from app.migration where version = 99');
    const pool = await EmbeddedPool.open({ dataDir: databaseFolder(folder) });
    await pool.query('delete from app.migration where version = 99');
    await pool.end();
  }

  it.skipIf(isServer)(
    'keeps its key in a file for its owner only, and refuses to go on without it',
    async () => {
      const path = keyFile(folder);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await chmod(path, 0o644);
      await (await openStore(config)).close();
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const text = await readFile(path, 'utf8');
      await rename(path, `${path}.away`);
      await expect(openStore(config)).rejects.toThrow('key file');
      await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
      // the same key from the environment will do
      await (await openStore({ ...config, encryptionKey: Buffer.from(text, 'base64') })).close();
      await rename(`${path}.away`, path);
    },
  );

  it.skipIf(isServer)(
    'goes on numbering where it stopped, also where a transaction was left open',
    async () => {
      const ids: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        const { pool, close } = await openStore(config);
        await pool.query(
          'create table if not exists app.numbered (id bigint generated always as identity, x int)',
        );
        const { rows } = await pool.query<{ id: string }>(
          'insert into app.numbered (x) values (1) returning id',
        );
        ids.push(Number(rows[0]?.id));
        const client = await pool.connect();
        await client.query('begin');
        await close();
      }
      expect(ids).toEqual([1, 2, 3]);
    },
  );

  it.skipIf(!isServer)('on a server needs a key, and a server that answers', async () => {
    await expect(openStore({ ...config, encryptionKey: undefined })).rejects.toMatchObject({
      code: 'encryption_key_missing',
    });
    await expect(openStore({ ...config, databaseUrl: 'postgres://127.0.0.1:1/none' })).rejects.toMatchObject({
      code: 'store_unreachable',
      action: expect.stringContaining('DATABASE_URL'),
    });
  });

  it.skipIf(!isServer)('works from many processes at once', async () => {
    const url = databaseUrl(template?.url ?? '', `${name}_many`);
    await administer(template?.url ?? '', `create database ${name}_many`);
    const stores = await Promise.all(
      Array.from({ length: 5 }, () => openStore({ ...config, databaseUrl: url })),
    );
    await Promise.all(stores.map((store) => store.close()));
    await administer(template?.url ?? '', `drop database ${name}_many with (force)`);
  });
});
