import type { Json, Page, PullMode } from '../../../connectors/contract.ts';
import type { ObjectType } from '../../model/record.ts';
import { type CursorPurpose, getCursor } from '../../store/cursors.ts';
import type { MappingRow } from '../../store/mappings.ts';
import { analyzeGrown } from '../../store/plans.ts';
import { recordTables } from '../../store/records.ts';
import type { ShownProperty } from '../push/shown-values.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { Progress } from './falls.ts';
import { type PageOutcome, type PageSource, storePage } from './pull-page.ts';
import type { Reading } from './read-record.ts';

export type Counts = Record<string, number>;

/** What became of a step: it is through, or has more to do in this run. */
export type Ending = 'done' | 'again';

/** How an object of a connection is read. */
export type Wanted = {
  mappings: MappingRow[];
  reading: Reading;
  /** Our own properties, read back with every page. */
  shown: ShownProperty[];
};

/** Everything that a step needs. */
export type Scene = Wanted & {
  connectionId: string;
  object: ObjectType;
  work: StageContext;
  connection: OpenConnection;
  counts: Counts;
};

/** How far a pass has come, by its cursor row; null where there was none yet. */
export async function progressOf(scene: Scene, purpose: CursorPurpose) {
  const cursor = await getCursor(scene.work.pool, scene.work.tenant, { ...scene, purpose });
  return { cursor, progress: Progress.parse(cursor?.value ?? { cursor: null }) };
}

/** What the connector gives of these records, page by page. */
export function pages(
  scene: Scene,
  mode: PullMode,
  cursor: Json,
  ids?: { id: string; kind: string }[],
): AsyncGenerator<Page, void, void> {
  const { connector, context } = scene.connection;
  if (!connector.pull) throw new Error(`the ${connector.key} connector does not read`);
  const properties = [
    ...new Set([...scene.reading.mappings, ...scene.shown].map(({ property }) => property)),
  ].sort();
  return connector.pull(context, {
    object: scene.object,
    mode,
    properties,
    cursor,
    ids: ids?.map(({ id, kind }) => ({ id, kind })),
  });
}

/** Stores a page with what `also` commits, the cursor above all. `since`: the pass over all records that it is of. */
export async function store(
  scene: Scene & { since?: string },
  mode: PullMode,
  page: Page,
  also: Parameters<typeof storePage>[3],
): Promise<PageOutcome> {
  const source: PageSource = {
    connectionId: scene.connectionId,
    object: scene.object,
    mode,
    reading: scene.reading,
    shown: scene.shown,
    keep: scene.mappings.filter((mapping) => mapping.problem !== null).map((mapping) => mapping.attribute),
    since: scene.since,
  };
  const outcome = await storePage(scene.work, source, page, also);
  // In a first load: each page looks for its rows in what the pages before it have left.
  await analyzeGrown(scene.work.pool, scene.work.tenant, [recordTables[scene.object].table, 'association']);
  return outcome;
}

export function count(scene: Scene, outcome: PageOutcome): void {
  for (const [name, value] of Object.entries(outcome)) if (value > 0) add(scene, name, value);
}

export function add(scene: Scene, name: string, value: number): void {
  const key = `${scene.object}.${name}`;
  scene.counts[key] = (scene.counts[key] ?? 0) + value;
}
