/**
 * Adjusted Rand index of two divisions of the same subjects (Hubert & Arabie 1985): 1 when equal, about 0 for chance.
 * Two divisions that both keep everyone together, or everyone apart, are equal.
 */
export function adjustedRandIndex<L, R>(left: readonly L[], right: readonly R[]): number {
  if (left.length !== right.length) throw new RangeError(`${left.length} labels against ${right.length}`);
  const rows = new Map<L, number>();
  const columns = new Map<R, number>();
  const cells = new Map<L, Map<R, number>>();
  left.forEach((a, i) => {
    const b = right[i] as R;
    rows.set(a, (rows.get(a) ?? 0) + 1);
    columns.set(b, (columns.get(b) ?? 0) + 1);
    const row = cells.get(a) ?? new Map<R, number>();
    row.set(b, (row.get(b) ?? 0) + 1);
    cells.set(a, row);
  });
  const pairs = (counts: Iterable<number>) => {
    let total = 0;
    for (const n of counts) total += (n * (n - 1)) / 2;
    return total;
  };
  let together = 0;
  for (const row of cells.values()) together += pairs(row.values());
  const inRows = pairs(rows.values());
  const inColumns = pairs(columns.values());
  const all = (left.length * (left.length - 1)) / 2;
  const expected = all > 0 ? (inRows * inColumns) / all : 0;
  const most = (inRows + inColumns) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}
