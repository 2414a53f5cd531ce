import { RateLimitError } from '../../errors.ts';
import { saveCursor } from '../../store/cursors.ts';
import { countMissing } from '../../store/records.ts';
import { Progress } from './falls.ts';
import { holdsFall } from './hold-fall.ts';
import { hasLoaded } from './pull-due.ts';
import { add, count, type Ending, pages, progressOf, type Scene, store } from './pull-scene.ts';

/** What changed since the last look, where there was a first; a spent budget must not keep a refresh waiting. */
export async function pollChanges(scene: Scene): Promise<Ending> {
  if (!(await hasLoaded(scene))) return 'done';
  try {
    return await readOn(scene, 'changes');
  } catch (error) {
    if (!(error instanceof RateLimitError)) throw error;
    add(scene, 'not_polled', 1);
    return 'done';
  }
}

/** Goes on from the cursor to the present. */
export async function readOn(scene: Scene, purpose: 'changes' | 'deleted'): Promise<Ending> {
  const { tenant } = scene.work;
  const { progress: start } = await progressOf(scene, purpose);
  let progress = start;
  if (purpose === 'deleted' && progress.live === null) {
    progress = {
      ...progress,
      live: (await countMissing(scene.work.pool, tenant, { ...scene, since: '-infinity' })).live,
    };
  }
  for await (const page of pages(scene, purpose, progress.cursor)) {
    if (purpose === 'deleted' && (await holdsFall(scene, page, progress))) return 'done';
    const outcome = await store(scene, purpose, page, async (client, stored) => {
      const gone = progress.gone + stored.deleted + stored.merged;
      progress = page.done
        ? Progress.parse({ cursor: page.cursor })
        : { ...progress, cursor: page.cursor, gone };
      await saveCursor(client, tenant, { ...scene, purpose }, { value: progress, done: page.done });
    });
    count(scene, outcome);
    if (page.done) return 'done';
    if (performance.now() >= scene.work.deadline || scene.work.signal.aborted) return 'again';
  }
  return 'again';
}
