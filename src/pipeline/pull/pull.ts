import { z } from 'zod';
import type { Connector, Json, Page, PullMode } from '../../../connectors/contract.ts';
import { RateLimitError, RemoteError } from '../../errors.ts';
import { ownerOf } from '../../model/attribute.ts';
import type { ObjectType } from '../../model/record.ts';
import { listAttributes, saveValueNames } from '../../store/columns.ts';
import { setConnectionState } from '../../store/connections.ts';
import { type CursorPurpose, getCursor, saveCursor } from '../../store/cursors.ts';
import { clearDirtyRecords, takeDirtyRecords } from '../../store/dirty.ts';
import { listMappings, type MappingRow, markFilled, noteProperties } from '../../store/mappings.ts';
import { analyzeGrown } from '../../store/plans.ts';
import { transaction } from '../../store/pool.ts';
import { countMissing, noteMissing, recordTables } from '../../store/records.ts';
import { pullRates } from '../profile/rates.ts';
import { noteLostTargets } from '../push/pins.ts';
import { type ShownProperty, shownProperties } from '../push/shown-values.ts';
import type { OpenConnection, SliceResult, StageContext } from '../stage.ts';
import { isFall, Progress } from './falls.ts';
import { type PageOutcome, type PageSource, storePage } from './pull-page.ts';
import { type Reading, readingOf } from './read-record.ts';
import { valueNamesOf } from './value-names.ts';

/** How often every id and association is compared, for what the CRM does not tell as a change. */
const SWEEP_EVERY_MS = 24 * 60 * 60_000;
/** Noted records read in one call of the connector. */
const NOTED_AT_ONCE = 1_000;

/**
 * One step of a pull, for one object of one connection. They run in this order: what was noted, the first load or
 * what changed, what went, then every record again where a new mapping or a person asks for it, or at least every id;
 * `missing` reads by id what that pass did not meet.
 */
const STEPS = ['properties', 'noted', 'load', 'changes', 'deleted', 'again', 'links', 'missing'] as const;
type Step = (typeof STEPS)[number];

type Task = { connectionId: string; object: ObjectType; step: Step };

/** Names of tasks that are done in this run. */
const Position = z.object({ done: z.array(z.string()).default([]) });

type Counts = Record<string, number>;

type Ending = 'done' | 'again';

/** How an object of a connection is read. */
type Wanted = {
  mappings: MappingRow[];
  reading: Reading;
  /** Our own properties, read back with every page. */
  shown: ShownProperty[];
};

/** Steps after which that is another: mappings are lost or filled, properties of ours are gone. */
const CHANGES_WANTED: ReadonlySet<Step> = new Set(['properties', 'load', 'again']);

/** Everything that one task needs. */
type Scene = Task & Wanted & { work: StageContext; connection: OpenConnection; counts: Counts };

/**
 * Reads records from all connections, page by page. What is done in this run is the position; how far each pass
 * has come is in the cursor rows, committed with each page, so a slice may end or die after any of them.
 */
export async function pullSlice(work: StageContext, position: Json): Promise<SliceResult> {
  const done = new Set(Position.parse(position ?? {}).done);
  const counts: Counts = {};
  const waits = new Map<string, RateLimitError>();
  const result = (isDone: boolean): SliceResult => ({ position: { done: [...done] }, done: isDone, counts });

  for (const { id } of work.connections) {
    const connection = await work.openConnection(id);
    if (!connection.connector.pull) continue;
    try {
      const rates = `${id}/currencies`;
      if (!work.run.options.dirtyOnly && !done.has(rates)) {
        await pullRates(work, connection);
        done.add(rates);
      }
      const wanted = new Map<ObjectType, Wanted>();
      for (const task of tasksOf(work, connection)) {
        const name = `${task.connectionId}/${task.object}/${task.step}`;
        while (!done.has(name)) {
          if (performance.now() >= work.deadline || work.signal.aborted) return result(false);
          const now = wanted.get(task.object) ?? (await readWanted(work, task));
          wanted.set(task.object, now);
          const ending = await tasks[task.step]({ ...task, ...now, work, connection, counts });
          if (CHANGES_WANTED.has(task.step)) wanted.delete(task.object);
          if (ending === 'done') done.add(name);
        }
      }
    } catch (error) {
      // The others go on, in both cases.
      if (error instanceof RateLimitError) waits.set(id, error);
      else if (lacksRight(error)) await askForRight(work, id, error);
      else throw error;
    }
  }
  if (waits.size === 0) return result(true);
  const [first] = [...waits.values()].sort((a, b) => a.retryAfterMs - b.retryAfterMs);
  return { ...result(false), waitMs: first?.retryAfterMs ?? 0, ...(first && { because: first }) };
}

