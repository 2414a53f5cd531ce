import { chiSquareSurvival, normalQuantile } from './special-functions.ts';
import { at } from './vectors.ts';

/** Cases of one bin, from the lowest numbers up. */
type Counts = { positives: number; negatives: number };

export type EvidenceTrend = {
  /** The evidence of each bin drawn towards the trend. */
  drawn: number[];
  /** How often chance alone would give a trend as steep. */
  chance: number;
};

/** A line through fewer bins leaves nothing to tell noise from shape by. */
const FEWEST_BINS = 3;

/**
 * Evidence that rises or falls steadily needs one slope, and each bin of a small sample says more noise than that. So
 * each is drawn towards the weighted line over the normal scores of the ranks, by as much as chance explains its distance:
 * all the way where the distances are no larger than their errors, hardly where there are many cases (empirical Bayes,
 * with the spread beyond chance as DerSimonian & Laird 1986 estimate it). Null under three bins.
 * @param evidence ln(share of positives / share of negatives) of each bin
 */
export function evidenceTrend(bins: readonly Counts[], evidence: readonly number[]): EvidenceTrend | null {
  if (bins.length < FEWEST_BINS) return null;
  const total = bins.reduce((sum, { positives, negatives }) => sum + positives + negatives, 0);
  let below = 0;
  const points = bins.map(({ positives, negatives }, i) => {
    const size = positives + negatives;
    const x = normalQuantile((below + size / 2) / total);
    below += size;
    return { x, y: at(evidence, i), weight: 1 / (1 / (positives + 0.5) + 1 / (negatives + 0.5)) };
  });
  const sum = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((all, point) => all + point.weight * of(point), 0);
  const weight = sum(() => 1);
  const meanX = sum(({ x }) => x) / weight;
  const meanY = sum(({ y }) => y) / weight;
  const spread = sum(({ x }) => (x - meanX) ** 2);
  const slope = sum(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  const line = (x: number): number => meanY + slope * (x - meanX);
  const distance = sum(({ x, y }) => (y - line(x)) ** 2);
  const beyondChance =
    Math.max(0, distance - (bins.length - 2)) / (weight - sum((point) => point.weight) / weight);
  return {
    drawn: points.map(({ x, y, weight: own }) => {
      const kept = beyondChance / (beyondChance + 1 / own);
      return line(x) + kept * (y - line(x));
    }),
    chance: chiSquareSurvival(slope ** 2 * spread, 1),
  };
}
