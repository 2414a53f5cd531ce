import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstSpan, nextSpan } from '../../../src/pipeline/label/span.ts';

const LONGEST_MS = 200;

test.each(['embedded', 'server'] as const)(
  'a run that writes every row, or the scores of the day, begins with fewer subjects than one that mostly reads: %s',
  (kind) => {
    const nothing = new Map<string, 'definition' | 'model'>();
    const mostlyReads = firstSpan({ changedBy: nothing, storeScores: false }, kind);
    const redefined = new Map([['shop', 'definition' as const]]);
    expect(firstSpan({ changedBy: redefined, storeScores: false }, kind)).toBeLessThan(mostlyReads);
    expect(firstSpan({ changedBy: nothing, storeScores: true }, kind)).toBeLessThan(mostlyReads);
  },
);

test('statements come near to the longest time, and not over it, after few steps', () => {
  // Milliseconds to plan, then for a thousand subjects.
  for (const [planMs, rowsMs] of [
    [8, 5],
    [20, 12],
    [30, 1],
    [5, 170],
  ] as const) {
    const tookMs = (span: number) => planMs + (rowsMs * span) / 1_000;
    let span = 1_000;
    for (let statement = 0; statement < 6; statement += 1) span = nextSpan(span, tookMs(span), LONGEST_MS);
    expect(tookMs(span)).toBeLessThanOrEqual(LONGEST_MS);
    expect(span === 100_000 || tookMs(span) > 0.6 * LONGEST_MS, `${span} subjects`).toBe(true);
  }
});

test('a span changes by four times at most, whatever a statement took, and stays within its bounds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 500, max: 100_000 }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (span, tookMs) => {
        const next = nextSpan(span, tookMs, LONGEST_MS);
        expect(next).toBeGreaterThanOrEqual(Math.max(500, Math.floor(span / 4)));
        expect(next).toBeLessThanOrEqual(Math.min(100_000, span * 4));
        if (tookMs > LONGEST_MS && span > 500) expect(next).toBeLessThan(span);
      },
    ),
  );
});
