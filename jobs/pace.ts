import { setTimeout as sleep } from 'node:timers/promises';
import type { Budget, LimitReport } from '../connectors/contract.ts';
import { emptyPace, grant, heed, type PaceState, settle } from '../connectors/pace.ts';
import { RateLimitError } from '../src/errors.ts';
import { changeBudget } from '../src/store/budgets.ts';
import type { Pool } from '../src/store/pool.ts';

/** A block of permits is used up within this time; what is left of it goes back. */
const BLOCK_MS = 1_000;
/** A longer wait is handed back, so that a worker sleeps in the queue and not in a call. */
const LONGEST_WAIT_MS = 10_000;

/** Permits left, as the CRM says, at which it is worth telling the others. */
const NEARLY_EMPTY = 5;

/** Permits leased from the shared row. */
type Block = {
  lease: string;
  until: number;
  left: number;
  inFlight: number;
  /** [answered at, permits], this process's clock. */
  used: [number, number][];
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
    this.#settleSpent(name);
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

  /** Gives back what was not used. Call it when the slice ends. */
  async close(): Promise<void> {
    for (const name of this.#blocks.keys()) this.#settleSpent(name, true);
    await Promise.all(this.#settling);
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
        if (cost > 1) block.used.push([performance.now(), cost - 1]);
        return;
      }
      this.#settleSpent(name);
      await Promise.all(this.#settling);
      const waitMs = await this.#lease(name, budget, cost);
      if (waitMs === 0) continue;
      if (Number.isFinite(waitMs) && waitMs > LONGEST_WAIT_MS) throw budgetSpent(name, waitMs);
      await sleep(Math.min(waitMs, 1_000), undefined, { signal });
    }
  }

  /** Takes in what the CRM last said of this budget, once. */
  #heed(name: string, budget: Budget, state: PaceState | null, now: number): PaceState {
    const report = this.#heard.get(name);
    this.#heard.delete(name);
    return report ? heed(state ?? emptyPace(), budget, now, report) : (state ?? emptyPace());
  }

  async #lease(name: string, budget: Budget, cost: number): Promise<number> {
    this.#leases += 1;
    const lease = `${this.#holder}/${this.#leases}`;
    const perBlock = Math.max(1, Math.floor((budget.permits * BLOCK_MS) / budget.windowMs));
    const wanted = Math.max(cost, Math.min(perBlock, budget.concurrency ?? perBlock));
    const { granted, waitMs } = await changeBudget<PaceState, { granted: number; waitMs: number }>(
      this.#pool,
      { connectionId: this.#connectionId, name },
      (state, now) => {
        const answer = grant(this.#heed(name, budget, state, now), budget, now, lease, wanted, cost);
        return { state: answer.state, answer };
      },
    );
    if (granted > 0) {
      const block: Block = {
        lease,
        until: performance.now() + BLOCK_MS,
        left: granted,
        inFlight: 0,
        used: [],
      };
      this.#blocks.set(name, [...(this.#blocks.get(name) ?? []), block]);
      return 0;
    }
    return waitMs;
  }

  /** Settles blocks that are used up or too old and have no call under way. */
  #settleSpent(name: string, all = false): void {
    const budget = this.#budgets[name];
    const blocks = this.#blocks.get(name) ?? [];
    if (!budget) return;
    const isSpent = (block: Block) =>
      all || (block.inFlight === 0 && (block.left === 0 || block.until <= performance.now()));
    const spent = blocks.filter(isSpent);
    this.#blocks.set(
      name,
      blocks.filter((block) => !isSpent(block)),
    );
    for (const block of spent) {
      const now = performance.now();
      // A call that is still under way when the slice ends counts as answered now.
      const used: [number, number][] = [...block.used, [now, block.inFlight]];
      this.#change(name, (state, nowMs) => ({
        state: settle(
          state,
          budget,
          nowMs,
          block.lease,
          used.map(([at, permits]) => [now - at, permits]),
        ),
        answer: undefined,
      }));
    }
  }

  #change(
    name: string,
    change: (state: PaceState, nowMs: number) => { state: PaceState; answer: undefined },
  ): void {
    const done = changeBudget<PaceState, undefined>(
      this.#pool,
      { connectionId: this.#connectionId, name },
      (state, now) => change(state ?? emptyPace(), now),
    )
      // A block that could not be settled counts as used, after a while: too few calls rather than too many.
      .catch(() => undefined)
      .finally(() => this.#settling.delete(done));
    this.#settling.add(done);
  }
}

const budgetSpent = (name: string, waitMs: number) =>
  new RateLimitError('budget_spent', `The budget "${name}" is spent for now.`, {
    retryAfterMs: waitMs,
    action: 'Nothing to do: the work goes on by itself when there is room again.',
  });
