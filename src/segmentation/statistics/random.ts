import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { normalQuantile } from './special-functions.ts';
import { at } from './vectors.ts';

/** A stream of random numbers that depends on its seed alone, so that every fit can be repeated. */
export type Random = {
  /** Uniform on [0, 1). */
  uniform(): number;
  /** Uniform on 0 .. count - 1. */
  below(count: number): number;
  normal(): number;
};

export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(Math.trunc(seed) | 0);
  const uniform = () =>
    ((generator.next() >>> 5) * 67_108_864 + (generator.next() >>> 6)) / 9_007_199_254_740_992;
  return {
    uniform,
    below: (count) => Math.floor(uniform() * count),
    normal: () => normalQuantile(Math.min(1 - 1e-16, Math.max(1e-16, uniform()))),
  };
}

/** `count` different indices of 0 .. total - 1, ascending; all of them where count >= total (Floyd's method). */
export function sampleIndices(total: number, count: number, random: Random): number[] {
  if (count >= total) return Array.from({ length: total }, (_, i) => i);
  const chosen = new Set<number>();
  for (let i = total - count; i < total; i++) {
    const pick = random.below(i + 1);
    chosen.add(chosen.has(pick) ? i : pick);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The indices 0 .. total - 1 in random order (Fisher & Yates). */
export function shuffledIndices(total: number, random: Random): number[] {
  const order = Array.from({ length: total }, (_, i) => i);
  for (let i = total - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = at(order, i);
    order[i] = at(order, j);
    order[j] = kept;
  }
  return order;
}
