import { listFalls } from '../pipeline/pull/falls.ts';
import { listRefusals } from '../pipeline/push/refusals.ts';
import { type ConnectionRow, listConnections } from '../store/connections.ts';
import type { Pool, Queryable } from '../store/pool.ts';
import { listRuns, type Run } from '../store/runs.ts';
import { listPublished } from '../store/segmentations.ts';
import { listTargets, type TargetRow } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';

/** A segment as it was counted last, and how it was some days before. */
export type HomeSegment = {
  segmentation: string;
  set: string;
  subject: 'person' | 'company';
  segment: string;
  name: string;
  size: number;
  /** A decimal in the tenant's currency. */
  revenue: string;
  before: { day: string; size: number; revenue: string } | null;
};

/** Something that only a person can mend or decide; `to` is the screen where it is done. */
export type Need = {
  kind: 'connection' | 'fall' | 'brake' | 'held' | 'refused' | 'review' | 'run';
  title: string;
  detail: string;
  to: string;
  since: Date | null;
};

/** A step of the first use. */
export type Step = { key: 'connect' | 'publish' | 'run' | 'release'; done: boolean };

export type Home = {
  connections: ConnectionRow[];
  /** The one under way, and the last one that ended. */
  active: Run | null;
  last: Run | null;
  /** The day that sizes were counted on last; null before the first run. */
  countedOn: string | null;
  segments: HomeSegment[];
  needs: Need[];
  steps: Step[];
};

/** Everything that the first screen shows, in a few small statements. */
export async function readHome(pool: Pool, tenant: Tenant): Promise<Home> {
  const connections = await listConnections(pool, tenant);
  const runs = await listRuns(pool, tenant, 20);
  const targets = await listTargets(pool, tenant);
  const published = await listPublished(pool, tenant);
  const full = runs.filter(({ kind }) => kind === 'full');
  const last = full.find(({ endedAt }) => endedAt !== null) ?? null;
  const sizes = await segmentsNow(pool, tenant);
  return {
    connections,
    active: full.find(({ endedAt }) => endedAt === null) ?? null,
    last,
    countedOn: sizes[0]?.day ?? null,
    segments: published.flatMap(({ key, definition }) =>
      definition.segments.flatMap((segment): HomeSegment[] => {
        const row = sizes.find((one) => one.segmentation === key && one.segment === segment.key);
        if (!row) return [];
        const { size, revenue, before } = row;
        return [
          {
            segmentation: key,
            set: definition.name,
            subject: definition.subject,
            segment: segment.key,
            name: segment.name,
            size,
            revenue,
            before,
          },
        ];
      }),
    ),
    needs: [
      ...connectionNeeds(connections),
      ...runNeeds(last),
      ...targetNeeds(targets),
      ...(await dataNeeds(pool, tenant, connections)),
      ...(await reviewNeeds(pool, tenant)),
    ],
    steps: [
      { key: 'connect', done: connections.length > 0 },
      { key: 'publish', done: published.length > 0 },
      { key: 'run', done: full.some(({ state }) => state === 'done') },
      { key: 'release', done: targets.some(({ state }) => state === 'live') },
    ],
  };
}

type SizeRow = {
  day: string;
  segmentation: string;
  segment: string;
  size: number;
  revenue: string;
  before: HomeSegment['before'];
};

/** The last counts, each beside those of a week before, or the nearest earlier ones there are. */
async function segmentsNow(db: Queryable, { schema }: Tenant): Promise<SizeRow[]> {
  const { rows } = await db.query<SizeRow>(
    `with last as (select max(day) as day from ${schema}.segment_size),
     earlier as (
       select coalesce(
         (select max(s.day) from ${schema}.segment_size s, last where s.day <= last.day - 7),
         (select min(s.day) from ${schema}.segment_size s, last where s.day < last.day)) as day)
     select n.day::text, n.segmentation, n.segment, n.size, n.revenue::text as revenue,
       case when b.day is not null then
         jsonb_build_object('day', b.day::text, 'size', b.size, 'revenue', b.revenue::text) end as before
     from last join ${schema}.segment_size n on n.day = last.day
     left join (select s.* from ${schema}.segment_size s join earlier on s.day = earlier.day) b
       using (segmentation, segment)`,
  );
  return rows;
}

