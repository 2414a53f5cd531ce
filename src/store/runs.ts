import { z } from 'zod';
import type { Json } from '../../connectors/contract.ts';
import { InputError } from '../errors.ts';
import type { RunOptions } from '../model/run-options.ts';
import type { Pool, Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

export const STAGES = ['pull', 'unify', 'profile', 'learn', 'label', 'push'] as const;
export type StageName = (typeof STAGES)[number];

export type RunKind = 'full' | 'refresh';
export type RunState = 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'cancelled';

const Reason = z.object({ code: z.string(), message: z.string(), action: z.string(), since: z.string() });
export type Reason = z.infer<typeof Reason>;

/** Counts of one run: by stage, and `calls` by connection, then by what was counted. */
export type RunCounts = Partial<Record<StageName | 'calls', Record<string, number>>>;

export type Run = {
  id: string;
  kind: RunKind;
  state: RunState;
  stage: StageName;
  position: Json;
  asOf: Date;
  options: RunOptions;
  pins: Record<string, { definition: number; model: number | null }>;
  counts: RunCounts;
  reason: Reason | null;
  cancelRequested: boolean;
  requestedBy: string;
  requestedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  notBefore: Date | null;
  advancedAt: Date | null;
  slices: number;
  failures: number;
};

type RunRow = {
  id: string;
  kind: RunKind;
  state: RunState;
  stage: StageName;
  position: Json;
  as_of: Date;
  options: RunOptions;
  pins: Run['pins'];
  counts: RunCounts;
  reason: Reason | null;
  cancel_requested: boolean;
  requested_by: string;
  requested_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  not_before: Date | null;
  advanced_at: Date | null;
  slices: number;
  failures: number;
};

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    stage: row.stage,
    position: row.position,
    asOf: row.as_of,
    options: row.options,
    pins: row.pins,
    counts: row.counts,
    reason: row.reason,
    cancelRequested: row.cancel_requested,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    notBefore: row.not_before,
    advancedAt: row.advanced_at,
    slices: row.slices,
    failures: row.failures,
  };
}

/**
 * Queues a run, or answers the one that is under way: a tenant has one at a time.
 * The versions of published segmentations are pinned here, so that an edit meanwhile changes nothing. Runs are
 * numbered without gaps, as people read the numbers: a sequence skips some after a crash and for each run that is
 * under way already. Two that take the same number at once: the second finds it taken, and asks again.
 */
export async function requestRun(
  pool: Pool,
  tenant: Tenant,
  request: { kind?: RunKind; asOf: Date; options?: RunOptions; requestedBy: string },
): Promise<{ run: Run; isNew: boolean }> {
  const kind = request.kind ?? 'full';
  const options: RunOptions = { ...request.options, dirtyOnly: kind === 'refresh' };
  const { rows } = await pool.query<RunRow>(
    `insert into ${tenant.schema}.run (id, kind, as_of, options, requested_by, pins) overriding system value
     select (select coalesce(max(id), 0) + 1 from ${tenant.schema}.run), $1, $2, $3, $4, coalesce(
       (select jsonb_object_agg(s.key, jsonb_build_object('definition', s.version, 'model',
          (select max(m.version) from ${tenant.schema}.model m where m.segmentation = s.key)))
        from ${tenant.schema}.segmentation s where s.state = 'published'), '{}')
     on conflict do nothing
     returning *`,
    [kind, request.asOf, JSON.stringify(options), request.requestedBy],
  );
  if (rows[0]) return { run: toRun(rows[0]), isNew: true };
  const active = await activeRun(pool, tenant, kind);
  // It ended between the two statements, or the number was taken: the next try makes a new one.
  if (!active) return requestRun(pool, tenant, request);
  return { run: active, isNew: false };
}

export async function activeRun(
  pool: Queryable,
  tenant: Tenant,
  kind: RunKind = 'full',
): Promise<Run | null> {
  const { rows } = await pool.query<RunRow>(
    `select * from ${tenant.schema}.run where kind = $1 and state in ('queued', 'running', 'waiting')`,
    [kind],
  );
  return rows[0] ? toRun(rows[0]) : null;
}

