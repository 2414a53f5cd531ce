import { setTimeout as sleep } from 'node:timers/promises';
import type { Budget, LimitReport } from '../connectors/contract.ts';
import { emptyPace, grant, heed, type PaceState, settle } from '../connectors/pace.ts';
import { RateLimitError } from '../src/errors.ts';
import { changeBudget, saveBudgets } from '../src/store/budgets.ts';
import type { Pool } from '../src/store/pool.ts';

/** A block of permits is used up within this time; what is left of it goes back. */
const BLOCK_MS = 1_000;
/** A longer wait is handed back, so that a worker sleeps in the queue and not in a call. */
const LONGEST_WAIT_MS = 10_000;

/** What nobody here asked for during this time goes back: another worker may wait for it. */
const IDLE_MS = 150;
/** How often to look again where all permits are under way, perhaps in other workers. */
const LOOK_MS = 50;
/** Of the calls that may be under way at once, the part that one block takes: others should have a turn. */
const BLOCKS_AT_ONCE = 2;

/** Permits left, as the CRM says, at which it is worth telling the others. */
const NEARLY_EMPTY = 5;

/** Permits leased from the shared row. */
type Block = {
  lease: string;
  until: number;
  left: number;
  inFlight: number;
  /** Answered and not yet told to the row: [answered at, permits], this process's clock. */
  used: [number, number][];
  idle: NodeJS.Timeout;
};

/**
 * One connection's budgets, shared by all workers through a row per budget. Permits are leased in blocks of at
 * most a second's worth, so that a call costs no statement of its own; each counts from its answer on.
 */
export class SharedPace {
  #pool: Pool;
  #connectionId: string;
  #budgets: Record<string, Budget>;
  #blocks = new Map<string, Block[]>();
  #turns = new Map<string, Promise<void>>();
  /** What the CRM last said a budget's limit is. */
  #limits = new Map<string, number>();
  /** The last answer's word on a budget, not yet told to the others. */
  #heard = new Map<string, LimitReport>();
  #holder: string;
  #leases = 0;
  #settling = new Set<Promise<void>>();
  #settled = new Map<string, Promise<void>>();
  #wake = new Map<string, () => void>();

  constructor(pool: Pool, connectionId: string, budgets: Record<string, Budget>, holder: string) {
    this.#pool = pool;
    this.#connectionId = connectionId;
    this.#budgets = budgets;
    this.#holder = holder;
  }

  /** Waits for its turn and for room. @throws RateLimitError where that is longer than ten seconds. */
  take(name: string, cost: number, signal: AbortSignal): Promise<void> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => this.#take(name, cost, signal));
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** A call was answered or given up: its permit begins to age. */
  answered(name: string): void {
    const block = this.#blocks.get(name)?.find((candidate) => candidate.inFlight > 0);
    if (!block) return;
    block.inFlight -= 1;
    block.used.push([performance.now(), 1]);
    if (block.left === 0 && block.inFlight === 0) this.#settle(name, block);
    this.#wake.get(name)?.();
  }

