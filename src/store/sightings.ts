import type { TargetValue } from '../../connectors/contract.ts';
import type { LedgerPlace } from './ledger.ts';
import type { Queryable } from './pool.ts';
import { recordTables } from './records.ts';
import type { Tenant } from './tenant.ts';

/** A value in a property of ours that we did not put there, as far as the ledger knows. */
export type Sighting = { key: string; targetId: string; value: TargetValue };

export async function addSightings(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  rows: Sighting[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `insert into ${tenant.schema}.sighting (connection_id, object, external_key, target_id, value)
     select $1, $2, s.key, s."targetId", s.value
     from jsonb_to_recordset($3::jsonb) as s (key text, "targetId" text, value jsonb)
     on conflict (connection_id, object, external_key, target_id)
       do update set value = excluded.value, seen_at = now()`,
    [place.connectionId, place.object, JSON.stringify(rows)],
  );
}

/**
 * Of what a page of records shows, keeps what is neither the ledger's present value, nor a pinned one, nor under way.
 * `value` is a sorted list as the CRM holds it; the ledger's single values count as lists of one.
 */
export async function addUnknownSightings(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  rows: { key: string; targetId: string; value: string[] }[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const { schema } = tenant;
  const { rowCount } = await db.query(
    `insert into ${schema}.sighting (connection_id, object, external_key, target_id, value)
     select $1, $2, s.key, s."targetId", s.value
     from jsonb_to_recordset($3::jsonb) as s (key text, "targetId" text, value jsonb)
     -- by an array of keys: a join alone would read the whole ledger for every page
     left join (
       select external_key, shown, unconfirmed from ${schema}.ledger
       where connection_id = $1 and object = $2 and external_key = any($4)
     ) l on l.external_key = s.key
     cross join lateral (select case jsonb_typeof(l.shown -> s."targetId")
         when 'array' then l.shown -> s."targetId"
         when 'string' then jsonb_build_array(l.shown -> s."targetId")
         else '[]' end as value) known
     where s.value <> known.value and not coalesce(s."targetId" = any(l.unconfirmed), false)
     on conflict (connection_id, object, external_key, target_id)
       do update set value = excluded.value, seen_at = now()`,
    [place.connectionId, place.object, JSON.stringify(rows), [...new Set(rows.map(({ key }) => key))]],
  );
  return rowCount;
}

export type SightingRow = {
  key: string;
  kind: string | null;
  targetId: string;
  previous: TargetValue;
  shown: TargetValue;
};

/** Sightings of records that are there, after `after` by record id, all of one record together. */
export async function readSightings(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  options: { targets: string[]; after: string | null; limit: number },
): Promise<SightingRow[]> {
  const { table } = recordTables[place.object];
  const { schema } = tenant;
  const { rows } = await db.query<SightingRow>(
    `select s.external_key as key, r.kind, s.target_id as "targetId",
       l.previous -> s.target_id as previous, l.shown -> s.target_id as shown
     from ${schema}.sighting s
     left join ${schema}.${table} r on r.connection_id = s.connection_id and r.id = s.external_key
     left join ${schema}.ledger l on l.connection_id = s.connection_id and l.object = s.object
       and l.external_key = s.external_key
     where s.connection_id = $1 and s.object = $2 and s.target_id = any($3) and s.external_key in (
       select external_key from ${schema}.sighting
       where connection_id = $1 and object = $2 and target_id = any($3) and ($4::text is null or external_key > $4)
       group by external_key order by external_key limit $5)
     order by 1`,
    [place.connectionId, place.object, options.targets, options.after, options.limit],
  );
  return rows;
}

/** By target: how many values were seen that we never showed, and how many we show. */
export async function countSightings(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
): Promise<{ targetId: string; seen: number; shown: number }[]> {
  const { schema } = tenant;
  const { rows } = await db.query<{ targetId: string; seen: number; shown: number }>(
    `select s.target_id as "targetId", count(*)::int as seen, (
       select count(*)::int from ${schema}.ledger l
       where l.connection_id = $1 and l.object = $2 and l.shown ? s.target_id) as shown
     from ${schema}.sighting s where s.connection_id = $1 and s.object = $2 group by s.target_id`,
    [place.connectionId, place.object],
  );
  return rows;
}
