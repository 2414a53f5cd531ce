import { readScene, type Scene, type ShownTarget, shownTargets } from '../pipeline/push/desired.ts';
import { countDifferences, rangeEnd, type TargetCounts } from '../pipeline/push/difference.ts';
import { listConnections } from '../store/connections.ts';
import type { Pool } from '../store/pool.ts';
import { countShown } from '../store/shown.ts';
import type { TargetRow } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';

/** Whatever a run, a release, an undo or a pin does not change (a customer who is erased) shows after this time. */
const LIFE_MS = 60_000;
/** Counts live longer where they took long: a process counts for a tenth of its time at most. */
const LIVES_OF_COUNTING = 10;
const MOST_TENANTS = 500;

export type WaitingCounts = {
  /** By target id: of those that wait, what writing them would do; of all, the records that show a value. */
  targets: ReadonlyMap<string, TargetCounts>;
  /** False while only the first records of each object are counted: all figures are at least as high. */
  isWhole: boolean;
};

type Counting = {
  state: string;
  until: number;
  targets: Map<string, TargetCounts>;
  isWhole: boolean;
  /** Resolves once each object's first records are counted; the rest follows. */
  begun: Promise<void>;
};

const kept = new WeakMap<Pool, Map<string, Counting>>();

/**
 * What writing each target that waits would do. Counting looks at every record (seconds for 100,000), so nobody waits
 * for it: the first 10,000 records of each object are counted for the first answer, the rest behind it, once for all
 * who look, and again when something has changed. While a run is under way the figures are those of before, or up to
 * a minute old.
 */
export async function waitingCounts(pool: Pool, tenant: Tenant, asOf: Date): Promise<WaitingCounts> {
  const byTenant = kept.get(pool) ?? new Map<string, Counting>();
  kept.set(pool, byTenant);
  const state = await stateOf(pool, tenant);
  const known = byTenant.get(tenant.id);
  const counting =
    known && known.state === state && known.until > performance.now()
      ? known
      : begin(pool, tenant, { asOf, state, byTenant });
  await counting.begun;
  return { targets: counting.targets, isWhole: counting.isWhole };
}

function begin(
  pool: Pool,
  tenant: Tenant,
  { asOf, state, byTenant }: { asOf: Date; state: string; byTenant: Map<string, Counting> },
): Counting {
  const first = Promise.withResolvers<void>();
  const made: Counting = {
    state,
    until: Number.POSITIVE_INFINITY,
    targets: new Map(),
    isWhole: false,
    begun: first.promise,
  };
  byTenant.delete(tenant.id);
  byTenant.set(tenant.id, made);
  const [oldest] = byTenant.keys();
  if (byTenant.size > MOST_TENANTS && oldest !== undefined) byTenant.delete(oldest);
  const isWanted = () => byTenant.get(tenant.id) === made;
  const began = performance.now();
  count(pool, tenant, asOf, { into: made.targets, onBegun: first.resolve, isWanted }).then(
    (isWhole) => {
      const tookMs = performance.now() - began;
      made.isWhole = isWhole;
      made.until = performance.now() + Math.max(LIFE_MS, LIVES_OF_COUNTING * tookMs);
      first.resolve();
    },
    (error: unknown) => {
      // A failure is not kept: whoever looks next tries again, and hears of it where it stays.
      if (isWanted()) byTenant.delete(tenant.id);
      first.reject(error);
    },
  );
  return made;
}

/** The records of one object of one connection, with the targets there. */
type Part = { scene: Scene; object: TargetRow['object']; waiting: ShownTarget[]; after: string | null };

/**
 * Range by range of each object in turn, until all are counted or nobody wants it any more.
 * @returns whether all are counted
 */
async function count(
  pool: Pool,
  tenant: Tenant,
  asOf: Date,
  { into, onBegun, isWanted }: { into: Map<string, TargetCounts>; onBegun(): void; isWanted(): boolean },
): Promise<boolean> {
  let parts: Part[] = [];
  for (const { id } of await listConnections(pool, tenant)) {
    const scene = await readScene(pool, tenant, id, asOf);
    for (const object of new Set(scene.targets.map((target) => target.object))) {
      const own = scene.targets.filter((target) => target.object === object);
      parts.push({ scene, object, waiting: shownTargets(own.filter(isWaiting)), after: null });
    }
  }
  while (parts.length > 0 && isWanted()) {
    const left: Part[] = [];
    for (const part of parts) {
      const end = await countRange(pool, part, into);
      if (end !== null) left.push({ ...part, after: end });
    }
    onBegun();
    parts = left;
  }
  return parts.length === 0;
}

const isWaiting = ({ state, reason }: TargetRow): boolean => state !== 'live' || reason !== null;

/** @returns where the next range begins; null after the last */
async function countRange(
  pool: Pool,
  { scene, object, waiting, after }: Part,
  into: Map<string, TargetCounts>,
): Promise<string | null> {
  const to = await rangeEnd(pool, scene, object, after);
  const range = { after, to };
  const add = (id: string, more: Partial<TargetCounts>) => {
    const { shown, writes, changes } = into.get(id) ?? { shown: 0, writes: 0, changes: 0 };
    into.set(id, {
      shown: shown + (more.shown ?? 0),
      writes: writes + (more.writes ?? 0),
      changes: changes + (more.changes ?? 0),
    });
  };
  const within = { connectionId: scene.connectionId, object, ...range };
  for (const [id, shown] of await countShown(pool, scene.tenant, within)) add(id, { shown });
  if (waiting.length > 0) {
    const differences = await countDifferences(pool, scene, object, waiting, range);
    for (const [id, { writes, changes }] of differences.targets) add(id, { writes, changes });
  }
  return to;
}

/** Differs once something that the counts rest on has: runs and undos that ended, targets, definitions, pins. */
async function stateOf(pool: Pool, { schema }: Tenant): Promise<string> {
  const { rows } = await pool.query<{ state: string }>(
    `select concat_ws(' ',
       (select concat(count(*), '/', max(ended_at)) from ${schema}.run where ended_at is not null),
       (select concat(count(*), '/', max(ended_at), '/', sum(restored)) from ${schema}.undo),
       (select string_agg(concat(id, ':', state, ':', reason), ',' order by id) from ${schema}.target),
       (select string_agg(concat(key, ':', version), ',' order by key) from ${schema}.segmentation
        where state = 'published'),
       (select string_agg(concat(key, ':', state), ',' order by key) from ${schema}.experiment),
       (select concat(count(*), '/', max(seen_at)) from ${schema}.pin)) as state`,
  );
  return rows[0]?.state ?? '';
}
