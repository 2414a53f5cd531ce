import { z } from 'zod';
import type { Json, TargetValue, Write } from '../../../connectors/contract.ts';
import { InputError } from '../../errors.ts';
import { ObjectType } from '../../model/record.ts';
import { addAudit } from '../../store/audit.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import { getRun } from '../../store/runs.ts';
import { listTargets, setTargetState, type TargetRow } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { OpenConnection, SliceResult, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { isMembership, readScene, type Scene, shownTargets } from './desired.ts';
import { readSeen } from './readback.ts';
import { ridersOf } from './reasons.ts';
import { type Piece, sendBatch } from './send.ts';
import { isSameShown, readable } from './shown-values.ts';

/** What to take back: all that one run wrote, or all that one target ever wrote. */
export const UndoRequest = z.union([z.object({ runId: z.string() }), z.object({ targetId: z.string() })]);
export type UndoRequest = z.infer<typeof UndoRequest>;

/** What an undo would touch; asked before it begins. */
export type UndoPlan = { records: number; values: number; targets: TargetRow[] };

/** A label goes with the reason that was written beside it. */
function scopeSql({ schema }: Tenant, request: UndoRequest): { where: string; value: string } {
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

/** The value before the first write of the scope, and after its last. */
const UndoRow = z.object({
  object: ObjectType,
  key: z.string(),
  kind: z.string().nullable(),
  target: z.string(),
  before: z.unknown(),
  after: z.unknown(),
});
export type UndoRow = z.infer<typeof UndoRow>;

const RECORDS_AT_ONCE = 500;

/**
 * Puts the values of before back, record by record, wherever the CRM still shows ours; a value that somebody changed
 * since stays. Safe to kill and to repeat: a row is marked as undone once it was dealt with.
 */
export async function undoSlice(work: StageContext, request: UndoRequest): Promise<SliceResult> {
  const counts: Record<string, number> = { restored: 0, kept: 0 };
  for (const { id } of work.connections) {
    for (const object of ['company', 'contact'] as const) {
      for (;;) {
        if (performance.now() >= work.deadline || work.signal.aborted)
          return { position: null, done: false, counts };
        const rows = await nextRows(work, id, object, request);
        if (rows.length === 0) break;
        const { restored, kept } = await restore(work, await work.openConnection(id), object, rows, request);
        counts.restored = (counts.restored ?? 0) + restored;
        counts.kept = (counts.kept ?? 0) + kept;
      }
    }
  }
  return { position: null, done: true, counts };
}

async function nextRows(
  work: StageContext,
  connectionId: string,
  object: 'contact' | 'company',
  request: UndoRequest,
): Promise<UndoRow[]> {
  const { schema } = work.tenant;
  const { where, value } = scopeSql(work.tenant, request);
  const { rows } = await work.pool.query(
    `with next as (
       select external_key from ${schema}.push_log
       where ${where} and connection_id = $2 and object = $3
       group by external_key order by external_key limit $4
     )
     select p.object, p.external_key as key, r.kind, p.target_id as target,
       (array_agg(p.before order by p.id))[1] as before,
       (array_agg(p.after order by p.id desc))[1] as after
     from ${schema}.push_log p
     join next n on n.external_key = p.external_key
     left join ${schema}.${object}_record r on r.connection_id = p.connection_id and r.id = p.external_key
     where ${where} and p.connection_id = $2 and p.object = $3
     group by p.object, p.external_key, r.kind, p.target_id order by 2, 4`,
    [value, connectionId, object, RECORDS_AT_ONCE],
  );
  return rows.map((row) => UndoRow.parse(row));
}

const Value = z.union([z.string(), z.array(z.string()), z.boolean(), z.null()]);

async function restore(
  work: StageContext,
  connection: OpenConnection,
  object: ObjectType,
  rows: UndoRow[],
  request: UndoRequest,
): Promise<{ restored: number; kept: number }> {
  const scene = await readScene(work.pool, work.tenant, connection.id, work.run.asOf);
  const properties = connection.connector.pull ? readable(scene.targets, object) : [];
  const records = [...new Map(rows.map(({ key, kind }) => [key, { key, kind }])).values()];
  const seen = await readSeen(connection, object, records, properties);
  const canRead = new Set(properties.map(({ targetId }) => targetId));
  const isOurs = (row: UndoRow) => {
    if (!canRead.has(row.target)) return true;
    const record = seen.get(row.key);
    const value = record?.values.get(row.target);
    return record?.state === 'live' && value !== undefined && isSameShown(value, Value.parse(row.after));
  };
  const labelOf = new Map(ridersOf(scene.targets).map(({ why, label }) => [why.id, label.id]));
  const byName = new Map(rows.map((row) => [`${row.key} ${row.target}`, row]));
  const back = rows.filter((row) => isOurs(byName.get(`${row.key} ${labelOf.get(row.target)}`) ?? row));
  for (const batch of batchesOf(connection, scene, object, back)) {
    const remotes: Record<string, Json> = Object.fromEntries(
      scene.targets.map(({ id, remote }) => [id, remote]),
    );
    await sendBatch(work, connection, { object, cause: 'undo', pieces: batch, remotes });
  }
  await fenced(work, async (client) => {
    const { where, value } = scopeSql(work.tenant, request);
    await client.query(
      `update ${work.tenant.schema}.push_log set undone_at = now()
       where ${where} and connection_id = $2 and object = $3 and external_key = any($4)`,
      [value, connection.id, object, records.map(({ key }) => key)],
    );
  });
  return { restored: back.length, kept: rows.length - back.length };
}

/** Values of a record go together; members of each list apart. */
export function batchesOf(
  connection: OpenConnection,
  scene: Scene,
  object: ObjectType,
  rows: UndoRow[],
): Piece[][] {
  const lists = new Set(
    shownTargets(scene.targets)
      .filter(isMembership)
      .map(({ id }) => id),
  );
  const pieces = new Map<string, Piece[]>();
  const values = new Map<string, { kind: string | null; values: Record<string, TargetValue> }>();
  for (const { key, kind, target, before } of rows) {
    const value = Value.parse(before ?? null);
    const common = { object, id: key, recordKind: kind ?? object };
    if (lists.has(target)) {
      const write: Write = { kind: 'membership', ...common, targetId: target, member: value === true };
      pieces.set(target, [...(pieces.get(target) ?? []), { write, values: { [target]: value } }]);
    } else {
      values.set(key, { kind, values: { ...values.get(key)?.values, [target]: value } });
    }
  }
  const whole = [...values].map(([key, { kind, values: own }]): Piece => {
    const write: Write = { kind: 'properties', object, id: key, recordKind: kind ?? object, values: own };
    return { write, values: own };
  });
  const { batch } = connection.connector;
  return [
    cut(whole, batch.properties),
    ...[...pieces.values()].map((list) => cut(list, batch.membership)),
  ].flat();
}

function cut(pieces: Piece[], size: number): Piece[][] {
  return Array.from({ length: Math.ceil(pieces.length / size) }, (_, i) =>
    pieces.slice(i * size, (i + 1) * size),
  );
}
