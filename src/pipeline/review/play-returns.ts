import { DateTime } from 'luxon';
import { type Amounts, holdoutReturn, lastTouchReturn, type PlayReturn } from '../../review/play-return.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { parseDuration } from '../../segmentation/duration.ts';
import { type ExperimentRow, listExperiments } from '../../store/experiments.ts';
import type { Queryable } from '../../store/pool.ts';
import { addUp } from './ranges.ts';
import { reachableSql, reachOf } from './reach.ts';
import type { ReviewScene } from './scene.ts';

const WINDOW = '30 days';

/** How long after entering a purchase counts, in days. */
function windowDays(play: Segmentation['segments'][number]['play'], from: Date): number {
  const { amount, unit } = parseDuration(play?.window ?? WINDOW);
  const start = DateTime.fromJSDate(from);
  return Math.max(1, Math.round(start.plus({ [unit]: amount }).diff(start, 'days').days));
}

/**
 * What the plays of a segmentation returned in a window, by segment: against the holdout of the last experiment that
 * began in it and has reached its horizon, else by last touch.
 */
export async function readPlayReturns(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
  from: Date,
): Promise<Map<string, PlayReturn>> {
  const returns = new Map<string, PlayReturn>();
  const hasPlay = definition.segments.some(
    ({ play }) => play?.budget !== undefined || play?.costPerContact !== undefined,
  );
  const canCount = (['won', 'closed_at'] as const).every((key) => scene.index.get('deal', key) !== undefined);
  if (!hasPlay || !canCount) return returns;
  const touched = await readTouched(db, scene, definition, from);
  const experiments = await listExperiments(db, scene.tenant);
  for (const { key, play } of definition.segments) {
    const ended = experiments.find((row) => isTold(row, definition.key, key, { from, to: scene.asOf }));
    const compared =
      ended === undefined
        ? null
        : holdoutReturn(play, await readArms(db, scene, definition, ended), ended.experiment.horizonDays);
    const entered = touched.find(({ segment }) => segment === key) ?? NOBODY;
    const found = compared ?? lastTouchReturn(play, entered, windowDays(play, from));
    if (found !== null) returns.set(key, found);
  }
  return returns;
}

/** On the play of that segment, begun in the window, and run to its horizon. */
function isTold(
  { experiment, state, startedAt }: ExperimentRow,
  segmentation: string,
  segment: string,
  { from, to }: { from: Date; to: Date },
): boolean {
  const ends = startedAt.getTime() + experiment.horizonDays * 86_400_000;
  return (
    experiment.segmentation === segmentation &&
    experiment.segment === segment &&
    experiment.on === 'play' &&
    state !== 'stopped' &&
    startedAt >= from &&
    ends <= to.getTime()
  );
}

type Touched = Amounts & { segment: string; reachable: number };
const NOBODY = { customers: 0, sum: 0, squares: 0, reachable: 0 };

/**
 * Who entered each segment in the window, and what they bought from the day after on: a purchase on the day itself may
 * be the reason why they entered.
 */
async function readTouched(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
  from: Date,
): Promise<Touched[]> {
  const { subject, key, segments } = definition;
  const { schema, zone } = scene.tenant;
  const reach = segments
    .map((segment, i) => {
      const sql = reachableSql(scene, subject, reachOf(segment.play?.channel)) ?? 'false';
      return `when $${6 + i} then ${sql}`;
    })
    .join(' ');
  return addUp(db, scene.tenant, subject, async (range) => {
    const counted = await db.query<Touched>(
      `with entry as (
         select c.subject_id as id, e.segment, (c.at at time zone $3)::date as day, w.days
         from ${schema}.label_change c
         cross join lateral unnest(c.entered) e (segment)
         join jsonb_to_recordset($${6 + segments.length}::jsonb) w (segment text, days int) on w.segment = e.segment
         where c.subject = '${subject}' and c.segmentation = '${key}' and c.subject_id between $4 and $5
           and c.at >= $1 and c.at < $2
       ), touch as (
         select distinct on (d.id) e.id, e.segment, d.revenue
         from ${schema}.deal d
         join entry e on e.id = d.${subject}_id and d.closed_at > e.day and d.closed_at <= e.day + e.days
         where d.${subject}_id between $4 and $5 and d.won and d.counts
           and d.closed_at < ($2::timestamptz at time zone $3)::date
         order by d.id, e.day desc, e.segment
       ), spent as (
         select id, segment, coalesce(sum(revenue), 0)::double precision as amount from touch group by 1, 2
       )
       select e.segment, count(*)::int as customers, coalesce(sum(p.amount), 0) as sum,
         coalesce(sum(p.amount * p.amount), 0) as squares,
         count(*) filter (where case e.segment ${reach} end)::int as reachable
       from (select distinct id, segment from entry) e
       join ${schema}.${subject} s on s.id = e.id
       left join spent p on p.id = e.id and p.segment = e.segment
       group by 1`,
      [
        ...[from, scene.asOf, zone, range.from, range.to],
        ...segments.map((segment) => segment.key),
        JSON.stringify(segments.map(({ key: segment, play }) => ({ segment, days: windowDays(play, from) }))),
      ],
    );
    return counted.rows;
  });
}

/** What the members of each arm bought from the start of an experiment to its horizon. */
async function readArms(
  db: Queryable,
  { tenant }: ReviewScene,
  { subject }: Segmentation,
  { experiment, startedAt }: ExperimentRow,
): Promise<{ treated: Amounts; holdout: Amounts }> {
  const ends = DateTime.fromJSDate(startedAt, { zone: tenant.zone }).plus({ days: experiment.horizonDays });
  const { rows } = await db.query<Amounts & { arm: string }>(
    `select m.arm, count(*)::int as customers, coalesce(sum(b.amount), 0) as sum,
       coalesce(sum(b.amount * b.amount), 0) as squares
     from ${tenant.schema}.experiment_member m
     left join lateral (
       select sum(d.revenue)::double precision as amount from ${tenant.schema}.deal d
       where d.${subject}_id = m.subject_id and d.won and d.counts
         and d.closed_at >= ($2::timestamptz at time zone $4)::date
         and d.closed_at < ($3::timestamptz at time zone $4)::date
     ) b on true
     where m.experiment = $1 group by 1`,
    [experiment.key, startedAt, ends.toJSDate(), tenant.zone],
  );
  const arm = (name: string): Amounts =>
    rows.find((row) => row.arm === name) ?? { customers: 0, sum: 0, squares: 0 };
  return { treated: arm('treated'), holdout: arm('holdout') };
}
