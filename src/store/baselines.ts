import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** How the attributes of one version of a segmentation were distributed when it was first applied; as stored. */
export type StoredBaseline = { at: Date; distributions: unknown };

/** Of these versions, the ones that have no baseline yet. */
export async function listWithoutBaseline(
  db: Queryable,
  { schema }: Tenant,
  versions: readonly { key: string; version: number }[],
): Promise<{ key: string; version: number }[]> {
  const { rows } = await db.query<{ key: string; version: number }>(
    `select v.key, v.version from unnest($1::text[], $2::int[]) v (key, version)
     where not exists (
       select from ${schema}.baseline b where b.segmentation = v.key and b.version = v.version)`,
    [versions.map(({ key }) => key), versions.map(({ version }) => version)],
  );
  return rows;
}

/** The first one stays. */
export async function addBaseline(
  db: Queryable,
  { schema }: Tenant,
  { key, version, at, distributions }: { key: string; version: number; at: Date; distributions: unknown },
): Promise<void> {
  await db.query(
    `insert into ${schema}.baseline (segmentation, version, at, distributions) values ($1, $2, $3, $4::jsonb)
     on conflict do nothing`,
    [key, version, at, JSON.stringify(distributions)],
  );
}

export async function findBaseline(
  db: Queryable,
  { schema }: Tenant,
  { key, version }: { key: string; version: number },
): Promise<StoredBaseline | null> {
  const { rows } = await db.query<StoredBaseline>(
    `select at, distributions from ${schema}.baseline where segmentation = $1 and version = $2`,
    [key, version],
  );
  return rows[0] ?? null;
}
