import { z } from 'zod';
import { Segmentation } from '../segmentation/definition.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

export const SegmentationState = z.enum(['draft', 'published', 'replaced', 'retired']);
export type SegmentationState = z.infer<typeof SegmentationState>;

/** One version of a segmentation; what it says never changes, only its state does. */
export const SegmentationRow = z.object({
  key: z.string(),
  version: z.number().int(),
  definition: Segmentation,
  state: SegmentationState,
  publishedAt: z.date().nullable(),
  publishedBy: z.string().nullable(),
});
export type SegmentationRow = z.infer<typeof SegmentationRow>;

const COLUMNS = `key, version, definition, state, published_at as "publishedAt", published_by as "publishedBy"`;

/** The versions in force, by key. */
export async function listPublished(db: Queryable, tenant: Tenant): Promise<SegmentationRow[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from ${tenant.schema}.segmentation where state = 'published' order by key`,
  );
  return rows.map((row) => SegmentationRow.parse(row));
}

/** Does any segmentation in force say how often to look at it? */
export async function hasReviewDates(db: Queryable, tenant: Tenant): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `select exists (
       select from ${tenant.schema}.segmentation where state = 'published' and definition ? 'review') as found`,
  );
  return rows[0]?.found ?? false;
}

/** The newest version of every key that was ever used, retired ones too: keys are never given out again. */
export async function listNewest(db: Queryable, tenant: Tenant): Promise<SegmentationRow[]> {
  const { rows } = await db.query(
    `select distinct on (key) ${COLUMNS} from ${tenant.schema}.segmentation order by key, version desc`,
  );
  return rows.map((row) => SegmentationRow.parse(row));
}

/** Those versions, whatever became of them since; a run uses the ones that it began with. */
export async function listVersions(
  db: Queryable,
  tenant: Tenant,
  versions: { key: string; version: number }[],
): Promise<SegmentationRow[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from ${tenant.schema}.segmentation
     where (key, version) in (select * from unnest($1::text[], $2::int[])) order by key`,
    [versions.map(({ key }) => key), versions.map(({ version }) => version)],
  );
  return rows.map((row) => SegmentationRow.parse(row));
}

/**
 * Whoever publishes or retires comes one after the other, until the transaction ends; others read meanwhile. To be the
 * first thing of the transaction: what was read before may be of yesterday.
 */
export async function lockSegmentations(client: Queryable, tenant: Tenant): Promise<void> {
  await client.query(`lock table ${tenant.schema}.segmentation in share row exclusive mode`);
}

/** Adds the next version of a key, in force at once; the one before it is replaced. See lockSegmentations. */
export async function publishVersion(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  by: string,
): Promise<number> {
  await db.query(
    `update ${tenant.schema}.segmentation set state = 'replaced' where key = $1 and state = 'published'`,
    [definition.key],
  );
  const { rows } = await db.query<{ version: number }>(
    `insert into ${tenant.schema}.segmentation
       (key, version, definition, state, created_by, published_at, published_by)
     select $1, coalesce(max(version), 0) + 1, $2, 'published', $3, now(), $3
     from ${tenant.schema}.segmentation where key = $1
     returning version`,
    [definition.key, definition, by],
  );
  return rows[0]?.version ?? 1;
}

/** Takes the version in force out of use. Its key stays taken. */
export async function retireVersion(db: Queryable, tenant: Tenant, key: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ${tenant.schema}.segmentation set state = 'retired' where key = $1 and state = 'published'`,
    [key],
  );
  return rowCount > 0;
}

/** Segments that earlier versions of a published segmentation had and the one in force has not. */
export async function listRetiredSegments(
  db: Queryable,
  tenant: Tenant,
): Promise<Map<string, { key: string; name: string }[]>> {
  const { rows } = await db.query<{ segmentation: string; key: string; name: string }>(
    `select distinct on (p.key, segment ->> 'key')
       p.key as segmentation, segment ->> 'key' as key, segment ->> 'name' as name
     from ${tenant.schema}.segmentation p
     join ${tenant.schema}.segmentation old on old.key = p.key and old.version < p.version
     cross join lateral jsonb_array_elements(old.definition -> 'segments') segment
     where p.state = 'published' and not exists (
       select from jsonb_array_elements(p.definition -> 'segments') present
       where present ->> 'key' = segment ->> 'key')
     order by p.key, segment ->> 'key', old.version desc`,
  );
  const retired = new Map<string, { key: string; name: string }[]>();
  for (const { segmentation, key, name } of rows) {
    retired.set(segmentation, [...(retired.get(segmentation) ?? []), { key, name }]);
  }
  return retired;
}

/** Every version of one key, the newest first. */
export async function versionsOf(db: Queryable, tenant: Tenant, key: string): Promise<SegmentationRow[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from ${tenant.schema}.segmentation where key = $1 order by version desc`,
    [key],
  );
  return rows.map((row) => SegmentationRow.parse(row));
}