export async function getRun(pool: Queryable, tenant: Tenant, id: string): Promise<Run> {
  const { rows } = await pool.query<RunRow>(`select * from ${tenant.schema}.run where id = $1`, [id]);
  if (rows[0]) return toRun(rows[0]);
  throw new InputError('run_unknown', `There is no run ${id}.`, {
    action: 'See the runs there are.',
  });
}

/** The newest runs, newest first. */
export async function listRuns(pool: Queryable, tenant: Tenant, limit = 20): Promise<Run[]> {
  const { rows } = await pool.query<RunRow>(`select * from ${tenant.schema}.run order by id desc limit $1`, [
    limit,
  ]);
  return rows.map(toRun);
}

/** A page of runs, newest first, before the one of that id. Refreshes by webhooks are left out unless asked for. */
export async function pageRuns(
  db: Queryable,
  tenant: Tenant,
  page: { after?: string | undefined; limit: number; withRefreshes: boolean },
): Promise<{ items: Run[]; next: string | null }> {
  const { rows } = await db.query<RunRow>(
    `select * from ${tenant.schema}.run
     where ($1::bigint is null or id < $1::bigint) and ($2 or kind = 'full') order by id desc limit $3`,
    [page.after ?? null, page.withRefreshes, page.limit + 1],
  );
  const items = rows.slice(0, page.limit).map(toRun);
  return { items, next: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}

/** From now on this run uses this version of a segmentation's model. */
export async function pinModel(
  client: Queryable,
  tenant: Tenant,
  runId: string,
  segmentation: string,
  versions: { definition: number; model: number },
): Promise<void> {
  await client.query(
    `update ${tenant.schema}.run set pins = pins || jsonb_build_object($2::text, $3::jsonb) where id = $1`,
    [runId, segmentation, JSON.stringify(versions)],
  );
}

/** The last run before this one that came to its end, refreshes left out where `full`; null for the first. */
export async function previousRun(
  db: Queryable,
  tenant: Tenant,
  id: string,
  { full }: { full: boolean },
): Promise<Run | null> {
  const { rows } = await db.query<RunRow>(
    `select * from ${tenant.schema}.run where id < $1 and state = 'done'
       and not ($2 and kind = 'refresh') order by id desc limit 1`,
    [id, full],
  );
  return rows[0] ? toRun(rows[0]) : null;
}

export type RunChange = {
  state: RunState;
  stage: StageName;
  position: Json;
  counts: RunCounts;
  reason: Reason | null;
  notBefore: Date | null;
  failures: number;
};

/** Records what a slice did. Only the slice that read the run may do so: `slices` is its proof. */
export async function saveSlice(
  client: Queryable,
  tenant: Tenant,
  run: Run,
  change: RunChange,
): Promise<boolean> {
  const ended = change.state === 'done' || change.state === 'failed' || change.state === 'cancelled';
  const { rowCount } = await client.query(
    `update ${tenant.schema}.run
     set state = $3, stage = $4, position = $5, counts = $6, reason = $7, not_before = $8, failures = $9,
         slices = slices + 1,
         started_at = coalesce(started_at, now()),
         advanced_at = now(),
         ended_at = case when $10 then now() end
     where id = $1 and slices = $2 and state in ('queued', 'running', 'waiting')`,
    [
      run.id,
      run.slices,
      change.state,
      change.stage,
      JSON.stringify(change.position ?? null),
      JSON.stringify(change.counts),
      change.reason ? JSON.stringify(change.reason) : null,
      change.notBefore,
      change.failures,
      ended,
    ],
  );
  return rowCount === 1;
}

/** Asks a run to stop; it ends at its next slice with everything done so far kept. */
export async function cancelRun(pool: Pool, tenant: Tenant, id: string): Promise<void> {
  const { rowCount } = await pool.query(
    `update ${tenant.schema}.run set cancel_requested = true, not_before = null
     where id = $1 and state in ('queued', 'running', 'waiting')`,
    [id],
  );
  if (rowCount === 1) return;
  throw new InputError('run_not_active', `Run ${id} is not under way.`, {
    action: 'See what is under way.',
  });
}
