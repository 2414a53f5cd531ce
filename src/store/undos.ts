import { z } from 'zod';
import { ConflictError, NotFoundError } from '../errors.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

const Reason = z.object({ code: z.string(), message: z.string(), action: z.string(), since: z.string() });

/** What somebody asked to take back, and how far it has come. */
export const UndoRow = z.object({
  id: z.string(),
  request: z.union([z.object({ runId: z.string() }), z.object({ targetId: z.string() })]),
  requestedBy: z.string(),
  begunAt: z.date(),
  endedAt: z.date().nullable(),
  /** Values there were to take back. */
  total: z.number(),
  /** Values put back. */
  restored: z.number(),
  /** Values that stay: somebody changed them since, or the CRM refused to take them back. */
  kept: z.number(),
  reason: Reason.nullable(),
});
export type UndoRow = z.infer<typeof UndoRow>;

const COLUMNS = `id::text, request, requested_by as "requestedBy", begun_at as "begunAt", ended_at as "endedAt",
  total, restored, kept, reason`;

/** @throws ConflictError where another one is under way */
export async function addUndo(
  db: Queryable,
  { schema }: Tenant,
  undo: Pick<UndoRow, 'request' | 'requestedBy' | 'total'>,
): Promise<UndoRow> {
  const { rows } = await db.query(
    `insert into ${schema}.undo (request, requested_by, total) values ($1, $2, $3)
     on conflict ((true)) where ended_at is null do nothing returning ${COLUMNS}`,
    [JSON.stringify(undo.request), undo.requestedBy, undo.total],
  );
  if (rows[0]) return UndoRow.parse(rows[0]);
  throw new ConflictError('undo_under_way', 'Something is being taken back already. Nothing was changed.', {
    action: 'Wait for its end, then ask again.',
  });
}

export async function getUndo(db: Queryable, { schema }: Tenant, id: string): Promise<UndoRow> {
  const { rows } = await db.query(`select ${COLUMNS} from ${schema}.undo where id = $1`, [id]);
  if (rows[0]) return UndoRow.parse(rows[0]);
  throw new NotFoundError('undo_unknown', `There is no undo ${id}.`, { action: 'Look at the list of runs.' });
}

/** Those of one run, newest first. */
export async function listUndosOfRun(db: Queryable, { schema }: Tenant, runId: string): Promise<UndoRow[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from ${schema}.undo where request ->> 'runId' = $1 order by id desc limit 20`,
    [runId],
  );
  return rows.map((row) => UndoRow.parse(row));
}

/** The one under way; null for none. */
export async function activeUndo(db: Queryable, { schema }: Tenant): Promise<UndoRow | null> {
  const { rows } = await db.query(`select ${COLUMNS} from ${schema}.undo where ended_at is null`);
  return rows[0] ? UndoRow.parse(rows[0]) : null;
}

/** Adds what a slice did. */
export async function advanceUndo(
  db: Queryable,
  { schema }: Tenant,
  id: string,
  slice: { restored: number; kept: number; ended: boolean; reason: UndoRow['reason'] },
): Promise<void> {
  await db.query(
    `update ${schema}.undo set restored = restored + $2, kept = kept + $3,
       ended_at = case when $4 then now() end, reason = $5
     where id = $1 and ended_at is null`,
    [id, slice.restored, slice.kept, slice.ended, slice.reason && JSON.stringify(slice.reason)],
  );
}
