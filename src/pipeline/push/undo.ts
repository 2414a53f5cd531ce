import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { addAudit } from '../../store/audit.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import { getRun } from '../../store/runs.ts';
import { listTargets, setTargetState, type TargetRow } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';

/** What to take back: all that one run wrote, or all that one target ever wrote. */
export const UndoRequest = z.union([z.object({ runId: z.string() }), z.object({ targetId: z.string() })]);
export type UndoRequest = z.infer<typeof UndoRequest>;

/** What an undo would touch; asked before it begins. */
export type UndoPlan = { records: number; values: number; targets: TargetRow[] };

/** The lines of the log that are left to take back. A label goes with the reason that was written beside it. */
export function scopeSql({ schema }: Tenant, request: UndoRequest): { where: string; value: string } {
  const isRun = 'runId' in request;
  const ofTarget = `target_id in (
    select t.id from ${schema}.target t join ${schema}.target asked on asked.id = $1::text
    where t.id = asked.id or (t.kind = 'why' and asked.kind = 'property' and t.object = asked.object
      and t.connection_id = asked.connection_id and t.segmentation = asked.segmentation))`;
  return {
    where: `cause = 'write' and undone_at is null and ${isRun ? 'run_id = $1::bigint' : ofTarget}`,
    value: isRun ? request.runId : request.targetId,
  };
}

/** @throws InputError where there is no such run or target */
export async function planUndo(db: Queryable, tenant: Tenant, request: UndoRequest): Promise<UndoPlan> {
  if ('runId' in request) await getRun(db, tenant, request.runId);
  else await requireTarget(db, tenant, request.targetId);
  const { where, value } = scopeSql(tenant, request);
  const { rows } = await db.query<{ records: number; values: number; targets: string[] }>(
    `select count(distinct (connection_id, object, external_key))::int as records,
       count(distinct (connection_id, object, external_key, target_id))::int as "values",
       coalesce(array_agg(distinct target_id), '{}') as targets
     from ${tenant.schema}.push_log where ${where}`,
    [value],
  );
  const [row] = rows;
  const targets = row && row.targets.length > 0 ? await listTargets(db, tenant, { ids: row.targets }) : [];
  return { records: row?.records ?? 0, values: row?.values ?? 0, targets };
}

async function requireTarget(db: Queryable, tenant: Tenant, id: string): Promise<void> {
  const [target] = await listTargets(db, tenant, { ids: [id] });
  if (target) return;
  throw new InputError('target_unknown', `There is no target ${id}. Nothing was changed.`, {
    action: 'See all with `targets`.',
  });
}

/**
 * Pauses the targets, so that what is taken back stays so until somebody releases them by name. `also` is done in the
 * same transaction.
 */
export async function beginUndo(
  pool: Pool,
  tenant: Tenant,
  request: UndoRequest,
  by: string,
  also: (client: Queryable, plan: UndoPlan) => Promise<void> = async () => undefined,
): Promise<UndoPlan> {
  const plan = await planUndo(pool, tenant, request);
  if (plan.values === 0) {
    throw new InputError('nothing_to_undo', 'Nothing that was written is left to take back.', {
      action: 'See the runs and what they wrote.',
    });
  }
  await transaction(pool, async (client) => {
    await setTargetState(
      client,
      tenant,
      // A reason is written with its label only, and waits with it.
      plan.targets.flatMap(({ id, kind }) => (kind === 'why' ? [] : [id])),
      {
        state: 'paused',
        reason: {
          code: 'undone',
          message: `What it wrote ${'runId' in request ? `in run ${request.runId} ` : ''}was taken back; nothing is written until it is released.`,
          action: 'Release it by name to write its labels again.',
          since: new Date().toISOString(),
          by,
        },
      },
    );
    await addAudit(client, tenant, { actor: by, action: 'undo.start', subject: JSON.stringify(request) });
    await also(client, plan);
  });
  return plan;
}
