import { SubjectType } from '../model/attribute.ts';
import { ObjectType } from '../model/record.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** A task that is to be made, or may have been made: `sending` was written down before the CRM was asked. */
export type PlayTaskRow = {
  id: string;
  subject: SubjectType;
  subjectId: string;
  segmentation: string;
  segment: string;
  connectionId: string;
  object: ObjectType;
  recordId: string;
  owner: string;
  state: 'queued' | 'sending';
};

/** A run is looked at for tasks this long after its end; a task that could not be made for so long is left. */
const FRESH = `interval '1 day'`;

/** The newest full run that ended lately and whose entries nobody has looked at; locked until the transaction ends. */
export async function runToPlan(
  db: Queryable,
  { schema }: Tenant,
): Promise<{ id: string; asOf: Date } | null> {
  const { rows } = await db.query<{ id: string; asOf: Date }>(
    `select id, as_of as "asOf" from ${schema}.run
     where kind = 'full' and state = 'done' and not tasks_planned and ended_at > now() - ${FRESH}
       and options ->> 'dryRun' is distinct from 'true'
     order by id desc limit 1 for update`,
  );
  return rows[0] ?? null;
}

/** What entered in that run and all before is done with. */
export async function notePlanned(db: Queryable, { schema }: Tenant, runId: string): Promise<void> {
  await db.query(
    `update ${schema}.run set tasks_planned = true where kind = 'full' and id <= $1 and not tasks_planned`,
    [runId],
  );
}

/** Is there a run to look at, or a task to make? */
export async function hasPlayTasks(db: Queryable, { schema }: Tenant): Promise<boolean> {
  const { rows } = await db.query<{ some: boolean }>(
    `select exists (
         select from ${schema}.run where kind = 'full' and state = 'done' and not tasks_planned
           and ended_at > now() - ${FRESH} and options ->> 'dryRun' is distinct from 'true')
       or exists (select from ${schema}.play_task where state in ('queued', 'sending')) as some`,
  );
  return rows[0]?.some ?? false;
}

/** Tasks of which nobody could be told for a day: a late one would only confuse. */
export async function dropLate(db: Queryable, { schema }: Tenant): Promise<void> {
  await db.query(
    `update ${schema}.play_task set state = 'failed', reason = 'It could not be made within a day.'
     where state in ('queued', 'sending') and created_at < now() - ${FRESH}`,
  );
}

export async function tasksToMake(
  db: Queryable,
  { schema }: Tenant,
  connectionIds: readonly string[],
): Promise<PlayTaskRow[]> {
  const { rows } = await db.query<PlayTaskRow>(
    `select id, subject, subject_id as "subjectId", segmentation, segment, connection_id as "connectionId",
       object, record_id as "recordId", owner, state
     from ${schema}.play_task where state in ('queued', 'sending') and connection_id = any($1)
     order by created_at, id limit 200`,
    [connectionIds],
  );
  return rows.map((row) => ({
    ...row,
    subject: SubjectType.parse(row.subject),
    object: ObjectType.parse(row.object),
  }));
}

export async function notePlayTask(
  db: Queryable,
  { schema }: Tenant,
  id: string,
  change: { state: 'sending' | 'made' | 'failed'; remoteId?: string; reason?: string },
): Promise<void> {
  await db.query(
    `update ${schema}.play_task set state = $2, remote_id = coalesce($3, remote_id), reason = $4 where id = $1`,
    [id, change.state, change.remoteId ?? null, change.reason ?? null],
  );
}
