import { createHmac, randomBytes } from 'node:crypto';
import { makeSealedSetting, readSealedSetting } from './keys.ts';
import type { Queryable } from './pool.ts';
import type { Keyring } from './secrets.ts';
import type { Tenant } from './tenant.ts';

/**
 * People who must never come back, known by keyed hashes of their e-mails and records: the list names nobody, and
 * can't be guessed through without its key.
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

/** A record of somebody, as an identity: those without an e-mail are known again by it. No e-mail has a line break. */
export function recordIdentity(connectionId: string, id: string): string {
  return `record\n${connectionId}\n${id}`;
}

/** @param identity an e-mail normalised as identities are (trimmed, lower case, IDNA), or a recordIdentity */
export function suppressionHash(key: SuppressionKey, tenant: Pick<Tenant, 'id'>, identity: string): Buffer {
  return createHmac('sha256', key.bytes).update(`${tenant.id}\n${identity}`).digest();
}

/** Suppresses them. Returns how many were not before. @param reason a word of ours, never a person's text */
export async function suppress(
  client: Queryable,
  tenant: Pick<Tenant, 'id'>,
  hashes: readonly Buffer[],
  reason: string,
): Promise<number> {
  if (hashes.length === 0) return 0;
  const { rowCount } = await client.query(
    `insert into app.suppression (tenant_id, hash, reason)
     select distinct $1, hash, $3 from unnest($2::bytea[]) as given (hash)
     on conflict (tenant_id, hash) do nothing`,
    [tenant.id, hashes, reason],
  );
  return rowCount;
}

/** Has anybody of the tenant been suppressed? Where nobody was, nothing has to be hashed. */
export async function anySuppressed(client: Queryable, tenant: Pick<Tenant, 'id'>): Promise<boolean> {
  const { rows } = await client.query('select from app.suppression where tenant_id = $1 limit 1', [
    tenant.id,
  ]);
  return rows.length > 0;
}

/** Which of these identities are suppressed; all of a page in one statement. */
export async function suppressedAmong(
  client: Queryable,
  key: SuppressionKey,
  tenant: Pick<Tenant, 'id'>,
  identities: string[],
): Promise<Set<string>> {
  if (identities.length === 0) return new Set();
  const hashes = identities.map((identity) => suppressionHash(key, tenant, identity));
  const { rows } = await client.query<{ position: number }>(
    `select position::int from unnest($2::bytea[]) with ordinality as given (hash, position)
     join app.suppression s on s.tenant_id = $1 and s.hash = given.hash`,
    [tenant.id, hashes],
  );
  return new Set(rows.map(({ position }) => identities[position - 1] ?? ''));
}

/** All hashes of the tenant in hex: they name nobody, and bring erasures back to a store restored from a backup. */
export async function listSuppressed(client: Queryable, tenant: Pick<Tenant, 'id'>): Promise<string[]> {
  const { rows } = await client.query<{ hash: string }>(
    `select encode(hash, 'hex') as hash from app.suppression where tenant_id = $1 order by hash`,
    [tenant.id],
  );
  return rows.map(({ hash }) => hash);
}

export async function countSuppressed(client: Queryable, tenant: Pick<Tenant, 'id'>): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::int as count from app.suppression where tenant_id = $1',
    [tenant.id],
  );
  return rows[0]?.count ?? 0;
}

/** Lets an identity come back; false where it was not suppressed. */
export async function unsuppress(
  client: Queryable,
  tenant: Pick<Tenant, 'id'>,
  hash: Buffer,
): Promise<boolean> {
  const { rowCount } = await client.query('delete from app.suppression where tenant_id = $1 and hash = $2', [
    tenant.id,
    hash,
  ]);
  return rowCount > 0;
}
