import type { ObjectType } from '../model/record.ts';
import { listAttributes } from '../store/columns.ts';
import { quoted } from '../store/identifier.ts';
import type { Queryable } from '../store/pool.ts';
import { recordTables } from '../store/records.ts';
import type { Tenant } from '../store/tenant.ts';

/** What people call a record's customer; `subjectId` null where nobody knows who it is. */
export type RecordName = { name: string | null; kind: string; subjectId: string | null };

/** Names of these records of one connection, by id; records that are not held any more are left out. */
export async function recordNames(
  db: Queryable,
  tenant: Tenant,
  place: { connectionId: string; object: ObjectType },
  keys: readonly string[],
): Promise<Map<string, RecordName>> {
  if (keys.length === 0) return new Map();
  const { table, subject: link } = recordTables[place.object];
  const subject = place.object === 'contact' ? 'person' : place.object;
  const attributes = await listAttributes(db, tenant);
  const has = (key: string) =>
    attributes.some((attribute) => attribute.owner === subject && attribute.key === key);
  const parts = (subject === 'person' ? ['first_name', 'last_name'] : ['name']).filter(has);
  const address = { person: 'email', company: 'domain', deal: '' }[subject];
  const name = [
    ...(parts.length > 0
      ? [`nullif(concat_ws(' ', ${parts.map((key) => `s.${quoted(key)}`).join(', ')}), '')`]
      : []),
    ...(address && has(address) ? [`s.${quoted(address)}`] : []),
    'null',
  ];
  const { rows } = await db.query<RecordName & { key: string }>(
    `select r.id as key, r.kind, r.${link}::text as "subjectId", coalesce(${name.join(', ')}, null) as name
     from ${tenant.schema}.${table} r left join ${tenant.schema}.${subject} s on s.id = r.${link}
     where r.connection_id = $1 and r.id = any($2)`,
    [place.connectionId, keys],
  );
  return new Map(rows.map(({ key, ...row }) => [key, row]));
}
