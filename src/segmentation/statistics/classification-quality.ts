import { normalQuantile } from './special-functions.ts';
import { at, mean, midranks, variance } from './vectors.ts';

export type Auc = { value: number; low: number; high: number };

/**
 * Area under the ROC curve with DeLong's interval (DeLong, DeLong & Clarke-Pearson 1988; by midranks, Sun & Xu
 * 2014), ties counted half. `null` where one class has no one.
 */
export function areaUnderCurve(
  scores: readonly number[],
  isPositive: readonly boolean[],
  level = 0.95,
): Auc | null {
  const positives = scores.filter((_, i) => isPositive[i]);
  const negatives = scores.filter((_, i) => !isPositive[i]);
  const m = positives.length;
  const n = negatives.length;
  if (m === 0 || n === 0) return null;
  const together = midranks([...positives, ...negatives]);
  const own = midranks(positives);
  const other = midranks(negatives);
  // Share of negatives below each positive, and of positives above each negative
  const below = Float64Array.from(own, (rank, i) => (at(together, i) - rank) / n);
  const above = Float64Array.from(other, (rank, i) => 1 - (at(together, m + i) - rank) / m);
  const value = mean(below);
  const spread = Math.sqrt(variance(below) / m + variance(above) / n);
  const z = normalQuantile((1 + level) / 2);
  return { value, low: Math.max(0, value - z * spread), high: Math.min(1, value + z * spread) };
}

/** Mean squared distance of probability and outcome (Brier 1950); 0 is perfect, the base rate scores p (1 - p). */
export function brierScore(probabilities: readonly number[], isPositive: readonly boolean[]): number {
  return mean(probabilities.map((p, i) => (p - (isPositive[i] ? 1 : 0)) ** 2));
}

export type CalibrationBin = { count: number; expected: number; observed: number };

/** Ten equal parts from the lowest probability to the highest: mean expected against observed share. */
export function calibrationByDecile(
  probabilities: readonly number[],
  isPositive: readonly boolean[],
): CalibrationBin[] {
  const order = probabilities.map((_, i) => i).sort((a, b) => at(probabilities, a) - at(probabilities, b));
  return Array.from({ length: 10 }, (_, d) => {
    const part = order.slice(Math.floor((d * order.length) / 10), Math.floor(((d + 1) * order.length) / 10));
    return {
      count: part.length,
      expected: mean(part.map((i) => at(probabilities, i))),
      observed: mean(part.map((i) => (isPositive[i] ? 1 : 0))),
    };
  }).filter((bin) => bin.count > 0);
}

/**
 * How many times the base rate the top share of scores holds; subjects tied at the edge count in proportion, so the
 * order of rows does not matter. `null` without a positive.
 */
export function liftAt(
  scores: readonly number[],
  isPositive: readonly boolean[],
  share: number,
): number | null {
  const base = mean(isPositive.map(Number));
  const wanted = Math.max(1, Math.round(scores.length * share));
  if (base === 0 || scores.length === 0) return null;
  const edge = at(
    [...scores].sort((a, b) => b - a),
    wanted - 1,
  );
  let over = 0;
  let hits = 0;
  let tied = 0;
  let tiedHits = 0;
  scores.forEach((score, i) => {
    const hit = isPositive[i] ? 1 : 0;
    if (score > edge) {
      over++;
      hits += hit;
    } else if (score === edge) {
      tied++;
      tiedHits += hit;
    }
  });
  return (hits + (tiedHits * (wanted - over)) / tied) / wanted / base;
}
