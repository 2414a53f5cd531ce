import { z } from 'zod';
import type { TargetValue, Write } from '../../../connectors/contract.ts';
import { ObjectType } from '../../model/record.ts';
import type { OpenConnection, SliceResult, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { isMembership, readScene, type Scene, shownTargets } from './desired.ts';
import { readSeen } from './readback.ts';
import { ridersOf } from './reasons.ts';
import type { Piece } from './send.ts';
import { notAnswering, sendBatches } from './send-batches.ts';
import { isSameShown, readable } from './shown-values.ts';
import { scopeSql, type UndoRequest } from './undo.ts';

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
/** A page that is begun after the slice's time, as another CRM is awaited, has this long. */
const LEAST_MS = 1_000;

type Counts = { restored: number; kept: number };

/** What one slice did; `failures` are what connections failed of, `isCut`: another one is not through, without fault. */
export type UndoSlice = SliceResult & { counts: Counts; failures: unknown[]; isCut: boolean };

/**
 * Puts the values of before back, record by record, wherever the CRM still shows ours; a value that somebody changed
 * since stays. Safe to kill and to repeat: a row is marked as undone once it was dealt with. A CRM that is slow or
 * fails holds back no other: they go side by side, past the slice's time too where a call of then is still awaited.
 */
export async function undoSlice(work: StageContext, request: UndoRequest): Promise<UndoSlice> {
  const counts = { restored: 0, kept: 0 };
  /** Connections at work, with when their present page began. */
  const busy = new Map<string, number>();
  const isOver = () =>
    work.signal.aborted ||
    (performance.now() >= work.deadline && ![...busy.values()].some((began) => began < work.deadline));
  /** Answers whether all of it is back. */
  const undoConnection = async (id: string) => {
    try {
      for (const object of ['company', 'contact'] as const) {
        for (let isLeft = true; isLeft; ) {
          busy.delete(id);
          if (isOver()) return false;
          const began = performance.now();
          busy.set(id, began);
          const deadline = Math.max(work.deadline, began + LEAST_MS);
          isLeft = await undoPage({ ...work, deadline }, id, object, request, counts);
        }
      }
      return true;
    } finally {
      busy.delete(id);
    }
  };
  const results = await Promise.allSettled(work.connections.map(({ id }) => undoConnection(id)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const isCut = results.some((result) => result.status === 'fulfilled' && !result.value);
  return { position: null, done: failures.length === 0 && !isCut, counts, failures, isCut };
}

/** One page of a connection's values; false where none is left. */
async function undoPage(
  work: StageContext,
  connectionId: string,
  object: 'contact' | 'company',
  request: UndoRequest,
  counts: Counts,
): Promise<boolean> {
  const rows = await nextRows(work, connectionId, object, request);
  if (rows.length === 0) return false;
  await restore(work, await work.openConnection(connectionId), object, rows, request, counts);
  return true;
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

/**
 * Takes one page of values back. What the CRM shows decides: a value of before is back already, one that is neither
 * ours nor that stays, and so does one that the CRM does not take. What has no clear outcome is left for the next time.
 * Adds to `counts` what was dealt with.
 * @throws RemoteError where the CRM does not say what became of it
 */
async function restore(
  work: StageContext,
  connection: OpenConnection,
  object: ObjectType,
  rows: UndoRow[],
  request: UndoRequest,
  counts: Counts,
): Promise<void> {
  const scene = await readScene(work.pool, work.tenant, connection.id, work.run.asOf);
  const found = await compare(connection, scene, object, rows);
  const became = await send(work, connection, scene, object, found.ours);
  const open = new Set(
    found.ours.filter((row) => became.get(nameOf(row)) === undefined).map(({ key }) => key),
  );
  const dealtWith = rows.filter(({ key }) => !open.has(key));
  await fenced(work, async (client) => {
    const { where, value } = scopeSql(work.tenant, request);
    await client.query(
      `update ${work.tenant.schema}.push_log set undone_at = now()
       where ${where} and connection_id = $2 and object = $3 and external_key = any($4)`,
      [value, connection.id, object, [...new Set(dealtWith.map(({ key }) => key))]],
    );
  });
  const restored = dealtWith.filter(
    (row) => found.back.has(row) || became.get(nameOf(row)) === 'done',
  ).length;
  counts.restored += restored;
  counts.kept += dealtWith.length - restored;
  const isLate = performance.now() >= work.deadline || work.signal.aborted;
  if (open.size > 0 && !isLate) throw notAnswering(connection);
}

const nameOf = ({ key, target }: Pick<UndoRow, 'key' | 'target'>): string => `${key} ${target}`;

/** Of these values, those that the CRM shows as we wrote them, and those that it shows as they were before. */
async function compare(
  connection: OpenConnection,
  scene: Scene,
  object: ObjectType,
  rows: UndoRow[],
): Promise<{ ours: UndoRow[]; back: Set<UndoRow> }> {
  const properties = connection.connector.pull ? readable(scene.targets, object) : [];
  const records = [...new Map(rows.map(({ key, kind }) => [key, { key, kind }])).values()];
  const seen = await readSeen(connection, object, records, properties);
  const canRead = new Set(properties.map(({ targetId }) => targetId));
  const shows = (row: UndoRow, value: unknown) => {
    const record = seen.get(row.key);
    const shown = record?.values.get(row.target);
    return record?.state === 'live' && shown !== undefined && isSameShown(shown, Value.parse(value ?? null));
  };
  const isOurs = (row: UndoRow) => !canRead.has(row.target) || shows(row, row.after);
  const labelOf = new Map(ridersOf(scene.targets).map(({ why, label }) => [why.id, label.id]));
  const byName = new Map(rows.map((row) => [nameOf(row), row]));
  // A reason can't be told from another: it goes with its label.
  const asLabel = (row: UndoRow) => byName.get(`${row.key} ${labelOf.get(row.target)}`) ?? row;
  const ours = rows.filter((row) => isOurs(asLabel(row)));
  const isBack = (row: UndoRow) => canRead.has(row.target) && shows(row, row.before);
  return { ours, back: new Set(rows.filter((row) => !ours.includes(row) && isBack(asLabel(row)))) };
}

/** What became of each value, by record and target; none where that is not known. */
async function send(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  object: ObjectType,
  rows: UndoRow[],
): Promise<Map<string, 'done' | 'gone' | 'refused'>> {
  const remotes = Object.fromEntries(scene.targets.map(({ id, remote }) => [id, remote]));
  const became = new Map<string, 'done' | 'gone' | 'refused'>();
  for (let batches = batchesOf(connection, scene, object, rows); batches.length > 0; ) {
    const again: Piece[] = [];
    await sendBatches(
      work,
      connection,
      batches.map((pieces) => ({ object, cause: 'undo', pieces, remotes })),
      {},
      (sent) => {
        again.push(...sent.again);
        for (const { key, targets, state } of sent.outcomes)
          if (state !== 'unknown') for (const target of targets) became.set(nameOf({ key, target }), state);
      },
    );
    batches = cut(again, connection.connector.batch.properties);
  }
  return became;
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
