import { InputError, NotFoundError } from '../../errors.ts';
import type { SubjectType } from '../../model/attribute.ts';
import { type Pool, type PoolClient, transaction } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import type { Tenant } from '../../store/tenant.ts';

/** A record, and the customer that it belongs to now. */
export type RecordOf = { subject: SubjectType; subjectId: string; connectionId: string; recordId: string };

const tableOf = (subject: SubjectType) => recordTables[subject === 'person' ? 'contact' : 'company'];

/**
 * Takes a record out of its customer for good: from the next unify on it is a customer of its own, whatever it shares
 * with others.
 * @throws NotFoundError where the customer has no such live record; InputError where it is the only one
 */
export async function splitRecord(pool: Pool, tenant: Tenant, of: RecordOf, by: string): Promise<void> {
  const { table, subject: link } = tableOf(of.subject);
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ connection_id: string; id: string }>(
      `select connection_id, id from ${tenant.schema}.${table} where ${link} = $1::bigint and state = 'live'`,
      [of.subjectId],
    );
    if (!rows.some(({ connection_id, id }) => connection_id === of.connectionId && id === of.recordId))
      throw unknownRecord();
    if (rows.length === 1) {
      throw new InputError(
        'record_alone',
        'This record is the only one of this customer. Nothing was changed.',
        {
          action: 'There is nothing to split.',
        },
      );
    }
    await client.query(
      `insert into ${tenant.schema}.split (subject, connection_id, record_id, by) values ($1, $2, $3, $4)
       on conflict (subject, connection_id, record_id) do nothing`,
      [of.subject, of.connectionId, of.recordId, by],
    );
    await touch(client, tenant, of);
  });
}

/**
 * Lets a record that was split off be found the same as others again, from the next unify on.
 * @throws NotFoundError where it was not split off
 */
export async function rejoinRecord(pool: Pool, tenant: Tenant, of: RecordOf): Promise<void> {
  await transaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `delete from ${tenant.schema}.split where subject = $1 and connection_id = $2 and record_id = $3
         and exists (select from ${tenant.schema}.${tableOf(of.subject).table}
           where connection_id = $2 and id = $3 and ${tableOf(of.subject).subject} = $4::bigint)`,
      [of.subject, of.connectionId, of.recordId, of.subjectId],
    );
    if (rowCount === 0) throw unknownRecord();
    await touch(client, tenant, of);
  });
}

async function touch(client: PoolClient, { schema }: Tenant, of: RecordOf): Promise<void> {
  await client.query(
    `update ${schema}.${tableOf(of.subject).table} set touched = true where connection_id = $1 and id = $2`,
    [of.connectionId, of.recordId],
  );
}

const unknownRecord = () =>
  new NotFoundError('record_unknown', 'This customer has no such record now. Nothing was changed.', {
    action: 'Open the customer again: a run may have moved the record meanwhile.',
  });
