import { InputError } from '../errors.ts';
import { addAudit } from '../store/audit.ts';
import { type RecordRef, readIdentities, type Who } from '../store/erasure.ts';
import { type Pool, transaction } from '../store/pool.ts';
import {
  anySuppressed,
  recordIdentity,
  type SuppressionKey,
  suppress,
  suppressedAmong,
  suppressionHash,
  unsuppress,
} from '../store/suppressions.ts';
import type { Tenant } from '../store/tenant.ts';
import { erase } from './erase.ts';

const RECORDS_AT_ONCE = 5_000;

/** Erases whoever is stored although suppressed: after a backup was restored, above all. Returns how many records. */
export async function reapplyErasures(
  pool: Pool,
  key: SuppressionKey,
  tenant: Tenant,
  by: string,
): Promise<number> {
  if (!(await anySuppressed(pool, tenant))) return 0;
  let erased = 0;
  for (let after: RecordRef | null = null; ; ) {
    const rows: Awaited<ReturnType<typeof readIdentities>> = await readIdentities(
      pool,
      tenant,
      after,
      RECORDS_AT_ONCE,
    );
    if (rows.length === 0) return erased;
    const found = await suppressedAmong(
      pool,
      key,
      tenant,
      rows.flatMap(({ connectionId, id, emails }) => [recordIdentity(connectionId, id), ...emails]),
    );
    for (const { connectionId, id, emails } of rows) {
      if (![recordIdentity(connectionId, id), ...emails].some((identity) => found.has(identity))) continue;
      const { records } = await erase(pool, key, tenant, { record: { connectionId, id } }, { by, all: true });
      erased += records;
    }
    after = rows.at(-1) ?? null;
  }
}

/** Lets somebody be stored again, by their address or record; false where they were not suppressed. */
export async function readmit(
  pool: Pool,
  key: SuppressionKey,
  tenant: Tenant,
  { email, record }: Who,
  by: string,
): Promise<boolean> {
  const identity = email ?? (record && recordIdentity(record.connectionId, record.id));
  if (identity === undefined) {
    throw new InputError('person_unclear', 'An erased person has no number any more. Nothing was changed.', {
      action: 'Give an e-mail address, or record:CONNECTION/ID.',
    });
  }
  return transaction(pool, async (client) => {
    const readmitted = await unsuppress(client, tenant, suppressionHash(key, tenant, identity));
    if (readmitted)
      await addAudit(client, tenant, { actor: by, action: 'customer.readmit', subject: 'person' });
    return readmitted;
  });
}

const HASH = /^[0-9a-f]{64}$/;

/** Takes in the hashes of another copy of this store, as `privacy suppressed` lists them. Returns how many are new. */
export async function addSuppressed(pool: Pool, tenant: Tenant, hashes: readonly string[]): Promise<number> {
  if (!hashes.every((hash) => HASH.test(hash))) {
    throw new InputError('hashes_invalid', 'This is not a list of suppressed people. Nothing was changed.', {
      action: 'Use what `privacy suppressed` prints: one hash a line.',
    });
  }
  const known = hashes.map((hash) => Buffer.from(hash, 'hex'));
  return await suppress(pool, tenant, known, 'erased');
}
