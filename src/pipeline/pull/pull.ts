import { z } from 'zod';
import type { Connector, Json } from '../../../connectors/contract.ts';
import { RateLimitError, RemoteError } from '../../errors.ts';
import type { ObjectType } from '../../model/record.ts';
import { listAttributes } from '../../store/columns.ts';
import { setConnectionState } from '../../store/connections.ts';
import { listMappings } from '../../store/mappings.ts';
import { pullRates } from '../profile/rates.ts';
import { shownProperties } from '../push/shown-values.ts';
import type { OpenConnection, SliceResult, StageContext } from '../stage.ts';
import { lookUpProperties } from './look-up-properties.ts';
import { hasLoaded, needsReadAgain, needsSweep } from './pull-due.ts';
import type { Counts, Ending, Scene, Wanted } from './pull-scene.ts';
import { readAll } from './read-all.ts';
import { pollChanges, readOn } from './read-changes.ts';
import { readNoted } from './read-noted.ts';
import { readingOf } from './read-record.ts';

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

/** Steps after which that is another: mappings are lost or filled, properties of ours are gone. */
const CHANGES_WANTED: ReadonlySet<Step> = new Set(['properties', 'load', 'again']);

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
