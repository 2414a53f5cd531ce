import { createHash } from 'node:crypto';
import type { ClientRateLimitInfo, Store } from 'express-rate-limit';
import type { Logger } from 'pino';
import type { Pool } from '../store/pool.ts';
import { addRequests, dropEndedCounts } from '../store/request-counts.ts';

/** A process tells the others of so much of a limit at once. */
const BLOCK_SHARE = 0.05;
/** Callers may make names up; the first ones are forgotten, but for what the store was told of them. */
const MOST_NAMES = 100_000;

type Count = {
  /** Of all processes, as last heard, and what this one has told since. */
  told: number;
  /** Of this process, not told yet. */
  untold: number;
  untilMs: number;
};

export type SharedLimit = {
  /** Tells limits apart: callers have the same names in all. */
  name: string;
  most: number;
  windowMs: number;
};

/**
 * Counts of requests that several web processes share by the store. A process counts in memory and tells a twentieth
 * of the limit at a time, so whoever stays far below it costs no statement, and whoever is over it none either. Alone
 * it is exact; beside others a caller may get a twentieth of the limit more from each.
 */
export class SharedCounts implements Store {
  readonly #pool: Pool;
  readonly #log: Logger;
  readonly #limit: SharedLimit;
  readonly #block: number;
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();
  #sweepAt: number;

  constructor(pool: Pool, log: Logger, limit: SharedLimit, now: () => number = Date.now) {
    this.#pool = pool;
    this.#log = log;
    this.#limit = limit;
    this.#block = Math.max(1, Math.floor(limit.most * BLOCK_SHARE));
    this.#now = now;
    this.#sweepAt = now() + limit.windowMs;
  }

  async increment(key: string): Promise<ClientRateLimitInfo> {
    const now = this.#now();
    if (now >= this.#sweepAt) await this.#sweep(now);
    const known = this.#counts.get(key);
    const count =
      known && known.untilMs > now ? known : { told: 0, untold: 0, untilMs: now + this.#limit.windowMs };
    this.#counts.set(key, count);
    const [first] = this.#counts.keys();
    if (this.#counts.size > MOST_NAMES && first !== undefined) this.#counts.delete(first);
    count.untold += 1;
    if (count.untold >= this.#block && count.told <= this.#limit.most) await this.#tell(key, count);
    return { totalHits: count.told + count.untold, resetTime: new Date(count.untilMs) };
  }

  async decrement(key: string): Promise<void> {
    const count = this.#counts.get(key);
    if (count && count.untold > 0) count.untold -= 1;
  }

  async resetKey(key: string): Promise<void> {
    this.#counts.delete(key);
  }

  async #tell(key: string, count: Count): Promise<void> {
    const hits = count.untold;
    count.untold = 0;
    count.told += hits;
    try {
      const { name, windowMs } = this.#limit;
      const all = await addRequests(this.#pool, { key: hashedCaller(name, key), hits, windowMs });
      // Answers may come in another order than they were asked for.
      count.told = Math.max(count.told, all.hits);
      count.untilMs = this.#now() + all.leftMs;
    } catch (error) {
      // Its own counting goes on: a store that is away must not close the door, nor open it wide.
      this.#log.warn({ err: error, limit: this.#limit.name }, 'counts of requests were not shared');
    }
  }

  async #sweep(now: number): Promise<void> {
    this.#sweepAt = now + this.#limit.windowMs;
    for (const [key, { untilMs }] of this.#counts) if (untilMs <= now) this.#counts.delete(key);
    await dropEndedCounts(this.#pool).catch((error: unknown) =>
      this.#log.warn({ err: error }, 'counts of requests that ended were not dropped'),
    );
  }
}

/** The store knows no addresses and no sessions. */
export const hashedCaller = (name: string, key: string): string =>
  createHash('sha256').update(`${name} ${key}`).digest('base64url');
