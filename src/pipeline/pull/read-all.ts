import { getCursor, saveCursor } from '../../store/cursors.ts';
import { markFilled } from '../../store/mappings.ts';
import { countMissing, noteMissing, recordTables } from '../../store/records.ts';
import { fenced } from '../with-leases.ts';
import { isFall, Progress } from './falls.ts';
import { noteFall } from './hold-fall.ts';
import { count, type Ending, pages, progressOf, type Scene, store } from './pull-scene.ts';

/** A pass over all records, or over all their ids and links. */
export async function readAll(scene: Scene, purpose: 'full' | 'links'): Promise<Ending> {
  const { pool, tenant } = scene.work;
  const { cursor, progress: last } = await progressOf(scene, purpose);
  const isUnderWay = cursor !== null && !cursor.done && last.startedAt !== null;
  let progress = isUnderWay ? last : await startPass(scene, last);
  if (progress.accepted || progress.ended) return await endPass(scene, purpose, progress);
  for await (const page of pages(scene, purpose, progress.cursor)) {
    const outcome = await store(
      { ...scene, since: progress.startedAt ?? undefined },
      purpose,
      page,
      async (client) => {
        progress = {
          ...progress,
          cursor: page.cursor,
          seen: progress.seen + page.records.length,
          untold: progress.untold + page.records.filter((r) => r.state === 'live' && !r.links).length,
          total: page.total ?? progress.total,
          ended: page.done,
        };
        await saveCursor(client, tenant, { ...scene, purpose }, { value: progress, done: false });
      },
    );
    count(scene, outcome);
    if (page.done) return await endPass(scene, purpose, progress);
    if (performance.now() >= scene.work.deadline || scene.work.signal.aborted) return 'again';
  }
  return 'again';

  async function startPass(of: Scene, before: Progress): Promise<Progress> {
    const { rows } = await pool.query<{ at: string }>('select clock_timestamp()::text as at');
    return Progress.parse({
      cursor: null,
      startedAt: rows[0]?.at,
      attributes: of.reading.mappings.map((mapping) => mapping.attribute),
      total: before.total,
    });
  }
}

/** Ends a pass: what it did not meet is noted to be read by id, unless that is more than may go unseen. */
async function endPass(scene: Scene, purpose: 'full' | 'links', progress: Progress): Promise<Ending> {
  const { pool, tenant } = scene.work;
  const since = progress.startedAt ?? '-infinity';
  const { live, missing } = await countMissing(pool, tenant, { ...scene, since });
  if (!progress.accepted && isFall(tenant, missing, live)) {
    await noteFall(scene, purpose, progress, { live, missing });
    return 'done';
  }
  await fenced(scene.work, async (client) => {
    if (missing > 0) await noteMissing(client, tenant, { ...scene, since });
    if (purpose === 'full') {
      await markFilled(client, tenant, { ...scene, attributes: progress.attributes });
      const changes = await getCursor(client, tenant, { ...scene, purpose: 'changes' });
      // The end of the first load is where changes begin; later passes leave that cursor where it is.
      if (changes === null) {
        const value = Progress.parse({ cursor: progress.cursor });
        await saveCursor(client, tenant, { ...scene, purpose: 'changes' }, { value, done: false });
      }
    }
    const value = { ...progress, accepted: false, fall: null };
    await saveCursor(client, tenant, { ...scene, purpose }, { value, done: true });
  });
  // A table that has just grown has no statistics, and the embedded database gathers none by itself.
  await pool.query(`analyze ${tenant.schema}.${recordTables[scene.object].table}`);
  await pool.query(`analyze ${tenant.schema}.association`);
  return 'done';
}
