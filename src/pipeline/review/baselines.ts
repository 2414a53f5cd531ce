import { addBaseline, listWithoutBaseline } from '../../store/baselines.ts';
import type { StageContext } from '../stage.ts';
import { readDistributions } from './distributions.ts';
import { readReviewScene } from './scene.ts';

/**
 * Keeps how the attributes are distributed that a segmentation goes by, at the first run that labels by a version of
 * it: what drift is measured against from the first report on. Not when it is published, as its attributes may have
 * no values before that run. False where the time of the slice was up before all were done.
 */
export async function storeBaselines({
  pool,
  tenant,
  run,
  deadline,
  signal,
}: Pick<StageContext, 'pool' | 'tenant' | 'deadline' | 'signal'> & {
  run: Pick<StageContext['run'], 'asOf' | 'pins'>;
}): Promise<boolean> {
  const { asOf, pins } = run;
  const labelled = Object.entries(pins).map(([key, { definition }]) => ({ key, version: definition }));
  const fresh = new Set((await listWithoutBaseline(pool, tenant, labelled)).map(({ key }) => key));
  if (fresh.size === 0) return true;
  const scene = await readReviewScene(pool, tenant, asOf);
  const seen: Parameters<typeof readDistributions>[4] = new Map();
  let stored = 0;
  for (const row of scene.published) {
    if (!fresh.has(row.key) || pins[row.key]?.definition !== row.version) continue;
    // One at least, however late it is: else a large store would never come to an end.
    if (stored > 0 && (performance.now() >= deadline || signal.aborted)) return false;
    const all = await readDistributions(pool, scene, row, new Map(), seen);
    // Nothing is known of the others yet: that they get values is no drift.
    const distributions = all.filter(({ counts }) => counts.slice(0, -1).some((n) => n > 0));
    await addBaseline(pool, tenant, { key: row.key, version: row.version, at: asOf, distributions });
    stored += 1;
  }
  return true;
}
