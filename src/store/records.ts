import type { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** A record as it is stored: one element of a page's jsonb parameter, so spelled as the columns are. */
export type RecordRow = {
  id: string;
  kind: string;
  /** Contacts: the normalised e-mail. Companies: the normalised domain. Deals: null. */
  key: string | null;
  /** Contacts: further addresses, normalised and sorted, without the first one. Others: none. */
  other_keys: string[];
  properties: Record<string, string | number | boolean | string[]>;
  invalid: Record<string, string>;
  cross_ids: Record<string, string>;
  created: string | null;
  updated: string;
  state: 'live' | 'deleted' | 'merged';
  merged_into: string | null;
};

export type LinkRow = {
  from_id: string;
  to_object: ObjectType;
  to_id: string;
  is_primary: boolean;
  role: string | null;
};

export type PageOf<Row> = { connectionId: string; object: ObjectType; rows: Row[] };

/** How a record's subject, identity and table are called, by object. */
export const recordTables = {
  contact: { table: 'contact_record', subject: 'person_id', key: 'email', others: 'other_emails' },
  company: { table: 'company_record', subject: 'company_id', key: 'domain', others: null },
  deal: { table: 'deal_record', subject: 'deal_id', key: null, others: null },
} as const satisfies Record<
  ObjectType,
  { table: string; subject: string; key: string | null; others: string | null }
>;

/** Attributes that a record's first identity is read from, and the one that its further ones are. */
const FIRST_IDENTITY: ReadonlySet<string> = new Set(['email', 'domain', 'website']);
export const OTHER_IDENTITY = 'other_emails';

export type UpsertCounts = {
  read: number;
  new: number;
  changed: number;
  deleted: number;
  merged: number;
  /** Live in the page, gone here, and not newer: noted to be read again by id. */
  doubted: number;
};

/**
 * Writes one page of records.
 * An older source time never overwrites a newer one, an equal one is applied, and a row that says nothing new is
 * not written. A tombstone is taken back only by a newer time or by `byId`, an answer about just these ids; any
 * other live row that meets one is noted in dirty_record. `keep` names attributes whose property can't be read at
 * the moment: their stored values stay.
 */
export async function upsertRecords(
  db: Queryable,
  tenant: Tenant,
  page: PageOf<RecordRow> & { byId: boolean; keep: string[] },
): Promise<UpsertCounts> {
  if (page.rows.length === 0) return { read: 0, new: 0, changed: 0, deleted: 0, merged: 0, doubted: 0 };
  const { table, key, others } = recordTables[page.object];
  const s = tenant.schema;
  // The identity, as columns of the table, of the row that is there (r) and of the page's (p).
  const identity = { key, other_keys: others };
  const columns = Object.values(identity).flatMap((column) => column ?? []);
  const ofTable = (alias: string) => columns.map((column) => `${alias}${column}, `).join('');
  const ofPage = (alias: string) =>
    Object.entries(identity)
      .map(([name, column]) => (column === null ? '' : `${alias}${name}, `))
      .join('');
  // What a hidden property identified is still the same record.
  const keepsKey = page.keep.some((attribute) => FIRST_IDENTITY.has(attribute));
  const keyOf =
    keepsKey && key !== null ? `case p.state when 'live' then coalesce(p.key, r.${key}) end` : 'p.key';
  const keepsOthers = others !== null && page.keep.includes(OTHER_IDENTITY);
  const othersOf = keepsOthers
    ? `case p.state when 'live' then coalesce(r.${others}, '{}') else '{}' end`
    : 'p.other_keys';
  // Rows are locked in one order by everybody, so that pages and unify can't deadlock.
  const rows = [...page.rows].sort((x, y) => (x.id < y.id ? -1 : Number(x.id > y.id)));
  const { rows: counted } = await db.query<Record<keyof UpsertCounts, number>>(
    `with page as materialized (
       select p.id, p.kind, ${keyOf} as key, ${othersOf} as other_keys, p.invalid,
         p.cross_ids, p.created, p.updated, p.state, p.merged_into,
         case when cardinality($4::text[]) = 0 or p.state <> 'live' then p.properties
              else coalesce((select jsonb_object_agg(k, r.properties -> k) from unnest($4::text[]) k
                             where r.properties ? k), '{}') || p.properties end as properties,
         r.id is null as is_new,
         coalesce(r.source_updated_at > p.updated, false) as is_older,
         r.source_updated_at,
         r.state as old_state,
         (r.kind, ${ofTable('r.')}r.properties, r.invalid, r.cross_ids, r.source_created_at,
          r.state, r.merged_into) as old
       from jsonb_to_recordset($2::jsonb) as p (id text, kind text, key text, other_keys text[],
         properties jsonb, invalid jsonb, cross_ids jsonb, created timestamptz, updated timestamptz, state text, merged_into text)
       left join (select * from ${s}.${table} where connection_id = $1 and id = any($6::text[])) r on r.id = p.id
     ),
     sorted as materialized (
       select p.*,
         p.is_new or (p.kind, ${ofPage('p.')}p.properties, p.invalid, p.cross_ids, p.created,
                      p.state, p.merged_into) is distinct from p.old as differs,
         case
           when p.is_new then true
           when $3::boolean and p.state <> p.old_state then true
           when p.state = 'live' and p.old_state <> 'live' then p.updated > p.source_updated_at
           else not p.is_older
         end as applies
       from page p
     ),
     written as (
       insert into ${s}.${table} as r (connection_id, id, kind, ${ofTable('')}properties, invalid, cross_ids,
         source_created_at, source_updated_at, changed_at, state, merged_into, touched, seen_at)
       select $1, p.id, p.kind, ${ofPage('p.')}p.properties, p.invalid, p.cross_ids,
         p.created, case when p.state = 'live' then p.updated else greatest(p.updated, p.source_updated_at) end,
         p.updated, p.state, p.merged_into, not (p.is_new and p.state = 'deleted'), now()
       from sorted p
       where p.applies and (p.differs or p.updated > p.source_updated_at)
       on conflict (connection_id, id) do update set
         kind = excluded.kind, ${columns.map((column) => `${column} = excluded.${column}, `).join('')}properties = excluded.properties,
         invalid = excluded.invalid, cross_ids = excluded.cross_ids,
         source_created_at = excluded.source_created_at, source_updated_at = excluded.source_updated_at,
         changed_at = case when (r.properties, r.state) is distinct from (excluded.properties, excluded.state)
                           then excluded.changed_at else r.changed_at end,
         state = excluded.state, merged_into = excluded.merged_into, seen_at = excluded.seen_at,
         touched = r.touched or (r.kind, ${ofTable('r.')}r.properties, r.cross_ids, r.state,
                                 r.source_created_at, r.merged_into)
           is distinct from (excluded.kind, ${ofTable('excluded.')}excluded.properties,
                             excluded.cross_ids, excluded.state, excluded.source_created_at, excluded.merged_into)
     ),
     doubted as (
       insert into ${s}.dirty_record (connection_id, object, id)
       select $1, $5, id from sorted where not applies and state = 'live' and old_state <> 'live'
       on conflict (connection_id, object, id) do nothing
     )
     select count(*)::int as read,
       count(*) filter (where is_new and state = 'live')::int as new,
       count(*) filter (where not is_new and applies and differs and state = 'live')::int as changed,
       count(*) filter (where old_state = 'live' and applies and state = 'deleted')::int as deleted,
       count(*) filter (where old_state = 'live' and applies and state = 'merged')::int as merged,
       count(*) filter (where not applies and state = 'live' and old_state <> 'live')::int as doubted
     from sorted`,
    [page.connectionId, JSON.stringify(rows), page.byId, page.keep, page.object, rows.map((row) => row.id)],
  );
  const counts = counted[0];
  if (!counts) throw new Error('counting a page gave no row');
  return counts;
}

/**
 * Makes the stored links of these records what the page told, and marks records whose links changed. `told` names
 * the records of which the page told all links, with the page's time: a page older than the stored record is
 * passed over. Rows are found by arrays of ids: the embedded database has no statistics in a first load, and would
 * read whole tables to join them.
 */
export async function replaceLinks(
  db: Queryable,
  tenant: Tenant,
  page: PageOf<LinkRow> & { told: { id: string; updated: string }[] },
): Promise<number> {
  if (page.told.length === 0) return 0;
  const { table } = recordTables[page.object];
  const s = tenant.schema;
  const { rowCount } = await db.query(
    `with fresh as materialized (
       select r.id from ${s}.${table} r
       join jsonb_to_recordset($3::jsonb) as t (id text, updated timestamptz) on t.id = r.id
       where r.connection_id = $1 and r.id = any($5::text[])
         and r.state = 'live' and r.source_updated_at <= t.updated
     ),
     told as materialized (
       select l.* from jsonb_to_recordset($4::jsonb)
         as l (from_id text, to_object text, to_id text, is_primary boolean, role text)
       where l.from_id in (select id from fresh)
     ),
     stored as materialized (
       select a.* from ${s}.association a
       where a.connection_id = $1 and a.from_object = $2 and a.from_id = any($5::text[])
         and a.from_id in (select id from fresh)
     ),
     gone as (
       delete from ${s}.association a
       where a.connection_id = $1 and a.from_object = $2 and a.from_id = any($5::text[])
         and a.from_id in (select id from fresh)
         and (a.from_id, a.to_object, a.to_id) not in (select from_id, to_object, to_id from told)
       returning a.from_id
     ),
     written as (
       insert into ${s}.association as a (connection_id, from_object, from_id, to_object, to_id, is_primary, role)
       select $1, $2, told.from_id, told.to_object, told.to_id, told.is_primary, told.role from told
       left join stored using (from_id, to_object, to_id)
       where (stored.is_primary, stored.role) is distinct from (told.is_primary, told.role)
         or stored.from_id is null
       on conflict (connection_id, from_object, from_id, to_object, to_id) do update
         set is_primary = excluded.is_primary, role = excluded.role
       returning a.from_id
     )
     update ${s}.${table} r set touched = true
     where r.connection_id = $1 and not r.touched
       and r.id = any(array(select from_id from gone union select from_id from written))`,
    [
      page.connectionId,
      page.object,
      JSON.stringify(page.told),
      JSON.stringify([...distinctLinks(page.rows).values()]),
      page.told.map((record) => record.id),
    ],
  );
  return rowCount;
}

/** Several rows may link the same two records (Salesforce contact roles): the primary one speaks for them. */
function distinctLinks(links: LinkRow[]): Map<string, LinkRow> {
  const distinct = new Map<string, LinkRow>();
  for (const link of links) {
    const key = `${link.from_id} ${link.to_object} ${link.to_id}`;
    const other = distinct.get(key);
    if (!other || (link.is_primary && !other.is_primary)) distinct.set(key, link);
  }
  return distinct;
}

/**
 * Links that end at a merged record go to its survivor; links of records that are gone end. Called after each page
 * with the ids it named, so that it does not matter whether the merge or the link arrives first.
 */
export async function moveLinks(
  db: Queryable,
  tenant: Tenant,
  page: { connectionId: string; object: ObjectType; rows: RecordRow[]; links: LinkRow[] },
): Promise<void> {
  const gone = page.rows.filter((row) => row.state !== 'live').map((row) => row.id);
  if (gone.length > 0) {
    await db.query(
      `delete from ${tenant.schema}.association
       where connection_id = $1 and from_object = $2 and from_id = any($3::text[])
         and from_id in (select id from ${tenant.schema}.${recordTables[page.object].table}
                         where connection_id = $1 and id = any($3::text[]) and state <> 'live')`,
      [page.connectionId, page.object, gone],
    );
  }
  for (const to of ['contact', 'company'] as const) {
    const linked = page.links.filter((link) => link.to_object === to).map((link) => link.to_id);
    let ids = [...new Set([...linked, ...(to === page.object ? gone : [])])];
    // A survivor may have been merged itself: each pass goes one step along such a chain, unless it is a ring.
    for (let step = 0; step < LONGEST_MERGE_CHAIN && ids.length > 0; step += 1) {
      ids = await moveLinksOneStep(db, tenant, { connectionId: page.connectionId, to, ids });
    }
  }
}

const LONGEST_MERGE_CHAIN = 20;

/** Moves links from those of the ids that are merged; returns where they went. */
async function moveLinksOneStep(
  db: Queryable,
  tenant: Tenant,
  from: { connectionId: string; to: 'contact' | 'company'; ids: string[] },
): Promise<string[]> {
  const s = tenant.schema;
  const { rows: merged } = await db.query<{ id: string; merged_into: string }>(
    `select id, merged_into from ${s}.${recordTables[from.to].table}
     where connection_id = $1 and id = any($2::text[]) and state = 'merged' and merged_into is not null`,
    [from.connectionId, from.ids],
  );
  if (merged.length === 0) return [];
  const { rows } = await db.query<{ from_object: ObjectType; from_id: string }>(
    `with ended as materialized (
       select a.*, m.merged_into from ${s}.association a
       join jsonb_to_recordset($3::jsonb) as m (id text, merged_into text) on m.id = a.to_id
       where a.connection_id = $1 and a.to_object = $2 and a.to_id = any($4::text[])
     ),
     moved as (
       insert into ${s}.association as a (connection_id, from_object, from_id, to_object, to_id, is_primary, role)
       select connection_id, from_object, from_id, to_object, merged_into, bool_or(is_primary), min(role)
       from ended group by 1, 2, 3, 4, 5
       on conflict (connection_id, from_object, from_id, to_object, to_id) do update
         set is_primary = a.is_primary or excluded.is_primary, role = coalesce(a.role, excluded.role)
     ),
     removed as (
       delete from ${s}.association a
       where a.connection_id = $1 and a.to_object = $2 and a.to_id = any($4::text[])
     )
     select distinct from_object, from_id from ended`,
    [from.connectionId, from.to, JSON.stringify(merged), merged.map((row) => row.id)],
  );
  for (const object of ['contact', 'company', 'deal'] as const) {
    const ids = rows.filter((row) => row.from_object === object).map((row) => row.from_id);
    if (ids.length === 0) continue;
    await db.query(
      `update ${s}.${recordTables[object].table} set touched = true
       where connection_id = $1 and id = any($2::text[]) and not touched`,
      [from.connectionId, ids],
    );
  }
  return merged.map((row) => row.merged_into);
}

/**
 * Says that a pass over all records has met these, and notes the ids that we do not have yet, or have as deleted:
 * a record may be restored without a new time of its own.
 */
export async function markSeen(
  db: Queryable,
  tenant: Tenant,
  page: { connectionId: string; object: ObjectType; ids: string[]; since: string },
): Promise<void> {
  const { table } = recordTables[page.object];
  await db.query(
    `update ${tenant.schema}.${table} set seen_at = now()
     where connection_id = $1 and id = any($2::text[]) and seen_at < $3`,
    [page.connectionId, page.ids, page.since],
  );
  await db.query(
    `insert into ${tenant.schema}.dirty_record (connection_id, object, id)
     select $1, $2, t.id from unnest($3::text[]) t (id)
     where t.id not in (select id from ${tenant.schema}.${table}
                        where connection_id = $1 and id = any($3::text[]) and state <> 'deleted')
     on conflict (connection_id, object, id) do nothing`,
    [page.connectionId, page.object, page.ids],
  );
}

/** Live records, and those of them that a pass over all records begun at `since` has not met. */
export async function countMissing(
  db: Queryable,
  tenant: Tenant,
  pass: { connectionId: string; object: ObjectType; since: string },
): Promise<{ live: number; missing: number }> {
  const { table } = recordTables[pass.object];
  const { rows } = await db.query<{ live: number; missing: number }>(
    `select count(*)::int as live, count(*) filter (where seen_at < $2)::int as missing
     from ${tenant.schema}.${table} where connection_id = $1 and state = 'live'`,
    [pass.connectionId, pass.since],
  );
  return rows[0] ?? { live: 0, missing: 0 };
}

/** Notes the missing records to be read by id: only the CRM's answer about a record makes it deleted. */
export async function noteMissing(
  db: Queryable,
  tenant: Tenant,
  pass: { connectionId: string; object: ObjectType; since: string },
): Promise<number> {
  const { table } = recordTables[pass.object];
  const { rowCount } = await db.query(
    `insert into ${tenant.schema}.dirty_record (connection_id, object, id)
     select connection_id, $3, id from ${tenant.schema}.${table}
     where connection_id = $1 and state = 'live' and seen_at < $2
     on conflict (connection_id, object, id) do nothing`,
    [pass.connectionId, pass.since, pass.object],
  );
  return rowCount;
}
