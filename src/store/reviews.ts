import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** A report that was prepared on a review date; `report` and `distributions` as they were stored. */
export type StoredReview = {
  id: string;
  segmentation: string;
  version: number;
  at: Date;
  report: unknown;
  distributions: unknown;
  doneAt: Date | null;
  doneBy: string | null;
};

const COLUMNS = `id, segmentation, version, at, report, distributions, done_at as "doneAt", done_by as "doneBy"`;

export async function addReview(
  db: Queryable,
  { schema }: Tenant,
  review: Pick<StoredReview, 'segmentation' | 'version' | 'at' | 'report' | 'distributions'>,
): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into ${schema}.review (segmentation, version, at, report, distributions)
     values ($1, $2, $3, $4::jsonb, $5::jsonb) returning id`,
    [
      review.segmentation,
      review.version,
      review.at,
      JSON.stringify(review.report),
      JSON.stringify(review.distributions),
    ],
  );
  return rows[0]?.id ?? '';
}

/** Newest first. */
export async function listReviews(
  db: Queryable,
  { schema }: Tenant,
  segmentation: string,
): Promise<StoredReview[]> {
  const { rows } = await db.query<StoredReview>(
    `select ${COLUMNS} from ${schema}.review where segmentation = $1 order by at desc, id desc`,
    [segmentation],
  );
  return rows;
}

/** The last one up to `from`, else the first up to `to`: what drift is measured against. */
export async function referenceReview(
  db: Queryable,
  { schema }: Tenant,
  segmentation: string,
  { from, to }: { from: Date; to: Date },
): Promise<StoredReview | null> {
  const { rows } = await db.query<StoredReview>(
    `select ${COLUMNS} from ${schema}.review where segmentation = $1 and at < $3
     order by at <= $2 desc, case when at <= $2 then at end desc, at limit 1`,
    [segmentation, from, to],
  );
  return rows[0] ?? null;
}

/** Says that somebody looked at all reports prepared so far. */
export async function closeReviews(
  db: Queryable,
  { schema }: Tenant,
  segmentation: string,
  done: { by: string; at: Date },
): Promise<number> {
  const { rowCount } = await db.query(
    `update ${schema}.review set done_at = $2, done_by = $3 where segmentation = $1 and done_at is null`,
    [segmentation, done.at, done.by],
  );
  return rowCount;
}

/** By segmentation: when its last report was prepared, and who last looked at one. */
export async function lastReviews(
  db: Queryable,
  { schema }: Tenant,
): Promise<Map<string, { preparedAt: Date; doneAt: Date | null; doneBy: string | null }>> {
  const { rows } = await db.query<{
    segmentation: string;
    preparedAt: Date;
    doneAt: Date | null;
    doneBy: string | null;
  }>(
    `select segmentation, max(at) as "preparedAt", max(done_at) as "doneAt",
       (array_agg(done_by order by done_at desc) filter (where done_at is not null))[1] as "doneBy"
     from ${schema}.review group by segmentation`,
  );
  return new Map(rows.map(({ segmentation, ...row }) => [segmentation, row]));
}
