import { addBaseline, listWithoutBaseline } from '../../store/baselines.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { RunScope } from '../stage.ts';
import { readDistributions } from './distributions.ts';
import { readReviewScene } from './scene.ts';

/**
 * Keeps how the attributes are distributed that a segmentation goes by, at the first run that labels by a version of
 * it: what drift is measured against from the first report on. Not when it is published, as its attributes may have
 * no values before that run.
 */
export async function storeBaselines(
  db: Queryable,
  tenant: Tenant,
  { asOf, pins }: Pick<RunScope, 'asOf' | 'pins'>,
): Promise<void> {
  const labelled = Object.entries(pins).map(([key, { definition }]) => ({ key, version: definition }));
  const fresh = new Set((await listWithoutBaseline(db, tenant, labelled)).map(({ key }) => key));
  if (fresh.size === 0) return;
  const scene = await readReviewScene(db, tenant, asOf);
  for (const row of scene.published) {
    if (!fresh.has(row.key) || pins[row.key]?.definition !== row.version) continue;
    const all = await readDistributions(db, scene, row);
    // Nothing is known of the others yet: that they get values is no drift.
    const distributions = all.filter(({ counts }) => counts.slice(0, -1).some((n) => n > 0));
    await addBaseline(db, tenant, { key: row.key, version: row.version, at: asOf, distributions });
  }
}