function connectionNeeds(connections: readonly ConnectionRow[]): Need[] {
  return connections.flatMap(({ name, state, reason }): Need[] =>
    state === 'connected'
      ? []
      : [
          {
            kind: 'connection',
            title: `${name} needs you`,
            detail: reason ? `${reason.message} ${reason.action}` : 'It is disconnected.',
            to: '/connections',
            since: reason ? new Date(reason.since) : null,
          },
        ],
  );
}

function runNeeds(last: Run | null): Need[] {
  if (last?.state !== 'failed') return [];
  return [
    {
      kind: 'run',
      title: `Run ${last.id} failed`,
      detail: last.reason ? `${last.reason.message} ${last.reason.action}` : 'Open it to see why.',
      to: `/runs/${last.id}`,
      since: last.endedAt,
    },
  ];
}

/** Codes of targets that wait because nobody has looked at them yet; all others were stopped by a brake. */
const NEW = new Set(['new', 'definition_changed', 'retired']);

function targetNeeds(targets: readonly TargetRow[]): Need[] {
  const held = targets.filter(({ state, kind }) => state === 'held' && kind !== 'changed_at');
  const fresh = held.filter(({ reason }) => reason === null || NEW.has(reason.code));
  const braked = targets.filter(
    (target) =>
      target.reason !== null &&
      // Whoever held it by hand knows.
      target.reason.code !== 'by_hand' &&
      target.state !== 'paused' &&
      !fresh.includes(target) &&
      target.kind !== 'changed_at',
  );
  const needs: Need[] = [];
  for (const group of Map.groupBy(braked, ({ reason }) => reason?.message ?? '').values()) {
    const [{ reason } = { reason: null }] = group;
    needs.push({
      kind: 'brake',
      title: `${targetsOf(group.length)} stopped`,
      detail: `${reason?.message} ${reason?.action}`,
      to: '/waiting',
      since: reason ? new Date(reason.since) : null,
    });
  }
  const since = fresh.flatMap(({ reason }) => (reason ? [new Date(reason.since)] : []));
  if (fresh.length > 0) {
    needs.push({
      kind: 'held',
      title: `${targetsOf(fresh.length)} to look at`,
      detail: 'New or changed: nothing is written there until somebody has seen what it would be.',
      to: '/waiting',
      since: since.length > 0 ? new Date(Math.min(...since.map(Number))) : null,
    });
  }
  return needs;
}

const targetsOf = (count: number) => (count === 1 ? '1 target' : `${count} targets`);

async function dataNeeds(
  db: Queryable,
  tenant: Tenant,
  connections: readonly ConnectionRow[],
): Promise<Need[]> {
  const nameOf = (id: string) => connections.find((one) => one.id === id)?.name ?? id;
  const falls = (await listFalls(db, tenant)).map(
    ({ connectionId, object, missing, live, since }): Need => ({
      kind: 'fall',
      title: `${missing.toLocaleString('en')} of ${live.toLocaleString('en')} ${object} records gone at once`,
      detail: `${nameOf(connectionId)} suddenly shows fewer records. None was removed here. Look in the CRM, then say whether they are really gone.`,
      to: '/waiting',
      since: new Date(since),
    }),
  );
  const refusals = await listRefusals(db, tenant);
  const records = refusals.reduce((sum, one) => sum + one.records, 0);
  if (records === 0) return falls;
  const [largest] = refusals;
  return [
    ...falls,
    {
      kind: 'refused',
      title: `${records.toLocaleString('en')} ${records === 1 ? 'record' : 'records'} refused`,
      detail: `${nameOf(largest?.connectionId ?? '')} says: ${largest?.message}`,
      to: '/runs/refused',
      since: refusals.reduce<Date | null>(
        (first, { since }) => (first && first < since ? first : since),
        null,
      ),
    },
  ];
}

async function reviewNeeds(db: Queryable, { schema }: Tenant): Promise<Need[]> {
  const { rows } = await db.query<{ segmentation: string; name: string; at: Date }>(
    `select r.segmentation, s.definition ->> 'name' as name, max(r.at) as at
     from ${schema}.review r join ${schema}.segmentation s on s.key = r.segmentation and s.state = 'published'
     where r.done_at is null group by 1, 2 order by 3`,
  );
  return rows.map(({ segmentation, name, at }) => ({
    kind: 'review',
    title: `Review ${name}`,
    detail: 'Its review date has come; the report is ready.',
    to: `/quality?set=${segmentation}`,
    since: at,
  }));
}
