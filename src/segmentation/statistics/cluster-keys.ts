import { at } from './vectors.ts';

/**
 * Keeps the keys of clusters over a new learning: each new cluster takes the key of the old one whose members it
 * shares most (Jaccard, best pair first, at least half), so that labels do not change hands; others get `fresh` keys.
 * Labels are those of the same subjects under the old and the new model, as positions in `keys` and in the answer.
 */
export function carryClusterKeys(
  keys: readonly string[],
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  clusters: number,
  fresh: (cluster: number) => string,
): string[] {
  const both = new Float64Array(keys.length * clusters);
  const old = new Float64Array(keys.length);
  const now = new Float64Array(clusters);
  for (let i = 0; i < before.length; i++) {
    const cell = at(before, i) * clusters + at(after, i);
    both[cell] = at(both, cell) + 1;
    old[at(before, i)] = at(old, at(before, i)) + 1;
    now[at(after, i)] = at(now, at(after, i)) + 1;
  }
  const pairs = Array.from(both, (shared, cell) => {
    const from = Math.floor(cell / clusters);
    const to = cell % clusters;
    const either = at(old, from) + at(now, to) - shared;
    return { from, to, jaccard: either > 0 ? shared / either : 0 };
  }).sort((a, b) => b.jaccard - a.jaccard || a.from - b.from || a.to - b.to);
  const carried = new Map<number, string>();
  const taken = new Set<number>();
  for (const { from, to, jaccard } of pairs) {
    if (jaccard < 0.5 || taken.has(from) || carried.has(to)) continue;
    taken.add(from);
    carried.set(to, at(keys, from));
  }
  return Array.from({ length: clusters }, (_, c) => carried.get(c) ?? fresh(c));
}
