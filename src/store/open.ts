import { join } from 'node:path';
import type { Config } from '../config.ts';
import { AppError, ConfigError } from '../errors.ts';
import { EmbeddedPool } from './embedded.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { adoptKey, isNewToKeys, loadKeys, refuseWrongKey } from './keys.ts';
import { appMigrations } from './migrations/app.ts';
import { migrate, newest, refuseNewer, schemaVersion } from './migrations/run.ts';
import type { Pool } from './pool.ts';
import type { Keyring } from './secrets.ts';
import { ServerPool } from './server.ts';

export type StoreConfig = Pick<Config, 'databaseUrl' | 'dataDir' | 'encryptionKey' | 'oldEncryptionKeys'>;

export type Store = {
  pool: Pool;
  /** For the secrets of connections. */
  keys: Keyring;
  /** Null for an embedded store. */
  databaseUrl: string | null;
  /** Resolves where the embedded database stopped and this process can do nothing more; never for a server. */
  stopped: Promise<AppError>;
  close(): Promise<void>;
};

/** Where the embedded database's own files are, beside the lock and the key. */
export function databaseFolder(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/**
 * Opens the store: a server, or the embedded one after taking its folder's lock. Checks its version and its key
 * before anything is changed, then brings schema `app` up to date.
 * @throws ConfigError where it is in use, newer than this program, or written with another key
 */
export async function openStore(config: StoreConfig): Promise<Store> {
  if (config.databaseUrl !== undefined) {
    const pool = new ServerPool(config.databaseUrl);
    return prepare(config, pool, null);
  }
  const lock = await lockFolder(config.dataDir);
  try {
    return await prepare(config, await openFolder(config.dataDir), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openFolder(dataDir: string): Promise<EmbeddedPool> {
  try {
    return await EmbeddedPool.open({ dataDir: databaseFolder(dataDir) });
  } catch (error) {
    throw new ConfigError(
      'embedded_store_unreadable',
      `The embedded database in ${dataDir} can't be opened: ${describe(error)}`,
      {
        action:
          'Check that the folder is writable and its disk has space left; else restore a backup made with `move`.',
        cause: error,
      },
    );
  }
}

async function prepare(config: StoreConfig, pool: Pool, lock: FolderLock | null): Promise<Store> {
  try {
    await refuseNewerApp(pool);
    const keys = await loadKeys({
      encryptionKey: config.encryptionKey,
      oldEncryptionKeys: config.oldEncryptionKeys,
      dataDir: lock === null ? null : config.dataDir,
      storeIsNew: await isNewToKeys(pool),
    });
    await refuseWrongKey(pool, keys);
    await migrate(pool, 'app', appMigrations);
    await adoptKey(pool, keys);
    return {
      pool,
      keys,
      databaseUrl: config.databaseUrl ?? null,
      stopped: pool instanceof EmbeddedPool ? pool.stopped : new Promise(() => undefined),
      close: async () => {
        await pool.end();
        await lock?.release();
      },
    };
  } catch (error) {
    await pool.end();
    throw error instanceof AppError ? error : unreachable(pool, error);
  }
}

async function refuseNewerApp(pool: Pool): Promise<void> {
  const { rows } = await pool.query(`select 1 where to_regclass('app.migration') is not null`);
  if (rows.length > 0) refuseNewer('app', await schemaVersion(pool, 'app'), newest(appMigrations));
}

/** One address of a server may refuse where another does not answer: the driver gives both, and no message. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}

export function unreachable(pool: Pool, error: unknown): ConfigError {
  return new ConfigError('store_unreachable', `The ${pool.kind} store can't be used: ${describe(error)}`, {
    action:
      pool.kind === 'server'
        ? 'Check DATABASE_URL, that the server is up, and that its user may create schemas.'
        : 'Check that DATA_DIR is writable and its disk has space left.',
    cause: error,
  });
}
