import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { z } from 'zod';

/**
 * What can go wrong with one call.
 * - latency: the answer waits.
 * - status: an error page of the CRM; `applied` says whether the call took effect before it.
 * - drop: the connection is cut before the call is applied, after it, or in the middle of the answer.
 * - truncate: a complete HTTP answer whose body stops half-way.
 * - html: a web page with status 200; nothing is applied.
 * - empty: a well-formed answer with no rows.
 * - throttle: the CRM's own "too many calls" answer; `retryAfter` is sent as it stands.
 * - partial: every row of a batch for which a coin of probability `share` falls is refused;
 *   `bare` leaves out all optional error fields. Calls without rows are untouched.
 */
export const Fault = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('latency'), ms: z.number().min(0) }),
  z.object({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    applied: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('drop'), when: z.enum(['before', 'after', 'during']) }),
  z.object({ kind: z.literal('truncate') }),
  z.object({ kind: z.literal('html') }),
  z.object({ kind: z.literal('empty') }),
  z.object({ kind: z.literal('throttle'), retryAfter: z.string().optional() }),
  z.object({ kind: z.literal('partial'), share: z.number().min(0).max(1), bare: z.boolean().default(false) }),
]);
export type Fault = z.infer<typeof Fault>;

/**
 * Faults by list and by chance. A rule's `match` is a regular expression over "METHOD /path"; it hits the `nth`
 * matching call (1 by default) and the `times - 1` after it. What no rule hits is drawn: with probability `rate`
 * one of `choices`, by a generator started from `seed`, so the same order of calls meets the same faults.
 */
export const FaultPlan = z.object({
  seed: z.int().default(1),
  rate: z.number().min(0).max(1).default(0),
  choices: z.array(Fault).min(1).optional(),
  rules: z
    .array(
      z.object({
        match: z.string().default(''),
        nth: z.int().min(1).default(1),
        times: z.int().min(1).default(1),
        fault: Fault,
      }),
    )
    .default([]),
});
export type FaultPlan = z.input<typeof FaultPlan>;

/** A week of bad luck: what a seeded plan draws from unless told otherwise. */
const COMMON_FAULTS: Fault[] = [
  { kind: 'latency', ms: 50 },
  { kind: 'status', status: 500, applied: false },
  { kind: 'status', status: 502, applied: true },
  { kind: 'status', status: 503, applied: false },
  { kind: 'drop', when: 'before' },
  { kind: 'drop', when: 'after' },
  { kind: 'drop', when: 'during' },
  { kind: 'truncate' },
  { kind: 'html' },
  { kind: 'throttle' },
  { kind: 'partial', share: 0.2, bare: false },
];

export class Faults {
  #rules: { pattern: RegExp; nth: number; times: number; fault: Fault; seen: number }[] = [];
  #rate = 0;
  #choices = COMMON_FAULTS;
  #random = xoroshiro128plus(1);

  constructor(plan: FaultPlan = {}) {
    this.replace(plan);
  }

  /** Starts over with another plan; `{}` means none. */
  replace(plan: FaultPlan): void {
    const { seed, rate, choices, rules } = FaultPlan.parse(plan);
    this.#random = xoroshiro128plus(seed);
    this.#rate = rate;
    this.#choices = choices ?? COMMON_FAULTS;
    this.#rules = rules.map((rule) => ({ ...rule, pattern: new RegExp(rule.match), seen: 0 }));
  }

  /** The fault that this call meets; call once per call. */
  next(call: string): Fault | undefined {
    let hit: Fault | undefined;
    for (const rule of this.#rules) {
      if (!rule.pattern.test(call)) continue;
      rule.seen += 1;
      if (rule.seen >= rule.nth && rule.seen < rule.nth + rule.times) hit ??= rule.fault;
    }
    if (hit || this.#rate === 0) return hit;
    if (this.chance() >= this.#rate) return undefined;
    return this.#choices[Math.floor(this.chance() * this.#choices.length)];
  }

  /** The plan's own coin, from 0 to 1. */
  chance(): number {
    return uniformFloat64(this.#random);
  }
}
