import { pendingTargets } from '../pipeline/publish/release.ts';
import type { TargetCounts } from '../pipeline/push/difference.ts';
import type { Pool } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** Whatever a run, a release, an undo or a pin does not change (a customer who is erased) shows after this time. */
const LIFE_MS = 60_000;
const MOST_TENANTS = 500;

type Counts = Map<string, TargetCounts>;
type Kept = { state: string; until: number; counts: Promise<Counts> };

const kept = new WeakMap<Pool, Map<string, Kept>>();

/**
 * What writing each target that waits would do, by target id. Counting looks at every record (a second or more for
 * 100,000), so it is done once for all who look, and again when something has changed. While a run is under way the
 * figures are those of before, or up to a minute old.
 */
export async function waitingCounts(pool: Pool, tenant: Tenant, asOf: Date): Promise<Counts> {
  const byTenant = kept.get(pool) ?? new Map<string, Kept>();
  kept.set(pool, byTenant);
  const state = await stateOf(pool, tenant);
  const known = byTenant.get(tenant.id);
  if (known && known.state === state && known.until > performance.now()) return known.counts;
  const counts = count(pool, tenant, asOf);
  const made = { state, until: performance.now() + LIFE_MS, counts };
  byTenant.delete(tenant.id);
  byTenant.set(tenant.id, made);
  const [oldest] = byTenant.keys();
  if (byTenant.size > MOST_TENANTS && oldest !== undefined) byTenant.delete(oldest);
  // A failure is not kept: whoever looks next tries again.
  counts.catch(() => {
    if (byTenant.get(tenant.id) === made) byTenant.delete(tenant.id);
  });
  return counts;
}

async function count(pool: Pool, tenant: Tenant, asOf: Date): Promise<Counts> {
  const pending = await pendingTargets(pool, tenant, asOf, { withPaused: true });
  return new Map(
    pending.map(({ target, shown, writes, changes }) => [target.id, { shown, writes, changes }]),
  );
}

/** Differs once something that the counts rest on has: runs and undos that ended, targets, definitions, pins. */
async function stateOf(pool: Pool, { schema }: Tenant): Promise<string> {
  const { rows } = await pool.query<{ state: string }>(
    `select concat_ws(' ',
       (select concat(count(*), '/', max(ended_at)) from ${schema}.run where ended_at is not null),
       (select concat(count(*), '/', max(ended_at), '/', sum(restored)) from ${schema}.undo),
       (select string_agg(concat(id, ':', state, ':', reason), ',' order by id) from ${schema}.target),
       (select string_agg(concat(key, ':', version), ',' order by key) from ${schema}.segmentation
        where state = 'published'),
       (select string_agg(concat(key, ':', state), ',' order by key) from ${schema}.experiment),
       (select concat(count(*), '/', max(seen_at)) from ${schema}.pin)) as state`,
  );
  return rows[0]?.state ?? '';
}
