import type { Json, TargetValue, Write } from '../../../connectors/contract.ts';
import type { ObjectType } from '../../model/record.ts';
import { doubtSurvivors, forgetRecords, forgetValues } from '../../store/ledger.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { isMembership, type Range, type Scene, type ShownTarget } from './desired.ts';
import { type Difference, readDifferences } from './difference.ts';
import { type Reasons, readReasons, ridersIn } from './reasons.ts';
import type { Piece, Sent } from './send.ts';
import { sendBatches } from './send-batches.ts';
import { readable } from './shown-values.ts';

/** Targets of one object that are written together: all values of a record, or the members of one list. */
export type Pass = { key: string; object: ObjectType; targets: ShownTarget[] };

/** The passes over a connection for these targets, companies first as people's values may follow from them. */
export function passesOf(targets: readonly ShownTarget[]): Pass[] {
  return (['company', 'contact'] as const).flatMap((object) => {
    const own = targets.filter((target) => target.object === object);
    const values = own.filter((target) => !isMembership(target));
    const lists = own.filter(isMembership);
    return [
      ...(values.length > 0 ? [{ key: `${object}`, object, targets: values }] : []),
      ...lists.map((target) => ({ key: `${object}/${target.id}`, object, targets: [target] })),
    ];
  });
}

/** What a page's rows come to: what to send, apart from what was refused before, and what to forget. */
type PagePlan = {
  pieces: Piece[];
  /** Refused earlier: sent apart from the others, so that they hold up nobody. */
  retries: Piece[];
  settledRefusals: { key: string; targetId: string }[];
  deleted: string[];
  merged: string[];
};

/** Decides what to do about each row; nothing is sent or stored here. */
function planPage(
  scene: Scene,
  connection: OpenConnection,
  pass: Pass,
  rows: readonly Difference[],
  reasons: Reasons,
): PagePlan {
  const plan: PagePlan = { pieces: [], retries: [], settledRefusals: [], deleted: [], merged: [] };
  const isFile = pass.targets.every(({ kind }) => kind === 'file');
  const canRead = new Set(
    connection.connector.pull ? readable(pass.targets, pass.object).map(({ targetId }) => targetId) : [],
  );
  for (const row of rows) {
    if (row.gone !== null && !isFile) {
      plan.deleted.push(row.key);
      if (row.gone === 'merged') plan.merged.push(row.key);
      continue;
    }
    const fresh: Record<string, TargetValue> = {};
    const refused: Record<string, TargetValue> = {};
    for (const { id } of pass.targets) {
      const isUnconfirmed = row.unconfirmed.includes(id);
      // It is read back first; until then nobody knows what is there.
      if (isUnconfirmed && canRead.has(id)) continue;
      const want = row.want[id] ?? null;
      const isSame = JSON.stringify(want) === JSON.stringify(row.shown[id] ?? null);
      const refusal = row.refusals[id];
      if (isSame && !isUnconfirmed) {
        if (refusal) plan.settledRefusals.push({ key: row.key, targetId: id });
        continue;
      }
      if (refusal === undefined) fresh[id] = want;
      else if (!refusal.isOfThisRun && (refusal.isDue || !isEqual(refusal.value, want))) refused[id] = want;
    }
    plan.pieces.push(...toPieces(scene, pass, row, fresh, reasons.get(row.key)));
    plan.retries.push(...toPieces(scene, pass, row, refused, reasons.get(row.key)));
  }
  plan.pieces.sort(byParent);
  return plan;
}

const isEqual = (a: TargetValue, b: TargetValue) => JSON.stringify(a) === JSON.stringify(b);

/** Records of one parent lie side by side, so that they fall into one batch and do not lock each other out. */
function byParent(a: Piece, b: Piece): number {
  const [x, y] = [parentOf(a), parentOf(b)];
  return x < y ? -1 : Number(x > y);
}
const parentOf = ({ write }: Piece) => (write.kind === 'properties' ? (write.parentId ?? '') : '');

function toPieces(
  scene: Scene,
  pass: Pass,
  row: Difference,
  labels: Record<string, TargetValue>,
  reasons: Record<string, string> = {},
): Piece[] {
  const ids = Object.keys(labels);
  const [first] = ids;
  if (first === undefined) return [];
  const common = { object: pass.object, id: row.key, recordKind: row.kind ?? row.erasedKind ?? pass.object };
  if (pass.targets.some(isMembership)) {
    const write: Write = { kind: 'membership', ...common, targetId: first, member: labels[first] === true };
    return [{ write, values: labels }];
  }
  const riders = ridersIn(scene, pass).filter(({ label }) => label.id in labels);
  const values = {
    ...labels,
    ...Object.fromEntries(
      riders.map(({ why, label }) => [
        why.id,
        labels[label.id] === null ? null : (reasons[label.id] ?? null),
      ]),
    ),
  };
  const changedAt = changedAtOf(scene, pass.object);
  // Of somebody who was erased nothing stays there, and nothing is kept that a disconnect could clear later.
  const isErased = row.kind === null && row.erasedKind !== null;
  const write: Write = {
    kind: 'properties',
    ...common,
    parentId: row.parent,
    email: row.email,
    values:
      changedAt === null ? values : { ...values, [changedAt]: isErased ? null : scene.asOf.toISOString() },
  };
  if (riders.length === 0) return [{ write, values }];
  return [{ write, values, riders: Object.fromEntries(riders.map(({ why, label }) => [why.id, label.id])) }];
}

