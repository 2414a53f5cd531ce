import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { FenceError, RateLimitError } from '../../errors.ts';
import { getConnection } from '../../store/connections.ts';
import { toKnownError } from '../../store/fault.ts';
import { isLeaseAskedFor, pushLease } from '../../store/lease.ts';
import type { SliceResult, StageContext } from '../stage.ts';
import { withLeases } from '../with-leases.ts';
import { backoffMs } from './backoff.ts';

/** How far the push to one connection has come; 'end' is the last phase of each. */
export const Lane = z.object({
  /** It rests until then, in milliseconds since 1970: the CRM is at work, asks us to wait, or failed. */
  notBefore: z.number().default(0),
  /** Failures in a row. */
  failures: z.number().default(0),
});
export type Lane = z.infer<typeof Lane> & { phase: string };

/** One unit of work on a connection: changes the lane, and may ask for a rest of so many milliseconds. */
export type Unit<L extends Lane> = (work: StageContext, lane: L) => Promise<{ wait?: number }>;

/** How soon to look again for a lease that somebody else holds. */
const BUSY_MS = 250;
/** A rest is cut into naps, to see whether the others are still at work. */
const NAP_MS = 50;
/** A unit that takes longer awaits a CRM: meanwhile the others go on after the slice's time, by shorter ones. */
const LONG_UNIT_MS = 1_000;

type Lanes<L extends Lane> = {
  work: StageContext;
  open: (id: string) => Promise<Unit<L>>;
  /** Connections at work, with when their present unit began. */
  busy: Map<string, number>;
  /** Connections that had a turn: each has one, however little time there is. */
  begun: Set<string>;
  /** Connections whose last unit went far past the slice's time: they begin no more. */
  late: Set<string>;
  /** Connections on which something was done in this slice. */
  moved: Set<string>;
  trouble: { id: string; error: unknown }[];
};

/**
 * One slice of the push, each connection in a lane of its own under its own lease. A CRM that is slow, asks us to
 * wait or fails holds back none of the others: they go on meanwhile, past the slice's time too as long as a call is
 * still awaited elsewhere.
 * @throws what they failed of, where all that are left did, and none of the others moved
 */
export async function runLanes<L extends Lane>(
  work: StageContext,
  states: Record<string, L>,
  open: Lanes<L>['open'],
): Promise<Pick<SliceResult, 'done' | 'waitMs' | 'because'>> {
  const unfinished = () =>
    work.connections.flatMap(({ id }) => {
      const lane = states[id];
      return lane && lane.phase !== 'end' ? [{ id, lane }] : [];
    });
  beginWithTheFirst(unfinished().map(({ lane }) => lane));
  const lanes: Lanes<L> = {
    work,
    open,
    busy: new Map(),
    begun: new Set(),
    late: new Set(),
    moved: new Set(),
    trouble: [],
  };
  await Promise.all(unfinished().map(({ id, lane }) => runLane(lanes, id, lane)));

  const left = unfinished();
  const failed = lanes.trouble.find(({ error }) => !(error instanceof RateLimitError));
  for (const { id } of lanes.trouble) lanes.moved.delete(id);
  if (failed && lanes.moved.size === 0 && left.every(({ lane }) => lane.failures > 0)) throw failed.error;
  const waitMs = Math.min(...left.map(({ lane }) => lane.notBefore - Date.now()));
  const [first] = lanes.trouble;
  return {
    done: left.length === 0,
    ...(left.length > 0 && waitMs > 0 && { waitMs }),
    ...(first && { because: toKnownError(first.error) }),
  };
}

/** Where all of them rest, the slice would not have begun before the first is due. */
function beginWithTheFirst(lanes: Lane[]): void {
  const early = Math.min(...lanes.map(({ notBefore }) => notBefore)) - Date.now();
  if (early > 0) for (const lane of lanes) lane.notBefore -= early;
}

async function runLane<L extends Lane>(lanes: Lanes<L>, id: string, lane: L): Promise<void> {
  while (lane.phase !== 'end') {
    const restMs = isOver(lanes, id) ? NAP_MS : lane.notBefore - Date.now();
    if (restMs <= 0) {
      await turn(lanes, id, lane);
      continue;
    }
    const othersWork = [...lanes.busy.keys()].some((other) => other !== id);
    if (lanes.work.signal.aborted || !othersWork) return;
    await sleep(Math.min(restMs, NAP_MS));
  }
}

/** The slice's time is up, and no other connection is in a unit that takes long. */
function isOver<L extends Lane>({ work, busy, begun, late }: Lanes<L>, id: string): boolean {
  const now = performance.now();
  if (work.signal.aborted) return true;
  if (now < work.deadline || !begun.has(id)) return false;
  return late.has(id) || ![...busy].some(([other, began]) => other !== id && now - began > LONG_UNIT_MS);
}

/** Works on one connection until it has to rest, somebody else wants it, or the slice is over. */
async function turn<L extends Lane>(lanes: Lanes<L>, id: string, lane: L): Promise<void> {
  const { work, busy } = lanes;
  const restFor = (ms: number) => {
    lane.notBefore = Date.now() + ms;
  };
  busy.set(id, performance.now());
  try {
    const rest = await withLeases(work, [pushLease(id)], (checkFence) => units(lanes, id, lane, checkFence), {
      lengthMs: work.leaseMs,
      asks: work.run.options.dirtyOnly === true,
    });
    restFor(rest ?? BUSY_MS);
  } catch (error) {
    // A shutdown is no failure: the next worker goes on here.
    if (work.signal.aborted) return;
    if (error instanceof FenceError) {
      work.log.warn({ connection: id }, 'another worker took over; it goes on with the connection');
      return restFor(BUSY_MS);
    }
    lanes.trouble.push({ id, error });
    if (error instanceof RateLimitError) return restFor(error.retryAfterMs);
    lane.failures += 1;
    restFor(backoffMs(lane.failures));
    work.log.warn({ connection: id, err: error }, 'the push to a connection failed');
  } finally {
    busy.delete(id);
    lanes.begun.add(id);
  }
}

/** Answers for how many milliseconds to rest; 0 where there is no reason to. */
async function units<L extends Lane>(
  lanes: Lanes<L>,
  id: string,
  lane: L,
  checkFence: StageContext['checkFence'],
): Promise<number> {
  const { work, busy, begun, late, moved, open } = lanes;
  const { pool, tenant } = work;
  const isQuick = work.run.options.dirtyOnly === true;
  // It may have left since the slice began; what leaves is cleared under this lease.
  if ((await getConnection(pool, tenant, id)).state !== 'connected') return BUSY_MS;
  const unit = await open(id);
  while (lane.phase !== 'end' && !isOver(lanes, id)) {
    if (!isQuick && (await isLeaseAskedFor(pool, tenant, pushLease(id)))) return BUSY_MS;
    const began = performance.now();
    busy.set(id, began);
    begun.add(id);
    const deadline = began < work.deadline ? work.deadline : began + LONG_UNIT_MS;
    const { wait } = await unit({ ...work, checkFence, deadline }, lane);
    const now = performance.now();
    if (now > work.deadline && now - began > LONG_UNIT_MS) late.add(id);
    lane.failures = 0;
    moved.add(id);
    if (wait !== undefined) return wait;
  }
  return 0;
}
