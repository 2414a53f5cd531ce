import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { type Live, readLive } from '../store/live.ts';
import type { Pool } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** `id` is for Last-Event-ID; `data` is JSON. */
export type LiveEvent = {
  id: string;
  name: 'run' | 'connection' | 'held' | 'sizes';
  key: string;
  data: string;
};

const BUSY_MS = 500;
const QUIET_MS = 2_000;
/** Events that somebody who comes back may have missed; whoever missed more gets the whole state. */
const KEPT = 500;

/**
 * What happens in one tenant, for however many pages are open: Postgres is looked at once for all of them, and only
 * while somebody listens.
 */
export class LiveFeed {
  readonly #pool: Pool;
  readonly #tenant: Tenant;
  readonly #log: Logger;
  /** Other processes, and this one before it was started anew, have other names. */
  readonly #name = randomBytes(6).toString('hex');
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #state = new Map<string, LiveEvent>();
  #kept: LiveEvent[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(pool: Pool, tenant: Tenant, log: Logger) {
    this.#pool = pool;
    this.#tenant = tenant;
    this.#log = log;
  }

  /** Calls `listener` with what was missed since `lastId`, or with the whole state, then with all that happens. */
  async listen(lastId: string | undefined, listener: (event: LiveEvent) => void): Promise<() => void> {
    if (this.#listeners.size === 0) await this.#look();
    const missed = this.#since(lastId);
    for (const event of missed ?? this.#state.values()) listener(event);
    this.#listeners.add(listener);
    if (this.#timer === undefined) this.#next(BUSY_MS);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #since(lastId: string | undefined): LiveEvent[] | null {
    const index = this.#kept.findIndex(({ id }) => id === lastId);
    return index < 0 ? null : this.#kept.slice(index + 1);
  }

  #next(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#look().finally(() => {
        if (this.#listeners.size > 0) this.#next(this.#isBusy() ? BUSY_MS : QUIET_MS);
      });
    }, ms);
    this.#timer.unref();
  }

  #isBusy(): boolean {
    return [...this.#state.values()].some(
      ({ name, data }) => name === 'run' && data.includes('"endedAt":null'),
    );
  }

  /** Two that come at once look once. */
  #look(): Promise<void> {
    this.#looking ??= readLive(this.#pool, this.#tenant)
      .then((live) => this.#compare(live))
      .catch((error: unknown) =>
        this.#log.warn({ err: error, tenant: this.#tenant.id }, 'live state is not read'),
      )
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  #compare(live: Live): void {
    for (const run of live.runs.toReversed()) this.#say('run', `run ${run.id}`, run);
    for (const connection of live.connections)
      this.#say('connection', `connection ${connection.id}`, connection);
    this.#say('held', 'held', { held: live.held });
    this.#say('sizes', 'sizes', { labelledBy: live.labelledBy });
    const present = new Set([
      ...live.runs.map(({ id }) => `run ${id}`),
      ...live.connections.map(({ id }) => `connection ${id}`),
    ]);
    for (const [key, { name }] of [...this.#state]) {
      if (present.has(key) || name === 'held' || name === 'sizes') continue;
      // Runs only grow too old to be told of; a connection that has left is told of once.
      if (name === 'connection') this.#say(name, key, { id: key.slice('connection '.length), state: 'gone' });
      this.#state.delete(key);
    }
  }

  #say(name: LiveEvent['name'], key: string, value: unknown): void {
    const data = JSON.stringify(value);
    if (this.#state.get(key)?.data === data) return;
    this.#count += 1;
    const event = { id: `${this.#name}-${this.#count}`, name, key, data };
    // The newest last, so that whoever gets the whole state ends with the newest id.
    this.#state.delete(key);
    this.#state.set(key, event);
    this.#kept.push(event);
    if (this.#kept.length > 2 * KEPT) this.#kept = this.#kept.slice(-KEPT);
    for (const listener of this.#listeners) listener(event);
  }
}

const feeds = new WeakMap<Pool, Map<string, LiveFeed>>();

export function feedOf(pool: Pool, tenant: Tenant, log: Logger): LiveFeed {
  const byTenant = feeds.get(pool) ?? new Map<string, LiveFeed>();
  feeds.set(pool, byTenant);
  const feed = byTenant.get(tenant.id) ?? new LiveFeed(pool, tenant, log);
  byTenant.set(tenant.id, feed);
  return feed;
}
