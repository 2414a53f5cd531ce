import { ConfigError } from '../../errors.ts';
import type { ObjectType } from '../../model/record.ts';
import { dropLinksTo } from '../../store/erasure.ts';
import type { Queryable } from '../../store/pool.ts';
import type { LinkRow, RecordRow } from '../../store/records.ts';
import {
  anySuppressed,
  recordIdentity,
  type SuppressionKey,
  suppress,
  suppressedAmong,
  suppressionHash,
} from '../../store/suppressions.ts';
import type { Tenant } from '../../store/tenant.ts';

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Ids of the contacts that a page carries or links to and that belong to erased people: known by their record, or by one
 * of their addresses. To be asked inside the transaction that stores the page, after its fence: an erasure either waits
 * for that transaction, or is seen by it. Who was known by an address only is known by the record from then on, as
 * links tell no e-mail.
 */
export async function suppressedIn(
  client: Queryable,
  { tenant, key }: { tenant: Tenant; key: SuppressionKey | undefined },
  page: { connectionId: string; object: ObjectType; rows: readonly RecordRow[]; links: readonly LinkRow[] },
): Promise<ReadonlySet<string>> {
  if (!(await anySuppressed(client, tenant))) return NOBODY;
  if (key === undefined) throw keyMissing();
  const rows = page.object === 'contact' ? page.rows : [];
  const linked = page.links.filter((link) => link.to_object === 'contact').map((link) => link.to_id);
  const ids = [...new Set([...rows.map(({ id }) => id), ...linked])];
  const emails = [...new Set(rows.flatMap(addressesOf))];
  const records = ids.map((id) => recordIdentity(page.connectionId, id));
  const found = await suppressedAmong(client, key, tenant, [...records, ...emails]);
  if (found.size === 0) return NOBODY;
  const byRecord = ids.filter((_, index) => found.has(records[index] ?? ''));
  const byEmail = rows
    .filter((row) => addressesOf(row).some((address) => found.has(address)))
    .map(({ id }) => id);
  const fresh = byEmail.filter((id) => !byRecord.includes(id));
  const hashes = fresh.map((id) => suppressionHash(key, tenant, recordIdentity(page.connectionId, id)));
  await suppress(client, tenant, hashes, 'erased');
  await dropLinksTo(client, tenant, page.connectionId, fresh);
  return new Set([...byRecord, ...fresh]);
}

const addressesOf = ({ key, other_keys }: RecordRow): string[] => [
  ...(key === null ? [] : [key]),
  ...other_keys,
];

/** Never store a page unchecked: who was erased would come back. */
function keyMissing(): ConfigError {
  return new ConfigError(
    'suppression_key_missing',
    'People were erased, and this process can not tell who: it has no key to the suppression list. Nothing was stored.',
    { action: 'Start the program with the same ENCRYPTION_KEY as before.' },
  );
}