/** The target that says when a record's labels last changed; it rides along with each change. */
function changedAtOf(scene: Scene, object: ObjectType): string | null {
  const target = scene.targets.find(
    ({ kind, object: of, state, reason }) =>
      kind === 'changed_at' && of === object && state === 'live' && reason === null,
  );
  return target?.id ?? null;
}

export type PassProgress = {
  /** The last record id that was looked at; null at the start. */
  after: string | null;
  done: boolean;
  waitMs?: number;
  counts: Record<string, number>;
  outcomes: Sent['outcomes'];
};

/**
 * Writes one page of differences: reads at most `limit` of them in the range, sends them batch by batch, and tells
 * how far it came. A page cut short by the deadline starts at the same place again: what was written is no
 * difference any more.
 */
export async function pushPage(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  pass: Pass,
  range: Range & { after?: string | null; to?: string | null },
  limit: number,
): Promise<PassProgress> {
  const rows = await readDifferences(work.pool, scene, pass.object, pass.targets, range, {
    limit,
    runId: work.run.id,
  });
  const reasons = await readReasons(work, scene, pass, rows);
  const plan = planPage(scene, connection, pass, rows, reasons);
  await tidy(work, scene, pass, plan);
  const counts: Record<string, number> = {};
  const outcomes: Sent['outcomes'] = [];
  const told = (after: string | null, done: boolean, waitMs?: number): PassProgress => ({
    after,
    done,
    counts,
    outcomes,
    ...(waitMs !== undefined && { waitMs }),
  });
  const start = range.after ?? null;
  const remotes: Record<string, Json> = Object.fromEntries(
    scene.targets.map(({ id, remote }) => [id, remote]),
  );
  // One after the other: each holds records of which the one before may hold other values.
  const rounds = [plan.pieces, plan.retries];
  for (let pieces = rounds.shift(); pieces !== undefined; pieces = rounds.shift()) {
    const batches = cut(connection, pass, pieces);
    const again: Piece[] = [];
    const { isCut, waitMs } = await sendBatches(
      work,
      connection,
      batches.map((batch) => ({ object: pass.object, cause: 'write', pieces: batch, remotes })),
      { inFlight: pass.targets.some(isMembership) ? 1 : connection.connector.batch.inFlight },
      (sent) => {
        count(counts, connection.system, sent);
        outcomes.push(...sent.outcomes);
        again.push(...sent.again);
      },
    );
    if (again.length > 0) rounds.push(again);
    const isLate = performance.now() >= work.deadline || work.signal.aborted;
    const isLeft = rounds.some((round) => round.length > 0);
    if (waitMs !== undefined || isCut || (isLate && isLeft)) return told(start, false, waitMs);
  }
  if (rows.length === limit) return told(rows.at(-1)?.key ?? start, false);
  const end = 'to' in range ? (range.to ?? null) : null;
  return told(end, end === null);
}

async function tidy(work: StageContext, scene: Scene, pass: Pass, plan: PagePlan): Promise<void> {
  if (plan.deleted.length === 0 && plan.settledRefusals.length === 0) return;
  const place = { connectionId: scene.connectionId, object: pass.object };
  const readBack = readable(scene.targets, pass.object).map(({ targetId }) => targetId);
  await fenced(work, async (client) => {
    await doubtSurvivors(client, work.tenant, place, plan.merged, readBack);
    await forgetRecords(client, work.tenant, place, plan.deleted);
    await forgetValues(client, work.tenant, 'refusal', place, plan.settledRefusals);
  });
}

/** Batches as large as the connector takes them; one bulk job where there are enough rows for it. */
function cut(connection: OpenConnection, pass: Pass, pieces: Piece[]): Piece[][] {
  if (pieces.length === 0) return [];
  const { batch } = connection.connector;
  const isList = pass.targets.some(isMembership);
  if (!isList && batch.bulk !== undefined && pieces.length > batch.bulk) return [pieces];
  const size = isList ? batch.membership : batch.properties;
  return Array.from({ length: Math.ceil(pieces.length / size) }, (_, i) =>
    pieces.slice(i * size, (i + 1) * size),
  );
}

/** Of batches that are sent side by side: the last round of a page is seldom full. */
const ROUNDS_A_PAGE = 4;

/** Differences read at once: several whole batches, or as many as make a bulk job worth it. */
export function pageSize(connection: OpenConnection, pass: Pass): number {
  const { batch } = connection.connector;
  const isList = pass.targets.some(isMembership);
  const size = isList ? batch.membership : batch.properties;
  const least = batch.bulk === undefined ? 1_000 : 10_000;
  const together = isList ? 1 : (batch.inFlight ?? 1);
  return size * Math.max(Math.ceil(least / size), together === 1 ? 1 : ROUNDS_A_PAGE * together);
}

export function count(counts: Record<string, number>, system: string, { outcomes }: Sent): void {
  const names = { done: 'written', gone: 'gone', refused: 'refused', unknown: 'unknown' } as const;
  for (const { state } of outcomes) {
    for (const name of [names[state], `${system}.${names[state]}`]) counts[name] = (counts[name] ?? 0) + 1;
  }
}
