import { z } from 'zod';
import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import { recordTables } from './records.ts';
import type { Tenant } from './tenant.ts';

export const DirtySubject = z.object({ subject: z.enum(['person', 'company', 'deal']), id: z.string() });
export type DirtySubject = z.infer<typeof DirtySubject>;

/** The next subjects that were noted for a stage, in a fixed order, after `after`. */
export async function takeDirtySubjects(
  db: Queryable,
  tenant: Tenant,
  stage: 'profile' | 'label' | 'push',
  limit: number,
  after: DirtySubject | null = null,
): Promise<DirtySubject[]> {
  const { rows } = await db.query<DirtySubject>(
    `select subject, id from ${tenant.schema}.dirty_subject
     where stage = $1 and ($3::text is null or (subject, id) > ($3, $4::bigint))
     order by subject, id limit $2`,
    [stage, limit, after?.subject ?? null, after?.id ?? null],
  );
  return rows;
}

export async function clearDirtySubjects(
  db: Queryable,
  tenant: Tenant,
  stage: 'profile' | 'label' | 'push',
  subjects: DirtySubject[],
): Promise<void> {
  await db.query(
    `delete from ${tenant.schema}.dirty_subject d using unnest($2::text[], $3::bigint[]) as g (subject, id)
     where d.stage = $1 and d.subject = g.subject and d.id = g.id`,
    [stage, subjects.map(({ subject }) => subject), subjects.map(({ id }) => id)],
  );
}

/** The records of noted subjects on one connection; those of a company's people too, who show its labels. */
export async function readDirtyKeys(
  db: Queryable,
  tenant: Tenant,
  of: { connectionId: string; object: ObjectType; subjects: DirtySubject[] },
): Promise<string[]> {
  const idsOf = (wanted: DirtySubject['subject']) =>
    of.subjects.filter(({ subject }) => subject === wanted).map(({ id }) => id);
  const { schema } = tenant;
  const { table } = recordTables[of.object];
  const where =
    of.object === 'company'
      ? 'r.company_id = any($3::bigint[]) and $2::bigint[] is not null'
      : `(r.person_id = any($2::bigint[])
          or r.person_id in (select id from ${schema}.person where company_id = any($3::bigint[])))`;
  const { rows } = await db.query<{ id: string }>(
    `select r.id from ${schema}.${table} r where r.connection_id = $1 and ${where} order by r.id`,
    [of.connectionId, idsOf('person'), idsOf('company')],
  );
  return rows.map(({ id }) => id);
}
