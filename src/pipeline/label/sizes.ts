import type { Segmentation } from '../../segmentation/definition.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../../store/columns.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';
import { listPublished } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';

export type SegmentSize = { segmentation: string; segment: string; size: number; revenue: string };

/** `unlabelled`: subjects with no label of the segmentation. */
export type SegmentationSizes = { segmentation: string; segments: SegmentSize[]; unlabelled: number };

/**
 * Size and credited revenue (a decimal in the tenant's currency) of every segment of a segmentation, empty ones too,
 * in one query.
 */
export async function segmentSizes(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
): Promise<SegmentationSizes> {
  const { subject, key, labels, segments } = definition;
  const attributes = await listAttributes(db, tenant);
  const hasRevenue = attributes.some(({ owner, key: name }) => owner === subject && name === 'revenue_total');
  // Added up as decimals, rounded once to cents.
  const revenue = hasRevenue ? 'coalesce(sum(s.revenue_total), 0)' : '0';
  const column = `s.${quoted(labelColumn(key))}`;
  // Sets of labels are few: they are counted as they are, and taken apart afterwards.
  const held = `select ${column} as held, count(*) as size, ${revenue} as revenue
    from ${tenant.schema}.${subject} s group by 1`;
  const each =
    labels === 'one'
      ? `select held as segment, size::int as size, round(revenue, 2)::text as revenue from (${held}) h`
      : `select l.segment, sum(h.size)::int as size, round(sum(h.revenue), 2)::text as revenue
         from (${held}) h left join lateral unnest(h.held) as l (segment) on true group by 1`;
  const { rows } = await db.query<{ segment: string | null; size: number; revenue: string }>(each);
  return {
    segmentation: key,
    segments: segments.map((segment) => {
      const row = rows.find((found) => found.segment === segment.key);
      return {
        segmentation: key,
        segment: segment.key,
        size: row?.size ?? 0,
        revenue: row?.revenue ?? '0.00',
      };
    }),
    unlabelled: rows.find(({ segment }) => segment === null)?.size ?? 0,
  };
}

/** The sizes of all segmentations in force. */
export async function allSizes(db: Queryable, tenant: Tenant): Promise<SegmentationSizes[]> {
  const columns = {
    person: await listLabelColumns(db, tenant, 'person'),
    company: await listLabelColumns(db, tenant, 'company'),
  };
  const sizes: SegmentationSizes[] = [];
  for (const { key, definition } of await listPublished(db, tenant)) {
    if (!columns[definition.subject].includes(labelColumn(key))) continue;
    sizes.push(await segmentSizes(db, tenant, definition));
  }
  return sizes;
}

/** Keeps the day's sizes, for how segments grow; the last count of a day stays. */
export async function storeSizes(db: Queryable, tenant: Tenant, asOf: Date): Promise<void> {
  const sizes = (await allSizes(db, tenant)).flatMap(({ segments }) => segments);
  await db.query(
    `insert into ${tenant.schema}.segment_size (day, segmentation, segment, size, revenue)
     select ($2::timestamptz at time zone $3)::date, s.segmentation, s.segment, s.size, s.revenue
     from jsonb_to_recordset($1::jsonb) as s (segmentation text, segment text, size int, revenue numeric)
     on conflict (day, segmentation, segment) do update set size = excluded.size, revenue = excluded.revenue`,
    [JSON.stringify(sizes), asOf, tenant.zone],
  );
}
