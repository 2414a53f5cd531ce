import { z } from 'zod';

/** What a sandbox CRM saw: every call counted, every broken rule kept with its detail. */

/** `write`: creates, changes or deletes in the CRM. `token`: OAuth. `stream`: waits for what happens. */
export type CallKind = 'read' | 'write' | 'token' | 'stream';

const Counts = z.record(z.string(), z.int());
const BrokenRule = z.object({ rule: z.string(), detail: z.string(), call: z.string(), at: z.string() });

export const JournalTotals = z.object({
  calls: z.int(),
  reads: z.int(),
  writes: z.int(),
  tokens: z.int(),
  rowsRead: z.int(),
  rowsWritten: z.int(),
  throttled: z.int().describe('Answers that said "too many calls"'),
  revoked: z
    .int()
    .describe('Calls with a token that was revoked or whose app was uninstalled: no broken rule, but rare'),
  rulesBroken: z.int(),
  endpoints: Counts,
  rules: Counts,
  faults: Counts,
  broken: z.array(BrokenRule).describe('The first broken rules in full'),
});
export type JournalTotals = z.infer<typeof JournalTotals>;

const KEPT_BROKEN_RULES = 200;

const add = (counts: Record<string, number>, key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
};

export class Journal {
  #totals = emptyTotals();

  call(endpoint: string, kind: CallKind): void {
    this.#totals.calls += 1;
    if (kind === 'read') this.#totals.reads += 1;
    if (kind === 'write') this.#totals.writes += 1;
    if (kind === 'token') this.#totals.tokens += 1;
    add(this.#totals.endpoints, endpoint);
  }

  rowsRead(count: number): void {
    this.#totals.rowsRead += count;
  }

  rowsWritten(count: number): void {
    this.#totals.rowsWritten += count;
  }

  throttled(): void {
    this.#totals.throttled += 1;
  }

  revoked(): void {
    this.#totals.revoked += 1;
  }

  fault(kind: string): void {
    add(this.#totals.faults, kind);
  }

  /** `call` is "METHOD /path"; never with a token in it. */
  broken(rule: string, detail: string, call: string, now: number): void {
    this.#totals.rulesBroken += 1;
    add(this.#totals.rules, rule);
    if (this.#totals.broken.length < KEPT_BROKEN_RULES) {
      this.#totals.broken.push({ rule, detail, call, at: new Date(now).toISOString() });
    }
  }

  /** A copy: it does not change when further calls arrive. */
  totals(): JournalTotals {
    return structuredClone(this.#totals);
  }

  reset(): void {
    this.#totals = emptyTotals();
  }
}

const emptyTotals = (): JournalTotals => ({
  calls: 0,
  reads: 0,
  writes: 0,
  tokens: 0,
  rowsRead: 0,
  rowsWritten: 0,
  throttled: 0,
  revoked: 0,
  rulesBroken: 0,
  endpoints: {},
  rules: {},
  faults: {},
  broken: [],
});
