import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

export type StoredSize = { segment: string; size: number; revenue: number };

/** Sizes and revenue on the last day that each segmentation was counted, by its key. */
export async function newestSizes(db: Queryable, { schema }: Tenant): Promise<Map<string, StoredSize[]>> {
  const { rows } = await db.query<StoredSize & { segmentation: string }>(
    `select s.segmentation, s.segment, s.size, s.revenue::double precision as revenue
     from ${schema}.segment_size s
     join (select segmentation, max(day) as day from ${schema}.segment_size group by 1) n
       on n.segmentation = s.segmentation and n.day = s.day
     order by s.segmentation, s.segment`,
  );
  const sizes = new Map<string, StoredSize[]>();
  for (const { segmentation, ...size } of rows)
    sizes.set(segmentation, [...(sizes.get(segmentation) ?? []), size]);
  return sizes;
}
