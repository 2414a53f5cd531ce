import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, inject } from 'vitest';
import { EmbeddedPool } from '../src/store/embedded.ts';
import { databaseFolder } from '../src/store/open.ts';
import type { Pool } from '../src/store/pool.ts';
import { ServerPool } from '../src/store/server.ts';
import { getTenant, type Tenant } from '../src/store/tenant.ts';

export type TestDatabase = {
  pool: Pool;
  /** Tenant `t1`, zone UTC, currency USD. */
  tenant: Tenant;
  kind: Pool['kind'];
  /** On a server, the address of this database. */
  url: string | null;
  /** Fails where a client was left in a transaction. */
  close(): Promise<void>;
};

/**
 * A database of the caller's own, migrated, with one tenant: in memory from a dump, or with TEST_DATABASE_URL on
 * that server from a template. Both were made once, by test/database-setup.ts.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { dump, template } = inject('testDatabase');
  return template === null ? openEmbedded(dump) : openOnServer(template);
}

// Node's types leave it to those of browsers.
declare const WebAssembly: { compile(code: Uint8Array): Promise<object> };

/**
 * The embedded database's compiled code, held for as long as this process lives: the engine then compiles nothing
 * again for the next database, which is most of what opening one costs.
 */
let held: Promise<object> | undefined;
const holdDatabaseCode = (): Promise<object> => {
  const program = new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'));
  held ??= readFile(program).then((code) => WebAssembly.compile(code));
  return held;
};

async function openEmbedded(dump: string): Promise<TestDatabase> {
  await holdDatabaseCode();
  const pool = await EmbeddedPool.open({ dump: await readFile(dump) });
  return {
    ...(await withTenant(pool)),
    url: null,
    close: async () => {
      const left = pool.clientsInUse;
      await pool.end();
      expect(left, 'clients that were not released').toBe(0);
    },
  };
}

async function openOnServer(template: { url: string; name: string }): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(template.url, `create database ${name} template ${template.name}`);
  const url = databaseUrl(template.url, name);
  const pool = new ServerPool(url);
  return {
    ...(await withTenant(pool)),
    url,
    close: async () => {
      const left = await clientsLeft(pool);
      if (left === 0) await pool.end();
      await administer(template.url, `drop database ${name} with (force)`);
      expect(left, 'clients that were not released').toBe(0);
    },
  };
}

/** Clients that nobody releases: what was asked of a server just before the end is given time to be answered. */
async function clientsLeft(pool: ServerPool): Promise<number> {
  const end = performance.now() + 60_000;
  while (pool.clientsInUse > 0 && performance.now() < end) await sleep(20);
  return pool.clientsInUse;
}

/**
 * Lays the migrated database into a new data folder, for tests that open the embedded store on disk: far quicker
 * than making one. Does nothing in a run on a server, where no dump is made.
 */
export async function layEmbeddedStore(dataDir: string): Promise<void> {
  const { dump, template } = inject('testDatabase');
  if (template !== null) return;
  await holdDatabaseCode();
  const folder = databaseFolder(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await promisify(execFile)('tar', ['-xf', dump, '-C', folder]);
}

async function withTenant(pool: Pool): Promise<Pick<TestDatabase, 'pool' | 'tenant' | 'kind'>> {
  return { pool, tenant: await getTenant(pool, 't1'), kind: pool.kind };
}

/** The address of another database on the same server. */
export function databaseUrl(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.toString();
}

/** One statement outside any transaction: create and drop database need it. */
export async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
