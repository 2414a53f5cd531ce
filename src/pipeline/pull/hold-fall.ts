import type { Page } from '../../../connectors/contract.ts';
import { saveCursor } from '../../store/cursors.ts';
import { recordTables } from '../../store/records.ts';
import { fenced } from '../with-leases.ts';
import { isFall, type Progress } from './falls.ts';
import { add, type Scene } from './pull-scene.ts';

/** Deletes are applied until they are more than may happen unseen; then they wait for a person. */
export async function holdsFall(scene: Scene, page: Page, progress: Progress): Promise<boolean> {
  const { pool, tenant } = scene.work;
  if (progress.accepted) return false;
  const { rows } = await pool.query<{ live: number }>(
    `select count(*)::int as live from ${tenant.schema}.${recordTables[scene.object].table}
     where connection_id = $1 and id = any($2::text[]) and state = 'live'`,
    // A merged record lives on in another one.
    [scene.connectionId, page.records.filter((r) => r.state === 'deleted').map((record) => record.id)],
  );
  const missing = progress.gone + (rows[0]?.live ?? 0);
  const live = progress.live ?? 0;
  if (!isFall(tenant, missing, live)) return false;
  await noteFall(scene, 'deleted', progress, { live, missing });
  return true;
}

/** Keeps the fall with the cursor, for a person to accept; nothing of it is applied until then. */
export async function noteFall(
  scene: Scene,
  purpose: 'full' | 'links' | 'deleted',
  progress: Progress,
  fall: { live: number; missing: number },
): Promise<void> {
  const { tenant, log } = scene.work;
  const since = progress.fall?.since ?? scene.work.run.asOf.toISOString();
  const value = { ...progress, fall: { ...fall, since } };
  await fenced(scene.work, async (client) => {
    // Done, so that the next run looks again from the start: the CRM may have come back to its senses.
    await saveCursor(client, tenant, { ...scene, purpose }, { value, done: purpose !== 'deleted' });
  });
  add(scene, 'held', fall.missing);
  log.warn(
    { connection: scene.connectionId, object: scene.object, ...fall },
    'far fewer records than before; nothing was removed, a person must say whether that is right',
  );
}
