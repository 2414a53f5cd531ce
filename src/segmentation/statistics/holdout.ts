/** One line of the check: customers with x repeat purchases in calibration (the last line: x or more). */
export type HoldoutLine = { x: number; customers: number; actualMean: number; expectedMean: number };
export type Holdout = { customers: number; actual: number; expected: number; byFrequency: HoldoutLine[] };

/**
 * What customers did in the holdout against what the model expected of them, by calibration frequency 0 .. `top`+
 * (Fader, Hardie & Lee 2005, table 3 and figure 4). Lines with no customers are left out.
 */
export function holdoutTable(
  customers: Iterable<{ x: number; holdoutX: number; expected: number }>,
  top = 7,
): Holdout {
  const lines = Array.from({ length: top + 1 }, (_, x) => ({ x, customers: 0, actual: 0, expected: 0 }));
  for (const { x, holdoutX, expected } of customers) {
    const line = lines[Math.min(x, top)];
    if (line === undefined) continue;
    line.customers++;
    line.actual += holdoutX;
    line.expected += expected;
  }
  const used = lines.filter((line) => line.customers > 0);
  return {
    customers: used.reduce((total, line) => total + line.customers, 0),
    actual: used.reduce((total, line) => total + line.actual, 0),
    expected: used.reduce((total, line) => total + line.expected, 0),
    byFrequency: used.map((line) => ({
      x: line.x,
      customers: line.customers,
      actualMean: line.actual / line.customers,
      expectedMean: line.expected / line.customers,
    })),
  };
}
