import type { BetaGeometricParameters } from '../../../src/segmentation/statistics/beta-geometric.ts';
import { lnGammaRise } from '../../../src/segmentation/statistics/special-functions.ts';

/**
 * P(X(t) = n): a new customer makes n repeat purchases by time t, as the papers write it: who stayed for all n, and
 * who left right after the n-th. What the models expect of a new customer is its mean.
 *
 * @param chances how many times more than n a customer stays: 0 in BG/NBD, 1 in MBG/NBD
 */
export function purchaseProbability(
  { r, alpha, a, b }: BetaGeometricParameters,
  t: number,
  n: number,
  chances: 0 | 1,
): number {
  const stays = n + chances;
  const stayed = Math.exp(lnGammaRise(b, stays) - lnGammaRise(a + b, stays)) * nbdMass(r, alpha, t, n);
  if (stays === 0) return stayed;
  const left = Math.exp(Math.log(a) + lnGammaRise(b, stays - 1) - lnGammaRise(a + b, stays));
  return stayed + left * nbdTail(r, alpha, t, n);
}

function nbdMass(r: number, alpha: number, t: number, n: number): number {
  const ln =
    lnGammaRise(r, n) - lnGammaRise(1, n) - r * Math.log1p(t / alpha) + n * Math.log(t / (alpha + t));
  return Math.exp(ln);
}

/** P(N(t) >= n), summed from above: as a difference from 1 it would lose its digits. */
function nbdTail(r: number, alpha: number, t: number, n: number): number {
  let tail = 0;
  for (let j = n; ; j++) {
    const mass = nbdMass(r, alpha, t, j);
    tail += mass;
    if (mass <= tail * 1e-16) return tail;
  }
}
