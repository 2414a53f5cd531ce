import { z } from 'zod';
import type { Json, TargetKind } from '../../connectors/contract.ts';
import { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

export const TargetState = z.enum(['held', 'live', 'paused']);
export type TargetState = z.infer<typeof TargetState>;

/** Why a target is held or paused. */
export const TargetReason = z.object({
  code: z.string(),
  message: z.string(),
  action: z.string(),
  since: z.string(),
  by: z.string().optional(),
  /** Files that an admin deploys, by path. */
  bundle: z.record(z.string(), z.string()).optional(),
});
export type TargetReason = z.infer<typeof TargetReason>;

/** Stands for the segmentation of targets that belong to an object as a whole: changed_at. */
export const ALL_SEGMENTATIONS = '*';

/** Where a segmentation's labels are written on one connection. */
export type TargetRow = {
  id: string;
  connectionId: string;
  /** A key, or ALL_SEGMENTATIONS. */
  segmentation: string;
  /** For lists, campaigns and views: the one segment. */
  segment: string | null;
  kind: TargetKind;
  object: ObjectType;
  state: TargetState;
  reason: TargetReason | null;
  remote: Json;
  releasedVersion: number | null;
  pilotDone: boolean;
  filled: boolean;
};

type Stored = Omit<TargetRow, 'reason' | 'object'> & { reason: unknown; object: string };

const COLUMNS = `id, connection_id as "connectionId", segmentation, segment, kind, object, state, reason, remote,
  released_version as "releasedVersion", pilot_done as "pilotDone", filled`;

export async function listTargets(
  db: Queryable,
  tenant: Tenant,
  filter: { connectionId?: string; segmentation?: string; ids?: string[] } = {},
): Promise<TargetRow[]> {
  const { rows } = await db.query<Stored>(
    `select ${COLUMNS} from ${tenant.schema}.target
     where ($1::text is null or connection_id = $1) and ($2::text is null or segmentation = $2)
       and ($3::text[] is null or id = any($3))
     order by connection_id, object, segmentation, kind, segment nulls first`,
    [filter.connectionId ?? null, filter.segmentation ?? null, filter.ids ?? null],
  );
  return rows.map((row) => ({
    ...row,
    object: ObjectType.parse(row.object),
    reason: row.reason === null ? null : TargetReason.parse(row.reason),
  }));
}

/**
 * Whoever adds targets, or decides by their state, comes one after the other, until the transaction ends; others read
 * meanwhile. To be taken before the first look at them, and after lockSegmentations where both are.
 */
export async function lockTargets(client: Queryable, tenant: Tenant): Promise<void> {
  await client.query(`lock table ${tenant.schema}.target in share row exclusive mode`);
}

export type NewTarget = Pick<TargetRow, 'connectionId' | 'segmentation' | 'segment' | 'kind' | 'object'>;

/**
 * Ids are short: each stands in every ledger row of its connection. They follow the order in which targets are given.
 * Two that number at once would give out the same: see lockTargets.
 */
export async function addTargets(
  db: Queryable,
  tenant: Tenant,
  targets: NewTarget[],
  reason: TargetReason,
): Promise<number> {
  const { rowCount } = await db.query(
    `with numbered as (
       select t.*, row_number() over (order by place) as n
       from rows from (
         jsonb_to_recordset($1::jsonb)
           as ("connectionId" text, segmentation text, segment text, kind text, object text)
       ) with ordinality as t ("connectionId", segmentation, segment, kind, object, place)
       where not exists (
         select from ${tenant.schema}.target known where known.connection_id = t."connectionId"
           and known.segmentation = t.segmentation and known.segment is not distinct from t.segment
           and known.kind = t.kind and known.object = t.object)
     ), highest as (select coalesce(max(substr(id, 2)::int), 0) as id from ${tenant.schema}.target)
     insert into ${tenant.schema}.target (id, connection_id, segmentation, segment, kind, object, reason)
     select 't' || highest.id + n, "connectionId", segmentation, segment, kind, object, $2 from numbered, highest
     on conflict do nothing`,
    [JSON.stringify(targets), reason],
  );
  return rowCount;
}

/** Changes targets' state. Going live lets the next push change as much as it has to: somebody has looked at that. */
export async function setTargetState(
  db: Queryable,
  tenant: Tenant,
  ids: string[],
  change: { state: TargetState; reason: TargetReason | null },
): Promise<number> {
  const { rowCount } = await db.query(
    `update ${tenant.schema}.target t
     set state = $2, reason = $3,
       filled = case when $2 = 'live' then false else filled end,
       released_version = case when $2 = 'live' then coalesce((
         select version from ${tenant.schema}.segmentation s where s.key = t.segmentation and s.state = 'published'
       ), released_version) else released_version end
     where id = any($1)`,
    [ids, change.state, change.reason],
  );
  return rowCount;
}

/** Stops a target that is live at this moment. False where it is not: somebody paused or held it meanwhile. */
export async function holdLive(
  db: Queryable,
  tenant: Tenant,
  id: string,
  reason: TargetReason,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ${tenant.schema}.target set state = 'held', reason = $2 where id = $1 and state = 'live'`,
    [id, reason],
  );
  return rowCount === 1;
}

export async function saveRemote(db: Queryable, tenant: Tenant, id: string, remote: Json): Promise<void> {
  await db.query(
    `update ${tenant.schema}.target set remote = $2::jsonb where id = $1 and remote is distinct from $2::jsonb`,
    [id, JSON.stringify(remote)],
  );
}

/** A live target says what keeps it from being written; it goes on by itself once that is mended. */
export async function setTargetReason(
  db: Queryable,
  tenant: Tenant,
  ids: string[],
  reason: TargetReason | null,
): Promise<void> {
  await db.query(
    `update ${tenant.schema}.target set reason = case when reason ->> 'code' = $2::jsonb ->> 'code'
       then $2::jsonb || jsonb_build_object('since', reason -> 'since') else $2::jsonb end
     where id = any($1)`,
    [ids, reason],
  );
}

export async function markPiloted(db: Queryable, tenant: Tenant, ids: string[]): Promise<void> {
  await db.query(`update ${tenant.schema}.target set pilot_done = true where id = any($1)`, [ids]);
}

/** A push came to its end: from now on many changes at once are unusual. */
export async function markFilled(db: Queryable, tenant: Tenant, ids: string[]): Promise<void> {
  await db.query(`update ${tenant.schema}.target set filled = true where id = any($1) and not filled`, [ids]);
}
