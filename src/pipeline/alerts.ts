import type { AlertSettings, Incident } from '../model/alert.ts';
import type { ObjectType } from '../model/record.ts';
import { listConnections } from '../store/connections.ts';
import type { Queryable } from '../store/pool.ts';
import { recordTables } from '../store/records.ts';
import type { Tenant } from '../store/tenant.ts';
import { listFalls } from './pull/falls.ts';
import { listRefusals } from './push/refusals.ts';

/** Reasons for which a target was stopped, rather than waiting for its first release. */
const BRAKES = ['many_changes', 'edited_elsewhere', 'pilot_refused'];

/** Everything that is wrong in a tenant at this moment, one incident each. No customer is named. */
export async function findIncidents(
  db: Queryable,
  tenant: Tenant,
  settings: Pick<AlertSettings, 'refusalShare' | 'refusalLeast'>,
): Promise<Incident[]> {
  const connections = await listConnections(db, tenant);
  const names = new Map(connections.map(({ id, name }) => [id, name]));
  return [
    ...(await failedRuns(db, tenant)),
    ...(await stoppedTargets(db, tenant, names)),
    ...(await falls(db, tenant, names)),
    ...(await refusals(db, tenant, settings, names)),
    ...connections.flatMap(({ id, name, state, reason }): Incident[] =>
      state !== 'needs_you'
        ? []
        : [
            {
              kind: 'connection',
              subject: id,
              title: `${name} needs you`,
              message: reason?.message ?? 'The CRM no longer accepts us. Nothing is lost; its work waits.',
              action: reason?.action ?? 'Reconnect it under Connections.',
              path: '/connections',
            },
          ],
    ),
    ...(await reviews(db, tenant)),
  ];
}

/** A kind of run whose last one failed; the next that comes to its end closes it. */
async function failedRuns(db: Queryable, { schema }: Tenant): Promise<Incident[]> {
  const { rows } = await db.query<{
    id: string;
    kind: string;
    state: string;
    reason: { message: string; action: string } | null;
  }>(
    `select distinct on (kind) id, kind, state, reason from ${schema}.run
     where state in ('done', 'failed') order by kind, id desc`,
  );
  return rows.flatMap(({ id, kind, state, reason }) =>
    state !== 'failed'
      ? []
      : [
          {
            kind: 'run_failed',
            subject: kind,
            title: kind === 'full' ? `Run ${id} failed` : `Reading what changed failed (run ${id})`,
            message: `${reason?.message ?? 'It could not go on.'} What was done until then is kept.`,
            action: reason?.action ?? 'Look at the run, then start it again.',
            path: `/runs/${id}`,
          },
        ],
  );
}

async function stoppedTargets(
  db: Queryable,
  { schema }: Tenant,
  names: ReadonlyMap<string, string>,
): Promise<Incident[]> {
  const { rows } = await db.query<{
    id: string;
    connection: string;
    segmentation: string;
    message: string;
    action: string;
  }>(
    `select id, connection_id as connection, segmentation, reason ->> 'message' as message, reason ->> 'action' as action
     from ${schema}.target where state = 'held' and reason ->> 'code' = any($1) order by id`,
    [BRAKES],
  );
  return rows.map((row) => ({
    kind: 'brake',
    subject: `target ${row.id}`,
    title: `Writing ${row.segmentation} to ${names.get(row.connection) ?? row.connection} was stopped`,
    message: row.message,
    action: row.action,
    path: '/waiting',
  }));
}

async function falls(db: Queryable, tenant: Tenant, names: ReadonlyMap<string, string>): Promise<Incident[]> {
  return (await listFalls(db, tenant)).map((fall) => ({
    kind: 'brake',
    subject: `fall ${fall.connectionId} ${fall.object} ${fall.purpose}`,
    title: `Many records are missing in ${names.get(fall.connectionId) ?? fall.connectionId}`,
    message: `${fall.missing} of ${fall.live} ${fall.object} records are gone. Nothing of it was applied.`,
    action: 'Look at it under Waiting for you, and accept it if it is right.',
    path: '/waiting',
  }));
}

async function refusals(
  db: Queryable,
  tenant: Tenant,
  { refusalShare, refusalLeast }: Pick<AlertSettings, 'refusalShare' | 'refusalLeast'>,
  names: ReadonlyMap<string, string>,
): Promise<Incident[]> {
  const groups = (await listRefusals(db, tenant)).filter(({ records }) => records >= refusalLeast);
  const incidents: Incident[] = [];
  const live = new Map<string, number>();
  for (const { connectionId, object, code, message, records } of groups) {
    const place = `${object} ${connectionId}`;
    // Many reasons, few places: their records are counted once.
    const all = live.get(place) ?? (await countLive(db, tenant, connectionId, object));
    live.set(place, all);
    if (records <= refusalShare * all) continue;
    incidents.push({
      kind: 'refusals',
      subject: `${connectionId} ${object} ${code}`,
      title: `${names.get(connectionId) ?? connectionId} refuses ${records} ${object} records`,
      message: `Its rule says: ${message} (${code}). The other records are written; these are tried again in each run.`,
      action: 'Change the rule in the CRM, or the records that break it.',
      path: '/runs',
    });
  }
  return incidents;
}

async function countLive(
  db: Queryable,
  { schema }: Tenant,
  connectionId: string,
  object: ObjectType,
): Promise<number> {
  const { rows } = await db.query<{ live: number }>(
    `select count(*)::int as live from ${schema}.${recordTables[object].table}
     where connection_id = $1 and state = 'live'`,
    [connectionId],
  );
  return rows[0]?.live ?? 0;
}

/** The newest report of each segmentation, while nobody has looked at it. */
async function reviews(db: Queryable, { schema }: Tenant): Promise<Incident[]> {
  const { rows } = await db.query<{ key: string; name: string; drifted: string[] }>(
    `select r.segmentation as key, s.definition ->> 'name' as name, coalesce((
         select jsonb_agg(drift ->> 'name')
         from jsonb_array_elements(r.report -> 'history' -> 'attributeDrift') drift
         where drift ->> 'level' = 'major' and (drift ->> 'adjusted')::float8 < 0.05), '[]') as drifted
     from (select distinct on (segmentation) * from ${schema}.review order by segmentation, at desc, id desc) r
     join ${schema}.segmentation s on s.key = r.segmentation and s.state = 'published'
     where r.done_at is null order by r.segmentation`,
  );
  return rows.flatMap(({ key, name, drifted }): Incident[] => {
    const path = `/segment-sets/${key}/review`;
    const due: Incident = {
      kind: 'review',
      subject: key,
      title: `${name} is due for review`,
      message: 'Its review date has come, and a report is ready. Labels go on as before.',
      action: 'Read the report and note what you decide.',
      path,
    };
    if (drifted.length === 0) return [due];
    return [
      due,
      {
        kind: 'drift',
        subject: key,
        title: `The data behind ${name} has moved`,
        message: `Since the last look, ${drifted.join(', ')} changed a good deal. Labels go on as before.`,
        action: 'Look whether its thresholds still fit.',
        path,
      },
    ];
  });
}
