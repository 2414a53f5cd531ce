import type { AttributeOwner } from '../../model/attribute.ts';
import { MIN_GROUP } from '../../review/facts.ts';
import { medianOf, RATE_NAMES, RATES, type RateMetric, rateMetric } from '../../review/metrics.ts';
import type { PlayReturn } from '../../review/play-return.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { TOO_FEW } from '../../segmentation/statistics/proportions.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readPlayReturns } from './play-returns.ts';
import { addUp, type IdRange } from './ranges.ts';
import { findReviewed, labelsSql, type ReviewScene, readReviewScene } from './scene.ts';

/** Figures of money and time are null where under 10 stand behind them. */
export type SegmentMetrics = {
  /** `*` is everybody. */
  segment: string;
  name: string;
  members: number;
  /** Of deals won in the window that count as revenue, in the tenant's currency. */
  revenue: number | null;
  revenuePerMember: number | null;
  /** With how many deals of known value stand behind it. */
  averageDeal: { value: number; deals: number; tooFew: boolean } | null;
  /** Median days from opening to winning. */
  cycleDays: { value: number; deals: number; tooFew: boolean } | null;
  rates: RateMetric[];
  play: PlayReturn | null;
};

export type Metrics = {
  segmentation: string;
  name: string;
  /** The window: from this day on, up to the day of `to` and not including it. */
  from: Date;
  to: Date;
  segments: SegmentMetrics[];
  everybody: SegmentMetrics;
};

const EVERYBODY = '*';
const YEAR_MS = 365 * 86_400_000;

/** What the members of each segment, as they are now, did in a window of a year or as given. */
export async function readMetrics(
  db: Queryable,
  tenant: Tenant,
  key: string,
  window: { from?: Date | undefined; to: Date },
): Promise<Metrics> {
  const { to } = window;
  const from = window.from ?? new Date(to.getTime() - YEAR_MS);
  const scene = await readReviewScene(db, tenant, to);
  const { definition } = findReviewed(scene, key);
  const { rows, cycles } = await readCounts(db, scene, definition, from);
  const plays = await readPlayReturns(db, scene, definition, from);
  const segments = [...definition.segments, { key: EVERYBODY, name: 'Everybody' }].map((segment) => ({
    ...metricsOf(
      scene,
      definition.subject,
      segment,
      rows.find((row) => row.segment === segment.key) ?? NOBODY,
      cycles.filter((row) => row.segment === segment.key),
    ),
    play: plays.get(segment.key) ?? null,
  }));
  const [everybody, ...rest] = segments.reverse();
  if (everybody === undefined) throw new Error('a segmentation without segments passed its schema');
  return { segmentation: key, name: definition.name, from, to, segments: rest.reverse(), everybody };
}

type Row = {
  segment: string;
  members: number;
  won: number;
  lost: number;
  valued: number;
  /** Exact as a whole number. */
  cents: number;
  fresh: number;
  converted: number;
  before: number;
  retained: number;
  delivered: number;
  engaged: number;
  answers: number;
  satisfied: number;
};

const NOBODY: Omit<Row, 'segment'> = {
  members: 0,
  won: 0,
  lost: 0,
  valued: 0,
  cents: 0,
  fresh: 0,
  converted: 0,
  before: 0,
  retained: 0,
  delivered: 0,
  engaged: 0,
  answers: 0,
  satisfied: 0,
};

/** How many won deals took so many days. */
type Cycle = { segment: string; days: string; n: number };

