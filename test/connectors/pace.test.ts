import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryPace } from '../../connectors/context.ts';
import type { Budget } from '../../connectors/contract.ts';
import { emptyPace, grant, heed, settle } from '../../connectors/pace.ts';

const budget = (permits: number, windowMs: number, concurrency?: number): Budget => ({
  permits,
  windowMs,
  concurrency,
  scope: 'account',
});

/** Calls as fast as the pace lets them, in simulated time; the CRM counts each one when it arrives. */
const simulate = (limit: Budget, delays: { there: number; back: number }[]) => {
  let state = emptyPace();
  let now = 0;
  const arrivals: number[] = [];
  const under: { at: number; lease: string }[] = [];
  const answer = () => {
    under.sort((a, b) => a.at - b.at);
    const first = under.shift();
    if (!first) throw new Error('the pace waits for an answer, but nothing is under way');
    now = Math.max(now, first.at);
    state = settle(state, limit, now, first.lease);
  };
  for (const [index, { there, back }] of delays.entries()) {
    for (;;) {
      while (under.some(({ at }) => at <= now)) answer();
      const next = grant(state, limit, now, String(index));
      state = next.state;
      if (next.waitMs === 0) break;
      const firstAnswer = Math.min(...under.map(({ at }) => at));
      if (now + next.waitMs < firstAnswer) now += next.waitMs;
      else answer();
    }
    arrivals.push(now + there);
    under.push({ at: now + there + back, lease: String(index) });
  }
  return { arrivals: arrivals.sort((a, b) => a - b), endedAt: now };
};

const mostInWindow = (times: number[], windowMs: number) => {
  let most = 0;
  for (let end = 0, start = 0; end < times.length; end += 1) {
    while ((times[end] ?? 0) - (times[start] ?? 0) >= windowMs) start += 1;
    most = Math.max(most, end - start + 1);
  }
  return most;
};

describe('the sliding window', () => {
  it('never lets more calls arrive in a window than allowed, whatever the network does', () => {
    const delay = fc.record({
      there: fc.integer({ min: 0, max: 900 }),
      back: fc.integer({ min: 0, max: 900 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 100, max: 2_000 }),
        fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
        fc.array(delay, { minLength: 1, maxLength: 120 }),
        (permits, windowMs, concurrency, delays) => {
          const { arrivals } = simulate(budget(permits, windowMs, concurrency), delays);
          expect(mostInWindow(arrivals, windowMs)).toBeLessThanOrEqual(permits);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    [110, 10_000, 560, 20],
    [100, 10_000, 1_000, 200],
    [5, 1_000, 60, 20],
  ])('uses the window up: %i calls in %i ms', (permits, windowMs, calls, latency) => {
    const delays = Array.from({ length: calls }, () => ({ there: latency / 2, back: latency / 2 }));
    const { endedAt } = simulate(budget(permits, windowMs), delays);
    expect(endedAt).toBeLessThanOrEqual(1.05 * (Math.ceil(calls / permits) - 1) * windowMs + 1_000);
  });

  it('keeps calls under way within the concurrency', () => {
    const limit = budget(100, 1_000, 2);
    let state = emptyPace();
    for (const lease of ['a', 'b']) state = grant(state, limit, 0, lease).state;
    expect(grant(state, limit, 0, 'c').waitMs).toBe(Number.POSITIVE_INFINITY);
    expect(grant(settle(state, limit, 5, 'a'), limit, 5, 'c').waitMs).toBe(0);
  });

  it('hands out blocks, and takes back what was not used', () => {
    const limit = budget(10, 1_000);
    const first = grant(emptyPace(), limit, 0, 'a', 8, 1);
    expect(first.granted).toBe(8);
    expect(grant(first.state, limit, 0, 'b', 8, 1).granted).toBe(2);
    const settled = settle(first.state, limit, 500, 'a', [[300, 3]]);
    expect(grant(settled, limit, 500, 'c', 8, 1).granted).toBe(7);
  });

  it('does not call before it was told to', () => {
    const limit = budget(10, 1_000);
    const told = heed(emptyPace(), limit, 0, { budget: 'x', retryAfterMs: 4_000 });
    expect(grant(told, limit, 1_000, 'a').waitMs).toBe(3_000);
    expect(grant(told, limit, 4_000, 'a').waitMs).toBe(0);
  });

  it('makes room for others who use the same window, and follows another limit', () => {
    const limit = budget(10, 1_000);
    const crowded = heed(emptyPace(), limit, 0, { budget: 'x', limit: 20, remaining: 4 });
    expect(grant(crowded, limit, 0, 'a', 20, 1).granted).toBe(4);
    expect(grant(crowded, limit, 1_100, 'a', 20, 1).granted).toBe(20);
  });

  it('does not take its own calls for those of others, however late their answers are looked at', () => {
    const limit = budget(10, 10_000);
    let state = emptyPace();
    for (let n = 0; n < 10; n += 1) state = grant(state, limit, 0, String(n)).state;
    for (let n = 0; n < 10; n += 1) state = settle(state, limit, 50, String(n));
    state = grant(state, limit, 10_060, 'a').state;
    // The CRM counted ten calls when this one arrived; we hear of it when our own count is down to one.
    state = heed(state, limit, 10_400, { budget: 'x', limit: 10, remaining: 0 });
    expect(grant(state, limit, 10_400, 'b', 9, 1).granted).toBe(9);
  });

  it('counts a permit whose holder died as used, and frees it in the end', () => {
    const limit = budget(1, 1_000);
    const held = grant(emptyPace(), limit, 0, 'dead').state;
    expect(grant(held, limit, 60_000, 'a').waitMs).toBe(Number.POSITIVE_INFINITY);
    const later = grant(held, limit, 120_000, 'a');
    expect(later.waitMs).toBe(1_000);
    expect(grant(later.state, limit, 121_000, 'a').waitMs).toBe(0);
  });
});

describe('MemoryPace', () => {
  it('serves callers in order and wakes them when an answer frees a slot', async () => {
    const pace = new MemoryPace({ x: budget(100, 1_000, 1) });
    const { signal } = new AbortController();
    const order: number[] = [];
    const calls = [1, 2, 3].map(async (n) => {
      await pace.take('x', 1, signal);
      order.push(n);
      setTimeout(() => pace.answered('x'), 5);
    });
    await Promise.all(calls);
    expect(order).toEqual([1, 2, 3]);
  });

  it('hands back a long wait as RateLimitError, and stops waiting when the caller gives up', async () => {
    const pace = new MemoryPace({ x: budget(1, 1_000) });
    pace.report({ budget: 'x', retryAfterMs: 60_000 });
    const controller = new AbortController();
    await expect(pace.take('x', 1, controller.signal)).rejects.toMatchObject({ code: 'budget_spent' });
    const held = new MemoryPace({ x: budget(1, 1_000, 1) });
    await held.take('x', 1, controller.signal);
    const waiting = held.take('x', 1, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow('abort');
  });
});