  report(report: LimitReport): void {
    const budget = this.#budgets[report.budget];
    if (!budget) return;
    // Only what changes something is worth a statement: a wait, another limit, a nearly empty window.
    const isNews =
      report.limit !== undefined && report.limit !== (this.#limits.get(report.budget) ?? budget.permits);
    const isNearlyEmpty = report.remaining !== undefined && report.remaining <= NEARLY_EMPTY;
    if (report.retryAfterMs === undefined && !isNews && !isNearlyEmpty) {
      // The rest goes along with the next statement: somebody else may be using the same window.
      this.#heard.set(report.budget, report);
      return;
    }
    if (report.limit !== undefined) this.#limits.set(report.budget, report.limit);
    this.#change(report.budget, (state, now) => ({
      state: heed(state, budget, now, report),
      answer: undefined,
    }));
  }

  /** Gives back what was not used. Call it when the slice ends; calls still under way count as answered now. */
  async close(): Promise<void> {
    for (const [name, blocks] of this.#blocks) {
      for (const block of [...blocks]) {
        block.used.push([performance.now(), block.inFlight]);
        block.inFlight = 0;
        this.#expire(name, block);
      }
    }
    await Promise.all(this.#settling);
    await saveBudgets(this.#pool, this.#connectionId);
  }

  async #take(name: string, cost: number, signal: AbortSignal): Promise<void> {
    const budget = this.#budgets[name];
    if (!budget) throw new TypeError(`There is no budget "${name}".`);
    for (;;) {
      signal.throwIfAborted();
      const block = this.#blocks
        .get(name)
        ?.find((open) => open.left >= cost && open.until > performance.now());
      if (block) {
        block.left -= cost;
        block.inFlight += 1;
        block.idle.refresh();
        if (cost > 1) block.used.push([performance.now(), cost - 1]);
        return;
      }
      for (const open of [...(this.#blocks.get(name) ?? [])])
        if (open.used.length > 0) this.#settle(name, open);
      await Promise.all(this.#settling);
      const waitMs = await this.#lease(name, budget, cost);
      if (waitMs === 0) continue;
      if (Number.isFinite(waitMs) && waitMs > LONGEST_WAIT_MS) throw budgetSpent(name, waitMs);
      await this.#wait(name, Number.isFinite(waitMs) ? Math.min(waitMs, BLOCK_MS) : LOOK_MS, signal);
    }
  }

  /** Until the time is up, or a call of our own is answered. */
  async #wait(name: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake.set(name, () => woken.abort());
    await sleep(waitMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(
      () => undefined,
    );
    this.#wake.delete(name);
  }

  async #lease(name: string, budget: Budget, cost: number): Promise<number> {
    this.#leases += 1;
    const lease = `${this.#holder}/${this.#leases}`;
    const aSecond = Math.floor((budget.permits * BLOCK_MS) / budget.windowMs);
    const atOnce = Math.floor((budget.concurrency ?? Number.POSITIVE_INFINITY) / BLOCKS_AT_ONCE);
    const wanted = Math.max(cost, 1, Math.min(aSecond, atOnce));
    const { granted, waitMs } = await changeBudget<PaceState, { granted: number; waitMs: number }>(
      this.#pool,
      { connectionId: this.#connectionId, name },
      (state, now) => {
        const answer = grant(state ?? emptyPace(), budget, now, lease, wanted, cost);
        return { state: answer.state, answer };
      },
    );
    if (granted === 0) return waitMs;
    const block: Block = {
      lease,
      until: performance.now() + BLOCK_MS,
      left: granted,
      inFlight: 0,
      used: [],
      idle: setTimeout(() => this.#expire(name, block), IDLE_MS),
    };
    this.#blocks.set(name, [...(this.#blocks.get(name) ?? []), block]);
    return 0;
  }

  /** What is left of the block goes back, whatever its holder is doing. */
  #expire(name: string, block: Block): void {
    if (block.left === 0 && block.used.length === 0) return;
    block.left = 0;
    this.#settle(name, block);
  }

  /** Tells the row what became of the block's permits; those left or under way stay leased. */
  #settle(name: string, block: Block): void {
    const budget = this.#budgets[name];
    if (!budget) return;
    const kept = block.left + block.inFlight;
    const { used } = block;
    block.used = [];
    if (kept === 0) {
      clearTimeout(block.idle);
      this.#blocks.set(
        name,
        (this.#blocks.get(name) ?? []).filter((other) => other !== block),
      );
    }
    const now = performance.now();
    this.#change(name, (state, nowMs) => ({
      state: settle(
        state,
        budget,
        nowMs,
        block.lease,
        used.map(([at, permits]) => [now - at, permits]),
        kept,
      ),
      answer: undefined,
    }));
  }

  #change(
    name: string,
    change: (state: PaceState, nowMs: number) => { state: PaceState; answer: undefined },
  ): void {
    // In order: an earlier settlement that came later would lease its permits again.
    const done = (this.#settled.get(name) ?? Promise.resolve())
      .then(() =>
        changeBudget<PaceState, undefined>(
          this.#pool,
          { connectionId: this.#connectionId, name },
          (state, now) => change(state ?? emptyPace(), now),
        ),
      )
      // A block that could not be settled counts as used, after a while: too few calls rather than too many.
      .catch(() => undefined)
      .finally(() => this.#settling.delete(done));
    this.#settled.set(name, done);
    this.#settling.add(done);
  }
}

const budgetSpent = (name: string, waitMs: number) =>
  new RateLimitError('budget_spent', `The budget "${name}" is spent for now.`, {
    retryAfterMs: waitMs,
    action: 'Nothing to do: the work goes on by itself when there is room again.',
  });
