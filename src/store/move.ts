import { AppError, ConfigError } from '../errors.ts';
import { readBackup, writeBackup } from './backup-file.ts';
import { EmbeddedPool } from './embedded.ts';
import { lockFolder } from './folder-lock.ts';
import { loadKeys, refuseWrongKey } from './keys.ts';
import { databaseFolder, describe, type Store, type StoreConfig, unreachable } from './open.ts';
import type { Pool } from './pool.ts';
import { refuseFilled, writeSnapshot } from './restore.ts';
import { ServerPool } from './server.ts';
import { type Contents, readSnapshot, type TableInfo } from './snapshot.ts';

export type Progress = (table: TableInfo) => void;

/** What was carried: the same counts and checksums on both sides, or there would have been an error. */
export type Moved = { tables: number; rows: number };

/**
 * Carries a store to an empty database on a server. The store stays as it is. Tokens are carried as they are stored:
 * the server needs the same key.
 * @throws ConfigError `move_failed` where the server can't be reached or written to
 */
export async function moveToServer(store: Store, url: string, onTable?: Progress): Promise<Moved> {
  const destination = new ServerPool(url, { max: 2 });
  try {
    await refuseFilled(destination);
    const contents = await readSnapshot(store.pool, (found, batches) =>
      writeSnapshot(destination, found, batches, onTable),
    );
    return summary(contents);
  } catch (error) {
    throw error instanceof AppError ? error : failed(error);
  } finally {
    await destination.end();
  }
}

const failed = (error: unknown) =>
  new ConfigError(
    'move_failed',
    `The store can't be carried there: ${describe(error)}. The destination is as it was, and so is this store.`,
    {
      action:
        'Check address, database, user and password, that the server is up, and that its user may create schemas; then do the same again.',
      cause: error,
    },
  );

/** Writes a store into one file. */
export async function backUp(store: Store, path: string, onTable?: Progress): Promise<Moved> {
  const contents = await readSnapshot(store.pool, (found, batches) =>
    writeBackup(path, found, announced(found, batches, onTable)),
  );
  return summary(contents);
}

/**
 * Restores a backup into an empty store: a server, or a folder. Needs the key that the backed-up store had; a wrong
 * one is refused with nothing changed.
 */
export async function restore(path: string, config: StoreConfig, onTable?: Progress): Promise<Moved> {
  if (config.databaseUrl !== undefined) {
    return restoreInto(path, new ServerPool(config.databaseUrl, { max: 2 }), config, onTable);
  }
  const lock = await lockFolder(config.dataDir);
  try {
    const pool = await EmbeddedPool.open({ dataDir: databaseFolder(config.dataDir) });
    return await restoreInto(path, pool, config, onTable);
  } finally {
    await lock.release();
  }
}

async function restoreInto(
  path: string,
  pool: Pool,
  config: StoreConfig,
  onTable: Progress | undefined,
): Promise<Moved> {
  try {
    await refuseFilled(pool);
    const keys = await loadKeys({
      encryptionKey: config.encryptionKey,
      oldEncryptionKeys: config.oldEncryptionKeys,
      dataDir: config.databaseUrl === undefined ? config.dataDir : null,
      storeIsNew: false,
    });
    const contents = await readBackup(path, async (found, batches) => {
      // Inside the transaction that restored the rows: they go again where our key does not open them.
      await writeSnapshot(pool, found, batches, onTable, (client) => refuseWrongKey(client, keys));
      return found;
    });
    return summary(contents);
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(pool, error);
  } finally {
    await pool.end();
  }
}

async function* announced<T extends { table: number }>(
  contents: Contents,
  batches: AsyncIterable<T>,
  onTable: Progress | undefined,
): AsyncGenerator<T> {
  let last = -1;
  for await (const batch of batches) {
    const table = contents.tables[batch.table];
    if (table && batch.table !== last) onTable?.(table);
    last = batch.table;
    yield batch;
  }
}

function summary({ tables }: Contents): Moved {
  return { tables: tables.length, rows: tables.reduce((sum, { digest }) => sum + digest.rows, 0) };
}
