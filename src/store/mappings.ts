import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import { OTHER_IDENTITY, recordTables } from './records.ts';
import type { Tenant } from './tenant.ts';

export type MappingRow = {
  connectionId: string;
  object: ObjectType;
  attribute: string;
  property: string;
  /** All records were read with it. */
  filled: boolean;
  /** Why the property can't be read now. */
  problem: string | null;
  /** The CRM works it out: nothing tells when it changes. */
  calculated: boolean;
};

export async function listMappings(
  db: Queryable,
  tenant: Tenant,
  filter: { connectionId?: string; object?: ObjectType } = {},
): Promise<MappingRow[]> {
  const { rows } = await db.query<MappingRow>(
    `select connection_id as "connectionId", object, attribute, property, filled, problem, calculated
     from ${tenant.schema}.mapping
     where ($1::text is null or connection_id = $1) and ($2::text is null or object = $2)
     order by connection_id, object, attribute`,
    [filter.connectionId ?? null, filter.object ?? null],
  );
  return rows;
}

/**
 * Whoever feeds an attribute that is there, or decides by what feeds it, comes one after the other, until the
 * transaction ends; others read meanwhile. To be taken before the first look at them, and after stopWriters where both
 * are.
 */
export async function lockMappings(client: Queryable, tenant: Tenant): Promise<void> {
  await client.query(`lock table ${tenant.schema}.mapping in share row exclusive mode`);
}

/** Adds mappings that are not there yet; what a person chose for an attribute stays. Returns how many are new. */
export async function addMappings(
  db: Queryable,
  tenant: Tenant,
  mappings: Pick<MappingRow, 'connectionId' | 'object' | 'attribute' | 'property'>[],
): Promise<number> {
  const { rowCount } = await db.query(
    `insert into ${tenant.schema}.mapping (connection_id, object, attribute, property)
     select "connectionId", object, attribute, property from jsonb_to_recordset($1::jsonb)
       as m ("connectionId" text, object text, attribute text, property text)
     on conflict (connection_id, object, attribute) do nothing`,
    [JSON.stringify(mappings)],
  );
  return rowCount;
}

/** Says that all records of an object were read with these attributes. */
export async function markFilled(
  db: Queryable,
  tenant: Tenant,
  key: { connectionId: string; object: ObjectType; attributes: string[] },
): Promise<void> {
  await db.query(
    `update ${tenant.schema}.mapping set filled = true
     where connection_id = $1 and object = $2 and attribute = any($3::text[]) and not filled`,
    [key.connectionId, key.object, key.attributes],
  );
}

/**
 * Notes which properties the CRM no longer has, and which it works out. One that is back must be read again for all
 * records.
 */
export async function noteProperties(
  db: Queryable,
  tenant: Tenant,
  key: { connectionId: string; object: ObjectType; existing: string[]; calculated: string[] },
): Promise<{ lost: number; back: number }> {
  await db.query(
    `update ${tenant.schema}.mapping set calculated = not calculated
     where connection_id = $1 and object = $2 and property = any($3::text[])
       and calculated <> (property = any($4::text[]))`,
    [key.connectionId, key.object, key.existing, key.calculated],
  );
  const { rows } = await db.query<{ problem: string | null }>(
    `update ${tenant.schema}.mapping set
       problem = case when property = any($3::text[]) then null
                      else 'The CRM no longer has the property ' || property || ', or hides it from us.' end,
       filled = filled and problem is null
     where connection_id = $1 and object = $2 and (property = any($3::text[])) = (problem is not null)
     returning problem`,
    [key.connectionId, key.object, key.existing],
  );
  const lost = rows.filter((row) => row.problem !== null).length;
  return { lost, back: rows.length - lost };
}

/** Feeds an attribute no more: its values go from the records, whose subjects are then worked out again. */
export async function removeMapping(
  db: Queryable,
  { schema }: Tenant,
  { connectionId, object, attribute }: Pick<MappingRow, 'connectionId' | 'object' | 'attribute'>,
): Promise<void> {
  await db.query(
    `delete from ${schema}.mapping where connection_id = $1 and object = $2 and attribute = $3`,
    [connectionId, object, attribute],
  );
  await db.query(
    `update ${schema}.${object}_record
     set properties = properties - $2, invalid = invalid - $2, touched = true
     where connection_id = $1 and (properties ? $2 or invalid ? $2)`,
    [connectionId, attribute],
  );
  const { table, others } = recordTables[object];
  if (others === null || attribute !== OTHER_IDENTITY) return;
  await db.query(
    `update ${schema}.${table} set ${others} = '{}', touched = true where connection_id = $1 and ${others} <> '{}'`,
    [connectionId],
  );
}
