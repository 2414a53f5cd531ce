import type { SubjectType } from '../model/attribute.ts';
import { type Pool, transaction } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

type Split = { subject: SubjectType; connectionId: string; recordId: string; by: string };

/** Takes a record out of its subject for good: from the next unify on it is the same as nobody. */
export async function splitRecord(pool: Pool, tenant: Tenant, split: Split): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(
      `insert into ${tenant.schema}.split (subject, connection_id, record_id, by) values ($1, $2, $3, $4)
       on conflict (subject, connection_id, record_id) do nothing`,
      [split.subject, split.connectionId, split.recordId, split.by],
    );
    const table = split.subject === 'person' ? 'contact_record' : 'company_record';
    await client.query(
      `update ${tenant.schema}.${table} set touched = true where connection_id = $1 and id = $2`,
      [split.connectionId, split.recordId],
    );
  });
}
