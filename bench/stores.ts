import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Config, readConfig } from '../src/config.ts';
import { postgresPrograms, startPostgres } from '../test/postgres-server.ts';

export type StoreKind = 'embedded' | 'server';

/** A new, empty store of the caller's own. */
export type BenchStore = {
  kind: StoreKind;
  config: Config;
  env: Record<string, string>;
  remove(): Promise<void>;
};

/** Where measurements are kept while they run: a folder each, or a database each on a server of our own. */
export class BenchStores {
  #server: Promise<{ url: string; stop(): Promise<void> }> | undefined;

  /** The kinds that this machine can have; a server where its programs are installed. */
  readonly kinds: StoreKind[] = postgresPrograms() === null ? ['embedded'] : ['embedded', 'server'];

  async make(kind: StoreKind): Promise<BenchStore> {
    const folder = await mkdtemp(join(tmpdir(), 'segment-sync-bench-'));
    const env: Record<string, string> = { LOG_LEVEL: 'warn', DATA_DIR: folder };
    let url = '';
    if (kind === 'server') {
      const name = `bench_${randomBytes(6).toString('hex')}`;
      url = await this.#url();
      await administer(url, `create database ${name}`);
      const address = new URL(url);
      address.pathname = `/${name}`;
      env.DATABASE_URL = address.toString();
      env.ENCRYPTION_KEY = randomBytes(32).toString('base64');
    }
    return {
      kind,
      env,
      config: readConfig(env),
      remove: async () => {
        if (env.DATABASE_URL) {
          await administer(url, `drop database ${new URL(env.DATABASE_URL).pathname.slice(1)} with (force)`);
        }
        await rm(folder, { recursive: true, force: true });
      },
    };
  }

  async close(): Promise<void> {
    await (await this.#server)?.stop();
  }

  async #url(): Promise<string> {
    const programs = postgresPrograms();
    if (programs === null) throw new Error('no Postgres server on this machine');
    this.#server ??= startPostgres(programs);
    return (await this.#server).url;
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
