import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { EmbeddedPool } from '../src/store/embedded.ts';
import { appMigrations } from '../src/store/migrations/app.ts';
import { migrate } from '../src/store/migrations/run.ts';
import type { Pool } from '../src/store/pool.ts';
import { ServerPool } from '../src/store/server.ts';
import { createTenant } from '../src/store/tenant.ts';
import { administer, databaseUrl } from './database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testDatabase: { dump: string; template: { url: string; name: string } | null };
  }
}

/** Makes, once for all test files, what openTestDatabase() starts from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-test-'));
  const dump = join(folder, 'migrated.tar');
  const url = process.env.TEST_DATABASE_URL;
  if (!url) {
    const pool = await EmbeddedPool.open({});
    await fill(pool);
    await makeSmall(pool);
    await writeFile(dump, await pool.dump());
    await pool.end();
    project.provide('testDatabase', { dump, template: null });
    return () => rm(folder, { recursive: true });
  }
  const name = `template_${randomBytes(8).toString('hex')}`;
  await administer(url, `create database ${name}`);
  const pool = new ServerPool(databaseUrl(url, name));
  await fill(pool);
  await pool.end();
  project.provide('testDatabase', { dump, template: { url, name } });
  return async () => {
    await administer(url, `drop database ${name} with (force)`);
    await rm(folder, { recursive: true });
  };
}

/** Without the two databases that new ones are made from, which nothing here does: each test file reads the rest. */
async function makeSmall(pool: Pool): Promise<void> {
  await pool.query('update pg_database set datistemplate = false');
  for (const name of ['template0', 'template1']) await pool.query(`drop database ${name}`);
}

async function fill(pool: Pool): Promise<void> {
  await migrate(pool, 'app', appMigrations);
  await createTenant(pool, { id: 't1', name: 'Test tenant' });
}
