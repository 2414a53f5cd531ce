/**
 * Which records are one subject, as a graph: records are nodes, what says "the same" is an edge. Pure, so that the
 * law can be tested alone: the parts never depend on the order in which nodes and edges are given.
 */
export type Edge = { a: string; b: string; by: 'merged_in_crm' | 'cross_reference' | 'key' };

/** The connected parts of a graph, each sorted, in order of their first node. Edges to unknown nodes are ignored. */
export function connectedParts(nodes: Iterable<string>, edges: Iterable<Edge>): string[][] {
  const parent = new Map<string, string>();
  for (const node of nodes) parent.set(node, node);
  const root = (node: string): string => {
    let at = node;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) {
      parent.set(at, parent.get(up) ?? up);
      at = up;
    }
    return at;
  };
  for (const { a, b } of edges) {
    if (!parent.has(a) || !parent.has(b)) continue;
    const [low, high] = [root(a), root(b)].sort();
    if (low !== undefined && high !== undefined && low !== high) parent.set(high, low);
  }
  const parts = new Map<string, string[]>();
  for (const node of [...parent.keys()].sort()) {
    const key = root(node);
    const part = parts.get(key);
    if (part) part.push(node);
    else parts.set(key, [node]);
  }
  return [...parts.values()];
}

/** A part, with the subject that each of its records belongs to so far (null for none). */
export type Part = { key: string; holders: (bigint | null)[] };

/**
 * Which existing subject each part keeps: the one that holds most of the part's records, the oldest (lowest) id
 * where several hold as many. A subject goes to one part only, the one with most of its records; a part that gets
 * none is missing from the answer and needs a new subject.
 */
export function chooseSurvivors(parts: Part[]): Map<string, bigint> {
  const claims = parts.flatMap((part) => {
    const counts = new Map<bigint, number>();
    for (const id of part.holders) if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts].map(([id, count]) => ({ part: part.key, id, count }));
  });
  claims.sort(
    (x, y) => y.count - x.count || compare(x.id, y.id) || compare(x.part, y.part), // the law of the docstring
  );
  const kept = new Map<string, bigint>();
  const taken = new Set<bigint>();
  for (const { part, id } of claims) {
    if (kept.has(part) || taken.has(id)) continue;
    kept.set(part, id);
    taken.add(id);
  }
  return kept;
}

function compare<T>(x: T, y: T): number {
  if (x === y) return 0;
  return x < y ? -1 : 1;
}
