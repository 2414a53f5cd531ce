/** Moves between two snapshots: from each segment (or `(new)`) to each segment (or `(gone)`). */
export type Migration = {
  from: string[];
  to: string[];
  /** counts[i][j]: subjects that went from from[i] to to[j]. */
  counts: number[][];
  /** Share of those present at both dates who stayed where they were; null where nobody was. */
  stayed: number | null;
};

/** In brackets, as no key of a segment can be. */
export const NEW = '(new)';
export const GONE = '(gone)';

/**
 * Builds the matrix from grouped counts (one SQL line each); `from: null` came in between, `to: null` left.
 * Segments appear in the order given by `order`, others after it by name; `(new)` and `(gone)` last.
 */
export function migrationMatrix(
  moves: Iterable<{ from: string | null; to: string | null; count: number }>,
  order: readonly string[] = [],
): Migration {
  const cells = new Map<string, number>();
  const rows = new Set<string>();
  const columns = new Set<string>();
  let both = 0;
  let same = 0;
  for (const { from, to, count } of moves) {
    const row = from ?? NEW;
    const column = to ?? GONE;
    rows.add(row);
    columns.add(column);
    const key = JSON.stringify([row, column]);
    cells.set(key, (cells.get(key) ?? 0) + count);
    if (from === null || to === null) continue;
    both += count;
    if (from === to) same += count;
  }
  const from = arrange(rows, order, NEW);
  const to = arrange(columns, order, GONE);
  return {
    from,
    to,
    counts: from.map((row) => to.map((column) => cells.get(JSON.stringify([row, column])) ?? 0)),
    stayed: both > 0 ? same / both : null,
  };
}

function arrange(names: Set<string>, order: readonly string[], last: string): string[] {
  const listed = order.filter((name) => names.has(name));
  const others = [...names].filter((name) => !order.includes(name) && name !== last).sort();
  return [...listed, ...others, ...(names.has(last) ? [last] : [])];
}
