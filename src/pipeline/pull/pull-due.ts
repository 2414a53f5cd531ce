import { getCursor } from '../../store/cursors.ts';
import { progressOf, type Scene } from './pull-scene.ts';

/**
 * How often every id and association is compared, for what the CRM does not tell as a change; and every value with
 * them, in as many calls, where a mapped property is worked out by the CRM.
 */
const SWEEP_EVERY_MS = 24 * 60 * 60_000;

export async function hasLoaded(scene: Scene): Promise<boolean> {
  const changes = await getCursor(scene.work.pool, scene.work.tenant, { ...scene, purpose: 'changes' });
  return changes !== null;
}

/** A pass is under way, a mapping has no values yet, or this run is to read everything and has not. */
export async function needsReadAgain(scene: Scene): Promise<boolean> {
  const { cursor } = await progressOf(scene, 'full');
  if (cursor === null || !cursor.done) return true;
  if (scene.mappings.some((mapping) => !mapping.filled && mapping.problem === null)) return true;
  if (scene.mappings.some((mapping) => mapping.calculated && mapping.problem === null)) {
    const { cursor: links } = await progressOf(scene, 'links');
    if (links?.done !== false && isOld(latestOf(cursor, links))) return true;
  }
  return scene.work.run.options.full === true && cursor.updatedAt < (await runStart(scene));
}

export async function needsSweep(scene: Scene): Promise<boolean> {
  const links = await progressOf(scene, 'links');
  if (links.cursor !== null && !links.cursor.done) return true;
  const full = await progressOf(scene, 'full');
  const sweptAt = links.cursor?.updatedAt.getTime() ?? 0;
  // A bulk load can't always tell links.
  if (full.progress.untold > 0 && sweptAt < (full.cursor?.updatedAt.getTime() ?? 0)) return true;
  return isOld(latestOf(full.cursor, links.cursor));
}

/** When the last of some passes ended (ms); 0 where none did. */
const latestOf = (...passes: ({ updatedAt: Date } | null)[]): number =>
  Math.max(0, ...passes.map((pass) => pass?.updatedAt.getTime() ?? 0));

const isOld = (time: number): boolean => Date.now() - time >= SWEEP_EVERY_MS;

async function runStart(scene: Scene): Promise<Date> {
  const { rows } = await scene.work.pool.query<{ at: Date }>(
    `select coalesce(started_at, requested_at) as at from ${scene.work.tenant.schema}.run where id = $1`,
    [scene.work.run.id],
  );
  return rows[0]?.at ?? scene.work.run.asOf;
}
