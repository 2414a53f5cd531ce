import type { Pool } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** How long rows about a record are kept that is no longer here: the CRM may show it again within that time. */
const ORPHAN_DAYS = 30;

/**
 * Removes what was noted of records that are not here any more: refusals, values set by hand, values seen.
 * Who was erased is cleared and forgotten by the push; what is left of that without anything shown goes here.
 * @returns how many rows went
 */
export async function dropOrphans(pool: Pool, { schema }: Tenant): Promise<number> {
  let dropped = 0;
  for (const [table, at] of [
    ['refusal', 'last_at'],
    ['pin', 'seen_at'],
    ['sighting', 'seen_at'],
  ] as const) {
    const { rowCount } = await pool.query(
      `delete from ${schema}.${table} o
       where ${at} < now() - interval '${ORPHAN_DAYS} days' and not exists (
         select from ${schema}.contact_record r
         where o.object = 'contact' and r.connection_id = o.connection_id and r.id = o.external_key
           and r.state = 'live'
         union all select from ${schema}.company_record r
         where o.object = 'company' and r.connection_id = o.connection_id and r.id = o.external_key
           and r.state = 'live')`,
    );
    dropped += rowCount;
  }
  const { rowCount } = await pool.query(
    `delete from ${schema}.ledger where kind is not null and shown = '{}' and unconfirmed = '{}'
       and not exists (select from ${schema}.lease where name like 'push %' and expires_at > clock_timestamp())`,
  );
  return dropped + rowCount;
}
