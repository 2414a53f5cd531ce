import { z } from 'zod';
import type { TargetValue } from '../../connectors/contract.ts';
import { ObjectType } from '../model/record.ts';
import type { LedgerPlace } from './ledger.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** A value that somebody set by hand in the CRM, which we leave alone. */
export const PinRow = z.object({
  connectionId: z.string(),
  object: ObjectType,
  key: z.string(),
  targetId: z.string(),
  value: z.unknown(),
  until: z.date().nullable(),
  seenAt: z.date(),
});
export type PinRow = z.infer<typeof PinRow>;

/** Keeps them; one that was kept before is renewed. */
export async function addPins(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  rows: { key: string; targetId: string; value: TargetValue; until: string | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `insert into ${tenant.schema}.pin (connection_id, object, external_key, target_id, value, until)
     select $1, $2, p.key, p."targetId", p.value, p.until
     from jsonb_to_recordset($3::jsonb) as p (key text, "targetId" text, value jsonb, until timestamptz)
     on conflict (connection_id, object, external_key, target_id)
       do update set value = excluded.value, until = excluded.until, seen_at = now()`,
    [place.connectionId, place.object, JSON.stringify(rows)],
  );
}

/** Forgets what people set in a property that is gone, with its values. */
export async function forgetPins(
  db: Queryable,
  tenant: Tenant,
  place: LedgerPlace,
  targetId: string,
): Promise<void> {
  await db.query(
    `delete from ${tenant.schema}.pin where connection_id = $1 and object = $2 and target_id = $3`,
    [place.connectionId, place.object, targetId],
  );
}

/** The row's own key, for pages. */
export type PinKey = Pick<PinRow, 'connectionId' | 'object' | 'key' | 'targetId'>;

/** Pins in force at that time, by connection and record, after one of them. */
export async function pagePins(
  db: Queryable,
  { schema }: Tenant,
  page: { asOf: Date; after?: PinKey | undefined; limit: number },
): Promise<PinRow[]> {
  const { after } = page;
  const { rows } = await db.query(
    `select connection_id as "connectionId", object, external_key as key, target_id as "targetId", value, until,
       seen_at as "seenAt"
     from ${schema}.pin where (until is null or until > $1)
       and ($2::text is null or (connection_id, object, external_key, target_id) > ($2, $3, $4, $5))
     order by connection_id, object, external_key, target_id limit $6`,
    [
      page.asOf,
      after?.connectionId ?? null,
      after?.object ?? null,
      after?.key ?? null,
      after?.targetId ?? null,
      page.limit,
    ],
  );
  return rows.map((row) => PinRow.parse(row));
}

export async function countPins(db: Queryable, { schema }: Tenant, asOf: Date): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from ${schema}.pin where until is null or until > $1`,
    [asOf],
  );
  return rows[0]?.count ?? 0;
}
