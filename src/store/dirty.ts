import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import { recordTables } from './records.ts';
import type { Tenant } from './tenant.ts';

/** Notes records to be read again: by webhooks, and where a write's outcome is not known. */
export async function noteDirtyRecords(
  db: Queryable,
  tenant: Tenant,
  records: { connectionId: string; object: ObjectType; ids: string[] },
): Promise<void> {
  // In one order by everybody, so that two pages of notes don't wait for each other. noted_at moves, so that a record noted while it is being read is read once more.
  await db.query(
    `insert into ${tenant.schema}.dirty_record (connection_id, object, id)
     select $1, $2, id from unnest($3::text[]) t (id) group by id order by id
     on conflict (connection_id, object, id) do update set noted_at = clock_timestamp()`,
    [records.connectionId, records.object, records.ids],
  );
}

/** The records noted longest ago, with the kind we know them by; `notedAt` is text, as exact as the database. */
export async function takeDirtyRecords(
  db: Queryable,
  tenant: Tenant,
  key: { connectionId: string; object: ObjectType; limit: number },
): Promise<{ id: string; kind: string; notedAt: string }[]> {
  const { rows } = await db.query<{ id: string; kind: string; notedAt: string }>(
    `select d.id, coalesce(r.kind, d.object) as kind, d.noted_at::text as "notedAt"
     from ${tenant.schema}.dirty_record d
     left join ${tenant.schema}.${recordTables[key.object].table} r
       on r.connection_id = d.connection_id and r.id = d.id
     where d.connection_id = $1 and d.object = $2
     order by d.noted_at, d.id limit $3`,
    [key.connectionId, key.object, key.limit],
  );
  return rows;
}

/** Removes notes that were answered, unless they were made again meanwhile. */
export async function clearDirtyRecords(
  db: Queryable,
  tenant: Tenant,
  answered: { connectionId: string; object: ObjectType; notes: { id: string; notedAt: string }[] },
): Promise<void> {
  await db.query(
    `delete from ${tenant.schema}.dirty_record d using (
       select n.id, a."notedAt" from ${tenant.schema}.dirty_record n
       join jsonb_to_recordset($3::jsonb) as a (id text, "notedAt" timestamptz) on a.id = n.id
       where n.connection_id = $1 and n.object = $2 and n.id = any($4::text[]) and n.noted_at <= a."notedAt"
       order by n.id for update of n
     ) a
     where d.connection_id = $1 and d.object = $2 and d.id = any($4::text[]) and d.id = a.id
       and d.noted_at <= a."notedAt"`,
    [
      answered.connectionId,
      answered.object,
      JSON.stringify(answered.notes),
      answered.notes.map(({ id }) => id),
    ],
  );
}

/** Notes subjects for a later stage. Duplicates are welcome. */
export async function noteDirtySubjects(
  db: Queryable,
  tenant: Tenant,
  stage: 'profile' | 'label',
  subject: 'person' | 'company' | 'deal',
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  await db.query(
    `insert into ${tenant.schema}.dirty_subject (stage, subject, id)
     select $1, $2, id from unnest($3::bigint[]) t (id) group by id order by id
     on conflict (stage, subject, id) do nothing`,
    [stage, subject, ids],
  );
}

/** Notes every subject of a kind: after a setting changed that all of them depend on. */
export async function noteAllDirty(
  db: Queryable,
  tenant: Tenant,
  stage: 'profile' | 'label',
  subject: 'person' | 'company' | 'deal',
): Promise<number> {
  const { rowCount } = await db.query(
    `insert into ${tenant.schema}.dirty_subject (stage, subject, id)
     select $1, $2, id from ${tenant.schema}.${subject} order by id
     on conflict (stage, subject, id) do nothing`,
    [stage, subject],
  );
  return rowCount;
}
