import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { type Pool, type PoolClient, type Queryable, transaction } from './pool.ts';
import {
  alertSecret,
  connectionSecret,
  KEY_ID_BYTES,
  type Keyring,
  keyring,
  seal,
  settingSecret,
  unseal,
} from './secrets.ts';

const KEY_BYTES = 32;
const KEY_FILE = 'encryption.key';

/**
 * The keys of an installation: from the environment, or for an embedded store from a file with mode 0600 in its
 * folder, made at the first start.
 * @param storeIsNew may a key be made? Not where something was already written with one.
 */
export async function loadKeys(options: {
  encryptionKey: Buffer | undefined;
  oldEncryptionKeys: Buffer[];
  dataDir: string | null;
  storeIsNew: boolean;
}): Promise<Keyring> {
  if (options.encryptionKey) return keyring(options.encryptionKey, options.oldEncryptionKeys);
  if (options.dataDir === null) {
    throw new ConfigError(
      'encryption_key_missing',
      'ENCRYPTION_KEY is not set, and a server store needs one.',
      {
        action: 'Make one with `openssl rand -base64 32`, keep it safe, and set it for every process.',
      },
    );
  }
  return keyring(
    await keyFromFile(join(options.dataDir, KEY_FILE), options.storeIsNew),
    options.oldEncryptionKeys,
  );
}

/** Where an embedded store's key is kept. */
export function keyFile(dataDir: string): string {
  return join(dataDir, KEY_FILE);
}

/** A setting whose value is encrypted. */
const Sealed = z.object({ keyId: z.string(), sealed: z.string() });

/** What tells, at every start, whether the key is the one that the store was written with. */
const CHECK = 'encryption_check';
const CHECK_TEXT = 'segment sync';

/** Has anything been written under a key? Reads only; true of a store that has no tables yet. */
export async function isNewToKeys(pool: Queryable): Promise<boolean> {
  const { rows } = await pool.query(`select 1 where to_regclass('app.setting') is not null`);
  return rows.length === 0 || (await readSealed(pool, CHECK)) === null;
}

/**
 * Throws where the store was written with a key that we don't have. Reads only: call it before anything is changed.
 */
export async function refuseWrongKey(pool: Queryable, keys: Keyring): Promise<void> {
  if (await isNewToKeys(pool)) return;
  const { rows } = await pool.query<{ key_id: string }>(
    `select distinct encode(substring(secret from 2 for ${KEY_ID_BYTES}), 'hex') as key_id
     from app.connection where secret is not null
     union select value ->> 'keyId' from app.setting where value ? 'sealed'
     union select encode(substring(sealed from 2 for ${KEY_ID_BYTES}), 'hex') from app.alert_setting`,
  );
  if (rows.some(({ key_id }) => !keys.byId.has(key_id))) throw wrongKey();
  if ((await readSealedSetting(pool, keys, CHECK)) !== CHECK_TEXT) throw wrongKey();
}

/** Writes everything that an old key sealed again with the current one. Returns how many secrets that were. */
export async function adoptKey(pool: Pool, keys: Keyring): Promise<number> {
  return transaction(pool, async (client) => {
    await makeSealedSetting(client, keys, CHECK, CHECK_TEXT);
    const settings = await renewSettings(client, keys);
    return settings + (await renewConnections(client, keys)) + (await renewAlertSettings(client, keys));
  });
}

/** The text of an encrypted setting; null where it was never made. */
export async function readSealedSetting(pool: Queryable, keys: Keyring, key: string): Promise<string | null> {
  const found = await readSealed(pool, key);
  return found && unseal(keys, settingSecret(key), Buffer.from(found.sealed, 'base64'));
}

/** Makes an encrypted setting unless it is there, whoever is first; gives the one that is there then. */
export async function makeSealedSetting(
  pool: Queryable,
  keys: Keyring,
  key: string,
  text: string,
): Promise<string> {
  await pool.query('insert into app.setting (key, value) values ($1, $2) on conflict (key) do nothing', [
    key,
    sealSetting(keys, key, text),
  ]);
  return (await readSealedSetting(pool, keys, key)) ?? text;
}

async function renewSettings(client: PoolClient, keys: Keyring): Promise<number> {
  const { rows } = await client.query<{ key: string; value: unknown }>(
    `select key, value from app.setting where value ? 'sealed' and value ->> 'keyId' <> $1 order by key for update`,
    [keys.current.id],
  );
  for (const { key, value } of rows) {
    const text = unseal(keys, settingSecret(key), Buffer.from(Sealed.parse(value).sealed, 'base64'));
    await client.query('update app.setting set value = $2 where key = $1', [
      key,
      sealSetting(keys, key, text),
    ]);
  }
  return rows.length;
}

async function renewConnections(client: PoolClient, keys: Keyring): Promise<number> {
  const { rows } = await client.query<{ id: string; tenant_id: string; secret: Buffer }>(
    `select id, tenant_id, secret from app.connection
     where secret is not null and substring(secret from 2 for ${KEY_ID_BYTES}) <> decode($1, 'hex')
     order by id for update`,
    [keys.current.id],
  );
  for (const { id, tenant_id, secret } of rows) {
    const place = connectionSecret(tenant_id, id);
    const renewed = seal(keys, place, unseal(keys, place, secret));
    await client.query('update app.connection set secret = $2 where id = $1', [id, renewed]);
  }
  return rows.length;
}

async function renewAlertSettings(client: PoolClient, keys: Keyring): Promise<number> {
  const { rows } = await client.query<{ tenant_id: string; sealed: Buffer }>(
    `select tenant_id, sealed from app.alert_setting
     where substring(sealed from 2 for ${KEY_ID_BYTES}) <> decode($1, 'hex') order by tenant_id for update`,
    [keys.current.id],
  );
  for (const { tenant_id, sealed } of rows) {
    const place = alertSecret(tenant_id);
    const renewed = seal(keys, place, unseal(keys, place, sealed));
    await client.query('update app.alert_setting set sealed = $2 where tenant_id = $1', [tenant_id, renewed]);
  }
  return rows.length;
}

function sealSetting(keys: Keyring, key: string, text: string): z.infer<typeof Sealed> {
  return { keyId: keys.current.id, sealed: seal(keys, settingSecret(key), text).toString('base64') };
}

async function readSealed(pool: Queryable, key: string): Promise<z.infer<typeof Sealed> | null> {
  const { rows } = await pool.query<{ value: unknown }>('select value from app.setting where key = $1', [
    key,
  ]);
  return rows[0] ? Sealed.parse(rows[0].value) : null;
}

async function keyFromFile(path: string, mayMake: boolean): Promise<Buffer> {
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null && !mayMake) throw wrongKey(`its key file ${path} is missing`);
  if (found === null) {
    const made = randomBytes(KEY_BYTES);
    await writeFile(path, `${made.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return made;
  }
  await chmod(path, 0o600);
  const key = Buffer.from(found.trim(), 'base64');
  if (key.length !== KEY_BYTES) throw wrongKey(`its key file ${path} is damaged`);
  return key;
}

function wrongKey(
  why = 'ENCRYPTION_KEY, or where it is not set the key file, is not the key it was written with',
): ConfigError {
  return new ConfigError('encryption_key_wrong', `The store can't be opened: ${why}. Nothing was changed.`, {
    action:
      'Restore that key; to change keys, set the new one as ENCRYPTION_KEY and list the old under ENCRYPTION_KEYS_OLD.',
  });
}
