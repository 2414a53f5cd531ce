/** Limits as a CRM keeps them: by the time a call arrives, whatever the client believes. */

export type Permit = { taken: boolean; remaining: number; retryAfterMs: number };

/** At most `limit` calls in any stretch of `windowMs`. A refused call takes nothing. Infinity: no limit. */
export class SlidingWindow {
  readonly limit: number;
  readonly windowMs: number;
  /** Arrival times of the last `limit` calls, a ring whose oldest entry is at `#oldest`. */
  #times: number[] = [];
  #oldest = 0;

  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  take(now: number): Permit {
    if (this.limit === Number.POSITIVE_INFINITY)
      return { taken: true, remaining: this.limit, retryAfterMs: 0 };
    if (this.limit <= 0) return { taken: false, remaining: 0, retryAfterMs: this.windowMs };
    if (this.#times.length < this.limit) {
      this.#times.push(now);
      return { taken: true, remaining: this.remaining(now), retryAfterMs: 0 };
    }
    const oldest = this.#times[this.#oldest] ?? 0;
    const freeAt = oldest + this.windowMs;
    if (now < freeAt) return { taken: false, remaining: 0, retryAfterMs: freeAt - now };
    this.#times[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.limit;
    return { taken: true, remaining: this.remaining(now), retryAfterMs: 0 };
  }

  /** Times never go down along the ring, so the first one still in the window is found by halving. */
  remaining(now: number): number {
    const count = this.#times.length;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const time = this.#times[(this.#oldest + middle) % count] ?? 0;
      if (time + this.windowMs <= now) low = middle + 1;
      else high = middle;
    }
    return this.limit - (count - low);
  }
}

const DAY_MS = 86_400_000;

/** Calls left today (UTC). `used` can be set, to test an account that others have almost emptied. */
export class DailyQuota {
  readonly limit: number;
  used = 0;
  #day = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  take(now: number): Permit {
    const day = Math.floor(now / DAY_MS);
    if (day !== this.#day) {
      if (this.#day !== 0) this.used = 0;
      this.#day = day;
    }
    if (this.used >= this.limit)
      return { taken: false, remaining: 0, retryAfterMs: (day + 1) * DAY_MS - now };
    this.used += 1;
    return { taken: true, remaining: this.limit - this.used, retryAfterMs: 0 };
  }
}
