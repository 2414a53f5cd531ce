import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import { recordTables } from './records.ts';
import type { Tenant } from './tenant.ts';

/** Records that the CRM shows something of ours on, by what the ledger knows, in order of their id. */
export async function nextShown(
  db: Queryable,
  { schema }: Tenant,
  page: { connectionId: string; object: ObjectType; after: string | null; limit: number },
): Promise<{ key: string; kind: string | null; targets: string[] }[]> {
  const { rows } = await db.query<{ key: string; kind: string | null; targets: string[] }>(
    `select l.external_key as key, coalesce(r.kind, l.kind) as kind,
       array(select jsonb_object_keys(l.shown) union select unnest(l.unconfirmed)) as targets
     from ${schema}.ledger l
     left join ${schema}.${recordTables[page.object].table} r
       on r.connection_id = l.connection_id and r.id = l.external_key
     where l.connection_id = $1 and l.object = $2 and ($3::text is null or l.external_key > $3)
       and (l.shown <> '{}' or l.unconfirmed <> '{}')
     order by l.external_key limit $4`,
    [page.connectionId, page.object, page.after, page.limit],
  );
  return rows;
}

/** Records of a connection on which the CRM still shows something of ours. */
export async function countShown(db: Queryable, { schema }: Tenant, connectionId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from ${schema}.ledger
     where connection_id = $1 and (shown <> '{}' or unconfirmed <> '{}')`,
    [connectionId],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Makes tombstones of some of a connection's records, to be unified as if the CRM had deleted them.
 * @returns how many were left to make; zero: all are
 */
export async function buryRecords(
  db: Queryable,
  { schema }: Tenant,
  connectionId: string,
  limit: number,
): Promise<number> {
  for (const { table } of Object.values(recordTables)) {
    const { rowCount } = await db.query(
      `update ${schema}.${table} set state = 'deleted', properties = '{}', invalid = '{}', touched = true
       where connection_id = $1 and id in (
         select id from ${schema}.${table} where connection_id = $1 and state = 'live' order by id limit $2)`,
      [connectionId, limit],
    );
    if (rowCount > 0) return rowCount;
  }
  return 0;
}

/** All that hangs on a connection, links and notes before records. */
const TABLES = [
  'association',
  'dirty_record',
  'erasure_request',
  'owner',
  'value_names',
  'split',
  'refusal',
  'pin',
  'sighting',
  'push_job',
  'push_log',
  'play_task',
  'ledger',
  'target',
  'cursor',
  'mapping',
  'deal_record',
  'contact_record',
  'company_record',
] as const;

/**
 * Removes some of the rows that hang on a connection.
 * @returns how many went; zero: none is left
 */
export async function dropConnectionRows(
  db: Queryable,
  { schema }: Tenant,
  connectionId: string,
  limit: number,
): Promise<number> {
  for (const table of TABLES) {
    const { rowCount } = await db.query(
      // The partitions of a table number their rows each for itself.
      `delete from ${schema}.${table} where (tableoid, ctid) in (
         select tableoid, ctid from ${schema}.${table} where connection_id = $1 limit $2)`,
      [connectionId, limit],
    );
    if (rowCount > 0) return rowCount;
  }
  return 0;
}
