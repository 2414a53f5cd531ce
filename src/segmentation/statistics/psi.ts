import { InputError } from '../../errors.ts';
import { chiSquareSurvival } from './special-functions.ts';
import { at, sum } from './vectors.ts';

export type Drift = {
  psi: number;
  /** P of a difference this large between two samples of one distribution (chi-square test of homogeneity). */
  pValue: number;
  /** The usual reading: under .1, .1 to .25, above. */
  level: 'none' | 'some' | 'major';
  /** Either side is under 200: then a PSI over .1 comes about by chance, so go by the p-value. */
  smallSample: boolean;
};

const SMALL = 200;

/**
 * Population stability index of two sets of counts over the same bins: sum of (p - q) ln(p / q). A bin that is
 * empty on one side counts as half a subject there, or ln 0 would decide everything; empty on both, it is left out.
 * Throws InputError `drift-empty` where a side has no one.
 */
export function populationStability(before: readonly number[], after: readonly number[]): Drift {
  const totalBefore = sum(before);
  const totalAfter = sum(after);
  if (before.length !== after.length || !(totalBefore > 0) || !(totalAfter > 0)) {
    throw new InputError('drift-empty', 'One of the two dates has no values to compare.', {
      action: 'Compare dates at which the attribute was known.',
    });
  }
  let psi = 0;
  let chiSquare = 0;
  let used = 0;
  for (let i = 0; i < before.length; i++) {
    const b = at(before, i);
    const a = at(after, i);
    if (b + a === 0) continue;
    used++;
    const p = Math.max(b, 0.5) / totalBefore;
    const q = Math.max(a, 0.5) / totalAfter;
    psi += (q - p) * Math.log(q / p);
    const pooled = (b + a) / (totalBefore + totalAfter);
    chiSquare += (b - totalBefore * pooled) ** 2 / (totalBefore * pooled);
    chiSquare += (a - totalAfter * pooled) ** 2 / (totalAfter * pooled);
  }
  return {
    psi,
    pValue: chiSquareSurvival(chiSquare, used - 1),
    level: psi < 0.1 ? 'none' : psi <= 0.25 ? 'some' : 'major',
    smallSample: Math.min(totalBefore, totalAfter) < SMALL,
  };
}