/** An admin took a right away that every pull needs: nothing mends that but connecting the account again. */
const lacksRight = (error: unknown): error is RemoteError =>
  error instanceof RemoteError && error.code === 'missing_scope';

/** The connection is left out from now on, so that no more calls are made in vain, until a person has seen to it. */
async function askForRight(
  work: StageContext,
  id: string,
  { code, message, action }: RemoteError,
): Promise<void> {
  work.log.warn({ connection: id, code }, 'a connection lacks a right; the others go on without it');
  await setConnectionState(work.pool, work.tenant, id, 'needs_you', { code, message, action });
}

function tasksOf(work: StageContext, connection: OpenConnection): Task[] {
  const steps = stepsOf(work, connection);
  return connection.connector.objects.flatMap((object) =>
    steps.map((step) => ({ connectionId: connection.id, object, step })),
  );
}

function stepsOf({ run }: StageContext, { connector }: OpenConnection): readonly Step[] {
  if (!run.options.dirtyOnly) return STEPS;
  return run.options.poll && isPolled(connector) ? ['noted', 'changes'] : ['noted'];
}

/** Does nobody tell us when something changes there? */
export const isPolled = ({ auth, pull, webhook }: Connector): boolean =>
  auth === 'oauth2' && pull !== undefined && webhook === undefined;

async function readWanted({ pool, tenant }: StageContext, { connectionId, object }: Task): Promise<Wanted> {
  const mappings = await listMappings(pool, tenant, { connectionId, object });
  const reading = readingOf(object, mappings, await listAttributes(pool, tenant));
  return { mappings, reading, shown: await shownProperties(pool, tenant, connectionId, object) };
}

const tasks: Record<Step, (scene: Scene) => Promise<Ending>> = {
  properties: lookUpProperties,
  noted: readNoted,
  load: async (scene) => ((await hasLoaded(scene)) ? 'done' : await readAll(scene, 'full')),
  changes: (scene) => (scene.work.run.options.dirtyOnly ? pollChanges(scene) : readOn(scene, 'changes')),
  deleted: (scene) => readOn(scene, 'deleted'),
  again: async (scene) => ((await needsReadAgain(scene)) ? await readAll(scene, 'full') : 'done'),
  links: async (scene) => ((await needsSweep(scene)) ? await readAll(scene, 'links') : 'done'),
  missing: readNoted,
};

// What is due -------------------------------------------------------------------------------------------------

async function hasLoaded(scene: Scene): Promise<boolean> {
  const changes = await getCursor(scene.work.pool, scene.work.tenant, { ...scene, purpose: 'changes' });
  return changes !== null;
}

async function progressOf(scene: Scene, purpose: CursorPurpose) {
  const cursor = await getCursor(scene.work.pool, scene.work.tenant, { ...scene, purpose });
  return { cursor, progress: Progress.parse(cursor?.value ?? { cursor: null }) };
}

/** A pass is under way, a mapping has no values yet, or this run is to read everything and has not. */
async function needsReadAgain(scene: Scene): Promise<boolean> {
  const { cursor } = await progressOf(scene, 'full');
  if (cursor === null || !cursor.done) return true;
  if (scene.mappings.some((mapping) => !mapping.filled && mapping.problem === null)) return true;
  return scene.work.run.options.full === true && cursor.updatedAt < (await runStart(scene));
}

