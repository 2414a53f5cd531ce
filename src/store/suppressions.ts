import { createHmac, randomBytes } from 'node:crypto';
import { makeSealedSetting, readSealedSetting } from './keys.ts';
import type { Queryable } from './pool.ts';
import type { Keyring } from './secrets.ts';
import type { Tenant } from './tenant.ts';

/**
 * People who must never come back, known by a keyed hash of their e-mail: the list names nobody, and can't be
 * guessed through without its key.
 */
export type SuppressionKey = { bytes: Buffer };

const SETTING = 'suppression_key';

/** The installation's key, made when first asked for. It outlives changes of the encryption key, which seals it. */
export async function suppressionKey(pool: Queryable, keys: Keyring): Promise<SuppressionKey> {
  const found =
    (await readSealedSetting(pool, keys, SETTING)) ??
    (await makeSealedSetting(pool, keys, SETTING, randomBytes(32).toString('base64')));
  return { bytes: Buffer.from(found, 'base64') };
}

/** @param email normalised as identities are: trimmed, lower case, IDNA */
export function suppressionHash(key: SuppressionKey, tenant: Pick<Tenant, 'id'>, email: string): Buffer {
  return createHmac('sha256', key.bytes).update(`${tenant.id}\n${email}`).digest();
}

export async function suppress(
  client: Queryable,
  tenant: Pick<Tenant, 'id'>,
  hash: Buffer,
  reason: string,
): Promise<void> {
  await client.query(
    `insert into app.suppression (tenant_id, hash, reason) values ($1, $2, $3)
     on conflict (tenant_id, hash) do nothing`,
    [tenant.id, hash, reason],
  );
}

/** Which of the e-mails are suppressed; all of a page in one statement. */
export async function suppressedAmong(
  client: Queryable,
  key: SuppressionKey,
  tenant: Pick<Tenant, 'id'>,
  emails: string[],
): Promise<Set<string>> {
  if (emails.length === 0) return new Set();
  const hashes = emails.map((email) => suppressionHash(key, tenant, email));
  const { rows } = await client.query<{ position: number }>(
    `select position::int from unnest($2::bytea[]) with ordinality as given (hash, position)
     join app.suppression s on s.tenant_id = $1 and s.hash = given.hash`,
    [tenant.id, hashes],
  );
  return new Set(rows.map(({ position }) => emails[position - 1] ?? ''));
}
