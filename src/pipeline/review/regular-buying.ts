import type { Segmentation } from '../../segmentation/definition.ts';
import { APPLICABILITY, type BuyingRhythm } from '../../segmentation/statistics/applicability.ts';
import type { Queryable } from '../../store/pool.ts';
import { addUp } from './ranges.ts';
import type { ReviewScene } from './scene.ts';

/**
 * How many buy again, how many of them show a rhythm (three gaps between days with purchases or more), and how many at
 * regular intervals. Null for methods that do not read how often somebody buys.
 */
export async function readRegularBuying(
  db: Queryable,
  { tenant, index, asOf }: ReviewScene,
  { method, subject }: Segmentation,
): Promise<BuyingRhythm | null> {
  if (method !== 'rfm' && method !== 'lifetime_value' && method !== 'churn') return null;
  const canRead = (['won', 'closed_at'] as const).every((key) => index.get('deal', key) !== undefined);
  if (!canRead) return null;
  const owner = `${subject}_id`;
  const rows = await addUp(db, tenant, subject, async ({ from, to }) => {
    const { rows: counted } = await db.query<BuyingRhythm>(
      `select count(*)::int as repeaters, count(*) filter (where gaps >= 3)::int as known,
         count(*) filter (where gaps >= 3 and spread < $3::double precision * mean)::int as regular
       from (
         select id, count(*) as gaps, avg(gap) as mean, stddev_samp(gap) as spread from (
           select id, day - lag(day) over (partition by id order by day) as gap from (
             select distinct ${owner} as id, closed_at as day from ${tenant.schema}.deal
             where ${owner} between $1 and $2 and won and counts and closed_at <= ($4::timestamptz at time zone $5)::date
           ) days
         ) gaps where gap is not null group by 1
       ) rhythm`,
      [from, to, APPLICABILITY.regularGap, asOf, tenant.zone],
    );
    return counted;
  });
  return rows[0] ?? { repeaters: 0, known: 0, regular: 0 };
}