async function needsSweep(scene: Scene): Promise<boolean> {
  const links = await progressOf(scene, 'links');
  if (links.cursor !== null && !links.cursor.done) return true;
  const full = await progressOf(scene, 'full');
  const sweptAt = links.cursor?.updatedAt.getTime() ?? 0;
  // A bulk load can't always tell links.
  if (full.progress.untold > 0 && sweptAt < (full.cursor?.updatedAt.getTime() ?? 0)) return true;
  const latest = Math.max(sweptAt, full.cursor?.updatedAt.getTime() ?? 0);
  return Date.now() - latest >= SWEEP_EVERY_MS;
}

async function runStart(scene: Scene): Promise<Date> {
  const { rows } = await scene.work.pool.query<{ at: Date }>(
    `select coalesce(started_at, requested_at) as at from ${scene.work.tenant.schema}.run where id = $1`,
    [scene.work.run.id],
  );
  return rows[0]?.at ?? scene.work.run.asOf;
}

// Steps -------------------------------------------------------------------------------------------------------

/**
 * Compares the mapped properties with what the CRM has, so that a lost one is named and never read as empty; notes what
 * it calls their values.
 */
async function lookUpProperties(scene: Scene): Promise<Ending> {
  const { connector, context } = scene.connection;
  if (!connector.discover || scene.mappings.length + scene.shown.length === 0) return 'done';
  const properties = await connector.discover(context, scene.object);
  const { tenant } = scene.work;
  const attributes = await listAttributes(scene.work.pool, tenant);
  const owner = ownerOf[scene.object];
  const names = valueNamesOf(owner, scene.mappings, properties, attributes, scene.connection.config);
  await transaction(scene.work.pool, async (client) => {
    await scene.work.checkFence(client);
    const existing = properties.map((property) => property.name);
    const { lost } = await noteProperties(client, tenant, { ...scene, existing });
    if (lost > 0) add(scene, 'lost_properties', lost);
    await saveValueNames(client, tenant, names);
    await noteLostTargets(client, tenant, { ...scene, existing }, scene.shown);
  });
  return 'done';
}

/** Reads the noted records by id, as they are now. */
async function readNoted(scene: Scene): Promise<Ending> {
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
  await clearDirtyRecords(pool, tenant, { ...scene, notes: [...open.values()] });
  if (open.size > 0) add(scene, 'unanswered', open.size);
  return 'again';
}

/** What changed since the last look, where there was a first; a spent budget must not keep a refresh waiting. */
async function pollChanges(scene: Scene): Promise<Ending> {
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
async function readOn(scene: Scene, purpose: 'changes' | 'deleted'): Promise<Ending> {
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

/** Deletes are applied until they are more than may happen unseen; then they wait for a person. */
async function holdsFall(scene: Scene, page: Page, progress: Progress): Promise<boolean> {
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

/** A pass over all records, or over all their ids and links. */
async function readAll(scene: Scene, purpose: 'full' | 'links'): Promise<Ending> {
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
  await transaction(pool, async (client) => {
    await scene.work.checkFence(client);
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

async function noteFall(
  scene: Scene,
  purpose: 'full' | 'links' | 'deleted',
  progress: Progress,
  fall: { live: number; missing: number },
): Promise<void> {
  const { pool, tenant, log } = scene.work;
  const since = progress.fall?.since ?? scene.work.run.asOf.toISOString();
  const value = { ...progress, fall: { ...fall, since } };
  await transaction(pool, async (client) => {
    await scene.work.checkFence(client);
    // Done, so that the next run looks again from the start: the CRM may have come back to its senses.
    await saveCursor(client, tenant, { ...scene, purpose }, { value, done: purpose !== 'deleted' });
  });
  add(scene, 'held', fall.missing);
  log.warn(
    { connection: scene.connectionId, object: scene.object, ...fall },
    'far fewer records than before; nothing was removed, a person must say whether that is right',
  );
}

// Pages -------------------------------------------------------------------------------------------------------

function pages(
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

async function store(
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

function count(scene: Scene, outcome: PageOutcome): void {
  for (const [name, value] of Object.entries(outcome)) if (value > 0) add(scene, name, value);
}

function add(scene: Scene, name: string, value: number): void {
  const key = `${scene.object}.${name}`;
  scene.counts[key] = (scene.counts[key] ?? 0) + value;
}
