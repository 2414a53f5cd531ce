import { NotFoundError } from '../errors.ts';
import type { SubjectType } from '../model/attribute.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/**
 * Which customer a CRM's record is, in whichever connection of that system holds it.
 * @throws NotFoundError where none does, or it was not unified yet
 */
export async function subjectOfRecord(
  db: Queryable,
  { id: tenantId, schema }: Tenant,
  record: { system: string; object: 'contact' | 'company'; id: string },
): Promise<{ subject: SubjectType; id: string }> {
  const [table, key, subject] =
    record.object === 'contact'
      ? (['contact_record', 'person_id', 'person'] as const)
      : (['company_record', 'company_id', 'company'] as const);
  const { rows } = await db.query<{ id: string }>(
    `select r.${key} as id from ${schema}.${table} r
     join app.connection c on c.id = r.connection_id
     where c.tenant_id = $1 and c.system = $2 and r.id = $3 and r.${key} is not null
     order by c.rank limit 1`,
    [tenantId, record.system, record.id],
  );
  if (rows[0]) return { subject, id: rows[0].id };
  throw new NotFoundError('record_unknown', 'This record is not among the customers here.', {
    action: 'It comes with the next run if it is new; a deleted or erased one does not come back.',
  });
}
