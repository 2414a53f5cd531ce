import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { RateLimitError } from '../src/errors.ts';
import type { Budget, Connector, Context, LimitReport, OAuthApp, OAuthSecret } from './contract.ts';
import { emptyPace, grant, heed, type PaceState, settle } from './pace.ts';

/** Waits above this are handed back as RateLimitError. */
const LONGEST_WAIT_MS = 15_000;
/** A token is renewed this long before it ends, clock differences included. */
const RENEW_BEFORE_MS = 120_000;

/** Keeps one account's budgets in this process. */
export class MemoryPace {
  #budgets: Record<string, Budget>;
  #states = new Map<string, PaceState>();
  /** Callers of a budget go one after another, in the order in which they came. */
  #queues = new Map<string, Promise<void>>();
  #leases = new Map<string, string[]>();
  #wake = new Map<string, () => void>();
  #lastLease = 0;
  #now: () => number;

  constructor(budgets: Record<string, Budget>, now: () => number = () => performance.now()) {
    this.#budgets = budgets;
    this.#now = now;
  }

  take(name: string, cost: number, signal: AbortSignal): Promise<void> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const turn = before.then(() => this.#take(name, cost, signal));
    this.#queues.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** A call under this budget was answered (or given up): its permit starts to age. */
  answered(name: string): void {
    const lease = this.#leases.get(name)?.shift();
    const budget = this.#budgets[name];
    if (lease === undefined || budget === undefined) return;
    const state = this.#state(name);
    const permits = state.open.find(([open]) => open === lease)?.[2] ?? 1;
    this.#states.set(name, settle(state, budget, this.#now(), lease, [[0, permits]]));
    this.#wake.get(name)?.();
  }

  report(report: LimitReport): void {
    const budget = this.#budgets[report.budget];
    if (budget === undefined) return;
    this.#states.set(report.budget, heed(this.#state(report.budget), budget, this.#now(), report));
  }

  #state(name: string): PaceState {
    return this.#states.get(name) ?? emptyPace();
  }

  async #take(name: string, cost: number, signal: AbortSignal): Promise<void> {
    const budget = this.#budgets[name];
    if (budget === undefined) throw new TypeError(`There is no budget "${name}".`);
    this.#lastLease += 1;
    const lease = String(this.#lastLease);
    for (;;) {
      signal.throwIfAborted();
      const { state, waitMs } = grant(this.#state(name), budget, this.#now(), lease, cost);
      this.#states.set(name, state);
      if (waitMs === 0) {
        this.#leases.set(name, [...(this.#leases.get(name) ?? []), lease]);
        return;
      }
      if (Number.isFinite(waitMs) && waitMs > LONGEST_WAIT_MS) throw tooLong(name, waitMs);
      await this.#waitOrAnswer(name, Math.min(waitMs, LONGEST_WAIT_MS), signal);
    }
  }

  #waitOrAnswer(name: string, waitMs: number, signal: AbortSignal): Promise<unknown> {
    const woken = new Promise<void>((resolve) => this.#wake.set(name, resolve));
    const done = new AbortController();
    const timer = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, done.signal]) });
    return Promise.race([woken, timer]).finally(() => {
      timer.catch(() => undefined);
      done.abort();
      this.#wake.delete(name);
    });
  }
}

const tooLong = (name: string, waitMs: number) =>
  new RateLimitError('budget_spent', `The budget "${name}" is spent for now.`, {
    retryAfterMs: waitMs,
    action: 'Nothing to do: the work goes on by itself when there is room again.',
  });

export type CallCount = { calls: number; writes: number; rows: number; byStatus: Record<number, number> };

export type MemoryContextOptions<Config> = {
  connector: Connector<Config>;
  config: Config;
  /** For connectors with OAuth. */
  secret?: OAuthSecret;
  app?: OAuthApp;
  asOf?: Date;
  signal?: AbortSignal;
  log?: Logger;
  fetch?: typeof fetch;
  now?: () => Date;
  /** Shared with other contexts of the same account; else one of its own. */
  pace?: MemoryPace;
};

/**
 * A Context that keeps everything in this process: for tools, measurements and tests. `calls` counts what was sent;
 * `secret()` is the present secret.
 */
export function memoryContext<Config>(options: MemoryContextOptions<Config>): Context<Config> & {
  calls: CallCount;
  secret(): OAuthSecret | undefined;
} {
  const { connector, config, app, now = () => new Date() } = options;
  const signal = options.signal ?? new AbortController().signal;
  const pace = options.pace ?? new MemoryPace(connector.budgets);
  const calls: CallCount = { calls: 0, writes: 0, rows: 0, byStatus: {} };
  let secret = options.secret;
  let renewal: Promise<OAuthSecret> | undefined;
  const renew = (old: OAuthSecret): Promise<OAuthSecret> => {
    if (connector.refresh === undefined || app === undefined) return Promise.resolve(old);
    renewal ??= connector
      .refresh(app, old, { config, fetch: options.fetch ?? fetch, signal, now: now() })
      .then((renewed) => {
        secret = renewed;
        return renewed;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  };
  return {
    config,
    fetch: options.fetch ?? fetch,
    async token(asked) {
      if (secret === undefined) return { accessToken: '', apiUrl: '' };
      const endsSoon =
        secret.expiresAt !== null && Date.parse(secret.expiresAt) - now().getTime() < RENEW_BEFORE_MS;
      if (endsSoon || asked?.refused === secret.accessToken) await renew(secret);
      return { accessToken: secret.accessToken, apiUrl: secret.apiUrl };
    },
    pace: (budget, cost = 1) => pace.take(budget, cost, signal),
    report: (report) => pace.report(report),
    count: (call) => {
      pace.answered(call.budget);
      calls.calls += 1;
      if (call.write) calls.writes += 1;
      calls.rows += call.rows;
      calls.byStatus[call.status] = (calls.byStatus[call.status] ?? 0) + 1;
    },
    asOf: options.asOf ?? now(),
    signal,
    log: options.log ?? pino({ level: 'silent' }),
    calls,
    secret: () => secret,
  };
}