async function readCounts(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
  from: Date,
): Promise<{ rows: Row[]; cycles: Cycle[] }> {
  const { subject } = definition;
  const { schema, zone } = scene.tenant;
  const has = (owner: AttributeOwner, key: string): boolean => scene.index.get(owner, key) !== undefined;
  const deal = (key: string, otherwise: string): string => (has('deal', key) ? `d.${key}` : otherwise);
  const own = (key: string): string => (has(subject, key) ? `s.${key}` : 'null');
  const [won, closed, closedAt] = [
    deal('won', 'false'),
    deal('closed', 'false'),
    deal('closed_at', 'null::date'),
  ];
  const opened = deal('opened_at', 'null::timestamptz');
  const sold = `with days as (
       select ($1::timestamptz at time zone $3)::date as start, ($2::timestamptz at time zone $3)::date as ends
     ), sold as (
       select d.${subject}_id as id, d.revenue, ${won} and d.counts as won, ${closed} and not ${won} as lost,
         ${closedAt} >= days.start and ${closedAt} < days.ends as is_now,
         ${closedAt} < days.start as is_earlier,
         ${closedAt} < days.start and ${closedAt} >= days.start - (days.ends - days.start) as is_before,
         ${closedAt} - (${opened} at time zone $3)::date as cycle
       from ${schema}.deal d cross join days where d.${subject}_id between $4 and $5
     ), member as (
       select s.id, l.segment from ${schema}.${subject} s
       cross join lateral (select unnest(${labelsSql(definition)}) as segment union all select '${EVERYBODY}') l
       where s.id between $4 and $5
     )`;
  const values = (range: IdRange): unknown[] => [from, scene.asOf, zone, range.from, range.to];
  const rows = await addUp(db, scene.tenant, subject, async (range) => {
    const counted = await db.query<Row>(
      `${sold}, deals as (
       select id, count(*) filter (where won and is_now) as won, count(*) filter (where lost and is_now) as lost,
         count(revenue) filter (where won and is_now) as valued, sum(revenue) filter (where won and is_now) as revenue,
         bool_or(won and is_now) is true as buys, bool_or(won and is_before) is true as bought_before,
         bool_or(won and is_earlier) is true as bought_earlier
       from sold group by id
     )
     select m.segment, count(*)::int as members, coalesce(sum(d.won), 0)::int as won,
       coalesce(sum(d.lost), 0)::int as lost, coalesce(sum(d.valued), 0)::int as valued,
       coalesce(round(sum(d.revenue) * 100), 0)::double precision as cents,
       count(*) filter (where d.bought_earlier is not true)::int as fresh,
       count(*) filter (where d.bought_earlier is not true and d.buys)::int as converted,
       count(*) filter (where d.bought_before)::int as before,
       count(*) filter (where d.bought_before and d.buys)::int as retained,
       count(*) filter (where ${own('emails_delivered')} > 0)::int as delivered,
       count(*) filter (where ${own('emails_delivered')} > 0 and
         (${own('last_email_open_at')} >= $1 or ${own('last_email_click_at')} >= $1))::int as engaged,
       count(${own('csat_score')})::int as answers,
       count(*) filter (where ${own('csat_score')} >= 4)::int as satisfied
     from member m
     join ${schema}.${subject} s on s.id = m.id
     left join deals d on d.id = m.id
     group by 1`,
      values(range),
    );
    return counted.rows;
  });
  const cycles = await addUp(db, scene.tenant, subject, async (range) => {
    const counted = await db.query<{ segment: string; days: string; n: number }>(
      `${sold} select m.segment, d.cycle::text as days, count(*)::int as n
       from member m join sold d on d.id = m.id and d.won and d.is_now and d.cycle >= 0 group by 1, 2`,
      values(range),
    );
    return counted.rows;
  });
  return { rows, cycles };
}

function metricsOf(
  { index }: ReviewScene,
  subject: Segmentation['subject'],
  segment: Pick<Segmentation['segments'][number], 'key' | 'name'>,
  row: Omit<Row, 'segment'>,
  cycles: readonly Cycle[],
): Omit<SegmentMetrics, 'play'> {
  const { members, valued } = row;
  const cycle = medianOf(cycles.map(({ days, n }) => ({ value: Number(days), n })));
  const isTold = members >= MIN_GROUP;
  const revenue = isTold ? row.cents / 100 : null;
  const counted = {
    winRate: { successes: row.won, trials: row.won + row.lost },
    conversion: { successes: row.converted, trials: row.fresh },
    retention: { successes: row.retained, trials: row.before },
    churn: { successes: row.before - row.retained, trials: row.before },
    engagement: { successes: row.engaged, trials: row.delivered },
    satisfaction: { successes: row.satisfied, trials: row.answers },
  };
  const missing = (name: string): boolean => {
    const [owner, key] = name.startsWith('deal.')
      ? (['deal', name.slice(5)] as const)
      : ([subject, name] as const);
    return index.get(owner, key) === undefined;
  };
  return {
    segment: segment.key,
    name: segment.name,
    members,
    revenue,
    revenuePerMember: revenue === null ? null : revenue / members,
    averageDeal:
      revenue === null || valued < MIN_GROUP
        ? null
        : { value: revenue / valued, deals: valued, tooFew: valued < TOO_FEW },
    cycleDays:
      cycle === null || cycle.n < MIN_GROUP
        ? null
        : { value: cycle.median, deals: cycle.n, tooFew: cycle.n < TOO_FEW },
    rates: RATE_NAMES.map((metric) =>
      rateMetric(metric, counted[metric], RATES[metric].needs.filter(missing)),
    ),
  };
}
