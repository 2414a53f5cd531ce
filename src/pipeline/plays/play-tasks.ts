import { DateTime } from 'luxon';
import type { Logger } from 'pino';
import type { CrmTask } from '../../../connectors/contract.ts';
import { AppError, AuthError, RemoteError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import type { Play } from '../../segmentation/definition-parts.ts';
import { parseDuration } from '../../segmentation/duration.ts';
import { listAttributes } from '../../store/columns.ts';
import { listConnections } from '../../store/connections.ts';
import { dropLate, notePlayTask, type PlayTaskRow, tasksToMake } from '../../store/play-tasks.ts';
import type { Pool } from '../../store/pool.ts';
import { listPublished } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';
import { explainSubject } from '../explain.ts';
import { refusesProfiling } from '../push/desired.ts';
import type { ConnectionOpener } from '../run.ts';
import { type CheckFence, fenced } from '../with-leases.ts';

const DUE_IN = '7 days';

type Work = {
  pool: Pool;
  tenant: Tenant;
  openConnections: ConnectionOpener;
  now: Date;
  /** performance.now() at which to let others have a turn. */
  deadline: number;
  signal: AbortSignal;
  checkFence: CheckFence;
  log: Logger;
};

/**
 * Makes the tasks that are written down, one after the other. Each is noted as under way before the CRM is asked; one
 * that was under way before is looked for first, so that a process that died makes none twice. What the CRM refuses is
 * noted and left; what may pass later waits. Returns whether some are left to do, and whether a CRM makes us wait.
 */
export async function makePlayTasks(work: Work): Promise<{ left: boolean; waits: boolean }> {
  const { pool, tenant, now } = work;
  await dropLate(pool, tenant);
  await forgetRefusing(pool, tenant);
  const waiting = new Set<string>();
  const connections = (await listConnections(pool, tenant)).filter(({ state }) => state === 'connected');
  const definitions = new Map((await listPublished(pool, tenant)).map((one) => [one.key, one.definition]));
  const opened = work.openConnections({ tenant, asOf: now, signal: work.signal });
  try {
    const rows = await tasksToMake(
      pool,
      tenant,
      connections.map(({ id }) => id),
    );
    for (const row of rows) {
      if (performance.now() > work.deadline || work.signal.aborted) return { left: true, waits: false };
      if (waiting.has(row.connectionId)) continue;
      const task = await describe(work, definitions.get(row.segmentation), row);
      try {
        const { connector, context } = await opened.open(row.connectionId);
        if (task === null || connector.task === undefined) {
          const reason = 'The play has no task any more.';
          await notePlayTask(pool, tenant, row.id, { state: 'failed', reason });
          continue;
        }
        // Whoever slept meanwhile would make what another has made.
        await fenced(work, (client) => notePlayTask(client, tenant, row.id, { state: 'sending' }));
        const { id } = await connector.task(context, task);
        await notePlayTask(pool, tenant, row.id, { state: 'made', remoteId: id });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const mayPass =
          error.retryable ||
          error instanceof AuthError ||
          (error instanceof RemoteError && error.outcomeUnknown);
        work.log.warn({ err: error, task: row.id, connection: row.connectionId }, 'a task was not made');
        if (mayPass) waiting.add(row.connectionId);
        else await notePlayTask(pool, tenant, row.id, { state: 'failed', reason: error.message });
      }
    }
    return { left: rows.length > 0 && waiting.size === 0, waits: waiting.size > 0 };
  } finally {
    await opened.close();
  }
}

/** Who must not be profiled any more since it was written down. */
async function forgetRefusing(pool: Pool, tenant: Tenant): Promise<void> {
  const refused = refusesProfiling(await listAttributes(pool, tenant), 's');
  if (refused === 'false') return;
  await pool.query(
    `delete from ${tenant.schema}.play_task p using ${tenant.schema}.person s
     where p.state = 'queued' and p.subject = 'person' and s.id = p.subject_id and ${refused}`,
  );
}

/** What the owner reads; null where the play was changed meanwhile. */
async function describe(
  { pool, tenant, now }: Work,
  definition: Segmentation | undefined,
  row: PlayTaskRow,
): Promise<CrmTask | null> {
  const segment = definition?.segments.find(({ key }) => key === row.segment);
  const task = segment?.play?.task;
  if (definition === undefined || segment === undefined || task === undefined) return null;
  const { segmentations } = await explainSubject(pool, tenant, {
    subject: row.subject,
    id: row.subjectId,
    asOf: now,
    audience: 'rep',
  });
  const sentences =
    segmentations
      .find((one) => one.segmentation === row.segmentation)
      ?.segments.find((one) => one.segment === row.segment)?.sentences ?? [];
  const { amount, unit } = parseDuration(task.dueIn ?? DUE_IN);
  const due = DateTime.fromJSDate(now, { zone: tenant.zone }).plus({ [unit]: amount });
  const marker = `task ${row.id}`;
  return {
    object: row.object,
    recordId: row.recordId,
    ownerId: row.owner,
    subject: task.subject,
    body: [
      ...todo(segment.play),
      `New in the segment ${segment.name} (${definition.name}).`,
      ...(sentences.length === 0 ? [] : [`Why: ${sentences.join(' ')}`]),
      `Made by Segment Sync, ${marker}.`,
    ].join('\n'),
    dueAt: due.toJSDate(),
    dueOn: due.toISODate() ?? '',
    marker,
    mayExist: row.state === 'sending',
  };
}

function todo(play: Play | undefined): string[] {
  const how = [play?.channel, play?.message].filter((part) => part !== undefined).join(': ');
  return [...(how === '' ? [] : [how]), ...(play?.offer === undefined ? [] : [`Offer: ${play.offer}`])];
}
