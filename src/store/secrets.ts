import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';

export const KEY_BYTES = 32;
const KEY_FILE = 'encryption.key';

/** A sealed value: version, key id, IV, tag, then the ciphertext. */
const VERSION = 1;
const KEY_ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const CIPHER = 'aes-256-gcm';

/** Where a secret belongs; it opens nowhere else. */
export type SecretPlace = { tenantId: string; connectionId: string; field: string };

/** The key that writes, and all that may still read, by id. */
export type Keyring = { current: Key; byId: Map<string, Key> };
type Key = { id: string; bytes: Buffer };

export function keyring(current: Buffer, old: Buffer[] = []): Keyring {
  const keys = [current, ...old].map(toKey);
  return { current: toKey(current), byId: new Map(keys.map((key) => [key.id, key])) };
}

/** Encrypts with AES-256-GCM, a new IV each time, bound to its place. */
export function seal(keys: Keyring, place: SecretPlace, plain: string): Buffer {
  const header = Buffer.concat([Buffer.from([VERSION]), Buffer.from(keys.current.id, 'hex')]);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keys.current.bytes, iv);
  cipher.setAAD(boundTo(header, place));
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([header, iv, cipher.getAuthTag(), text]);
}

/** @throws ConfigError where the key is not ours, or a byte or the place is not as it was written */
export function unseal(keys: Keyring, place: SecretPlace, sealed: Buffer): string {
  const header = sealed.subarray(0, HEADER_BYTES);
  const key = keys.byId.get(keyIdOf(sealed));
  if (header[0] !== VERSION || sealed.length < HEADER_BYTES + IV_BYTES + TAG_BYTES || !key)
    throw unreadable(place);
  const iv = sealed.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES);
  const tag = sealed.subarray(HEADER_BYTES + IV_BYTES, HEADER_BYTES + IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(header, place));
  decipher.setAuthTag(tag);
  try {
    const text = sealed.subarray(HEADER_BYTES + IV_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  } catch (error) {
    throw unreadable(place, error);
  }
}

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

const Check = z.object({ keyId: z.string(), sealed: z.string() });
const CHECK_PLACE: SecretPlace = { tenantId: '', connectionId: '', field: 'check' };
const CHECK_TEXT = 'segment sync';

/** Has anything been written under a key? Reads only; true of a store that has no tables yet. */
export async function isNewToKeys(pool: Queryable): Promise<boolean> {
  return (await readCheck(pool)) === null;
}

/**
 * Throws where the store was written with a key that we don't have. Reads only: call it before anything is changed.
 */
export async function refuseWrongKey(pool: Queryable, keys: Keyring): Promise<void> {
  const check = await readCheck(pool);
  if (check === null) return;
  if (!keys.byId.has(check.keyId)) throw wrongKey();
  if (unseal(keys, CHECK_PLACE, Buffer.from(check.sealed, 'base64')) !== CHECK_TEXT) throw wrongKey();
  const { rows } = await pool.query<{ key_id: string }>(
    `select distinct encode(substring(secret from 2 for ${KEY_ID_BYTES}), 'hex') as key_id
     from app.connection where secret is not null`,
  );
  if (rows.some(({ key_id }) => !keys.byId.has(key_id))) throw wrongKey();
}

/** Writes every secret that an old key sealed again with the current one. Returns how many. */
export async function adoptKey(pool: Pool, keys: Keyring): Promise<number> {
  return transaction(pool, async (client) => {
    const check = {
      keyId: keys.current.id,
      sealed: seal(keys, CHECK_PLACE, CHECK_TEXT).toString('base64'),
    };
    await client.query(
      `insert into app.setting (key, value) values ('encryption_check', $1)
       on conflict (key) do update set value = excluded.value where app.setting.value ->> 'keyId' <> $2`,
      [check, keys.current.id],
    );
    const { rows } = await client.query<{ id: string; tenant_id: string; secret: Buffer }>(
      `select id, tenant_id, secret from app.connection
       where secret is not null and substring(secret from 2 for ${KEY_ID_BYTES}) <> decode($1, 'hex')
       order by id for update`,
      [keys.current.id],
    );
    for (const { id, tenant_id, secret } of rows) {
      const place = connectionSecret(tenant_id, id);
      await client.query('update app.connection set secret = $2 where id = $1', [
        id,
        seal(keys, place, unseal(keys, place, secret)),
      ]);
    }
    return rows.length;
  });
}

/** The place of a connection's tokens. */
export function connectionSecret(tenantId: string, connectionId: string): SecretPlace {
  return { tenantId, connectionId, field: 'secret' };
}

async function readCheck(pool: Queryable): Promise<z.infer<typeof Check> | null> {
  const { rows: tables } = await pool.query(`select 1 where to_regclass('app.setting') is not null`);
  if (tables.length === 0) return null;
  const { rows } = await pool.query<{ value: unknown }>(
    `select value from app.setting where key = 'encryption_check'`,
  );
  return rows[0] ? Check.parse(rows[0].value) : null;
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

function toKey(bytes: Buffer): Key {
  return {
    id: createHash('sha256')
      .update(bytes)
      .digest('hex')
      .slice(0, KEY_ID_BYTES * 2),
    bytes,
  };
}

function keyIdOf(sealed: Buffer): string {
  return sealed.subarray(1, HEADER_BYTES).toString('hex');
}

function boundTo(header: Buffer, place: SecretPlace): Buffer {
  return Buffer.concat([
    header,
    Buffer.from(JSON.stringify([place.tenantId, place.connectionId, place.field])),
  ]);
}

function unreadable(place: SecretPlace, cause?: unknown): ConfigError {
  return new ConfigError(
    'secret_unreadable',
    `The stored ${place.field} of connection ${place.connectionId} can't be read: another key wrote it, or it was changed. It was left as it is.`,
    { action: 'Restore the key that it was written with, or connect the CRM again.', cause },
  );
}

function wrongKey(why = 'ENCRYPTION_KEY is not the key it was written with'): ConfigError {
  return new ConfigError('encryption_key_wrong', `The store can't be opened: ${why}. Nothing was changed.`, {
    action:
      'Restore that key; to change keys, set the new one as ENCRYPTION_KEY and list the old under ENCRYPTION_KEYS_OLD.',
  });
}
