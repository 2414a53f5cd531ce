import type { Budget, LimitReport } from './contract.ts';

/**
 * A sliding window over calls, as a value: in memory, or in a row that many workers share.
 *
 * The CRM counts a call when it arrives, which is some time between sending it and its answer. So a permit is
 * `open` from the grant until its answer came, and only then starts to age: whatever the network does, the CRM
 * never sees more than `permits` in a window. All times are milliseconds of one clock, the keeper's.
 */
export type PaceState = {
  /** Answered calls by (rounded-up) time: [ms, permits], oldest first. */
  spent: [number, number][];
  /** Permits handed out and not settled: [lease, granted at, permits]. */
  open: [string, number, number][];
  /** The CRM asked us not to call before. */
  notBefore: number;
  /** What the CRM says the window's limit is; it wins over the budget's own figure. */
  limit: number | null;
};

export const emptyPace = (): PaceState => ({ spent: [], open: [], notBefore: 0, limit: null });

/** A permit whose holder never came back counts as used this long after its grant. */
const LOST_AFTER_MS = 120_000;
/** Times are rounded up to 1/200 of the window: at most some 200 entries, and at most 0.5 % slower. */
const BUCKETS = 200;

const total = (entries: readonly (readonly [...unknown[], number])[]): number =>
  entries.reduce((sum, entry) => sum + Number(entry.at(-1)), 0);

function aged(state: PaceState, budget: Budget, now: number): PaceState {
  const lost = state.open.filter(([, at]) => at + LOST_AFTER_MS <= now);
  const open = lost.length === 0 ? state.open : state.open.filter(([, at]) => at + LOST_AFTER_MS > now);
  let { spent } = state;
  for (const [, , permits] of lost) spent = spend(spent, budget, now, permits);
  const first = spent.findIndex(([at]) => at + budget.windowMs + graceMs(budget) > now);
  return { ...state, open, spent: first === -1 ? [] : spent.slice(first) };
}

/** Entries are kept a little longer than they count: an answer tells what the CRM counted when it was called. */
const graceMs = (budget: Budget) => Math.min(2_000, budget.windowMs / 5);

const inWindow = (state: PaceState, budget: Budget, now: number) =>
  state.spent.filter(([at]) => at + budget.windowMs > now);

function spend(spent: [number, number][], budget: Budget, at: number, permits: number): [number, number][] {
  if (permits <= 0) return spent;
  const bucketMs = Math.max(1, budget.windowMs / BUCKETS);
  const time = Math.ceil(at / bucketMs) * bucketMs;
  const same = spent.find(([existing]) => existing === time);
  if (same) return spent.map((entry) => (entry === same ? [time, entry[1] + permits] : entry));
  return [...spent, [time, permits] satisfies [number, number]].sort(([a], [b]) => a - b);
}

/**
 * Takes up to `wanted` permits under the name `lease`, at least `least` or none. `waitMs` 0: granted. Else come
 * back after `waitMs` (infinite: when a call under way is answered).
 */
export function grant(
  state: PaceState,
  budget: Budget,
  now: number,
  lease: string,
  wanted = 1,
  least = wanted,
): { state: PaceState; granted: number; waitMs: number } {
  const current = aged(state, budget, now);
  if (now < current.notBefore) return { state: current, granted: 0, waitMs: current.notBefore - now };
  const limit = current.limit ?? budget.permits;
  const inFlight = total(current.open);
  const spent = inWindow(current, budget, now);
  const free = Math.floor(limit - inFlight - total(spent));
  const slots = (budget.concurrency ?? Number.POSITIVE_INFINITY) - inFlight;
  const granted = Math.min(wanted, free, slots);
  // A cost above the whole limit is let through when nothing else is under way: it could never pass otherwise.
  const passes = granted >= least || (inFlight === 0 && spent.length === 0);
  if (passes && granted > 0) {
    const taken = Math.max(granted, least);
    return {
      state: { ...current, open: [...current.open, [lease, now, taken]] },
      granted: taken,
      waitMs: 0,
    };
  }
  return { state: current, granted: 0, waitMs: waitForRoom(current, budget, now, least, limit, slots) };
}

function waitForRoom(
  state: PaceState,
  budget: Budget,
  now: number,
  least: number,
  limit: number,
  slots: number,
): number {
  if (slots < least) return Number.POSITIVE_INFINITY;
  const spent = inWindow(state, budget, now);
  let free = limit - total(state.open) - total(spent);
  for (const [at, permits] of spent) {
    free += permits;
    if (free >= least) return Math.max(1, at + budget.windowMs - now);
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Says what became of a lease: `used` as [milliseconds ago, permits]; `kept` stays open under it; the rest of what
 * it held was not used and goes back.
 */
export function settle(
  state: PaceState,
  budget: Budget,
  now: number,
  lease: string,
  used: readonly [number, number][] = [[0, 1]],
  kept = 0,
): PaceState {
  let { spent } = state;
  for (const [agoMs, permits] of used) spent = spend(spent, budget, now - Math.max(0, agoMs), permits);
  const open = state.open.filter(([name]) => name !== lease);
  if (kept > 0) open.push([lease, now, kept]);
  return aged({ ...state, spent, open }, budget, now);
}

/** Takes in what the CRM said: a wait, another limit, or that somebody else uses the same window. */
export function heed(state: PaceState, budget: Budget, now: number, report: LimitReport): PaceState {
  const current = aged(state, budget, now);
  const limit = report.limit ?? current.limit;
  const notBefore = Math.max(current.notBefore, now + (report.retryAfterMs ?? 0));
  const heeded = { ...current, limit, notBefore };
  if (report.remaining === undefined || limit === null) return heeded;
  // What we count, grace included, is never less than what the CRM counted of us; the surplus is another's.
  const others = limit - report.remaining - total(current.open) - total(current.spent);
  return others > 0 ? { ...heeded, spent: spend(current.spent, budget, now, others) } : heeded;
}
