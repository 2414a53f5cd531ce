import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { ConfigError } from '../errors.ts';

/** A sealed value: version, key id, IV, tag, then the ciphertext. */
const VERSION = 1;
export const KEY_ID_BYTES = 8;
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

/** The place of a connection's tokens. */
export function connectionSecret(tenantId: string, connectionId: string): SecretPlace {
  return { tenantId, connectionId, field: 'secret' };
}

/** The place of a tenant's alert settings. */
export function alertSecret(tenantId: string): SecretPlace {
  return { tenantId, connectionId: '', field: 'alerts' };
}

/** The place of something sealed that belongs to the installation. */
export function settingSecret(key: string): SecretPlace {
  return { tenantId: '', connectionId: '', field: key };
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
