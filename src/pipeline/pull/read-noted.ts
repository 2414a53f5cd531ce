import { clearDirtyRecords, takeDirtyRecords } from '../../store/dirty.ts';
import { fenced } from '../with-leases.ts';
import { add, count, type Ending, pages, type Scene, store } from './pull-scene.ts';

/** Noted records read in one call of the connector. */
const NOTED_AT_ONCE = 1_000;

/** Reads the noted records by id, as they are now. */
export async function readNoted(scene: Scene): Promise<Ending> {
  const { pool, tenant } = scene.work;
  const notes = await takeDirtyRecords(pool, tenant, { ...scene, limit: NOTED_AT_ONCE });
  if (notes.length === 0) return 'done';
  const open = new Map(notes.map((note) => [note.id, note]));
  for await (const page of pages(scene, 'ids', null, notes)) {
    const ids = [...page.records, ...(page.unreadable ?? [])].map((row) => row.id);
    const answered = ids.flatMap((id) => open.get(id) ?? []);
    const outcome = await store(scene, 'ids', page, async (client) => {
      await clearDirtyRecords(client, tenant, { ...scene, notes: answered });
    });
    for (const note of answered) open.delete(note.id);
    count(scene, outcome);
  }
  // The connector owes an answer for each id; one it does not give must not be asked for without end.
  const unanswered = [...open.values()];
  await fenced(scene.work, (client) => clearDirtyRecords(client, tenant, { ...scene, notes: unanswered }));
  if (open.size > 0) add(scene, 'unanswered', open.size);
  return 'again';
}
