import gammaln from '@stdlib/math-base-special-gammaln';
import cdf from '@stdlib/stats-base-dists-normal-cdf';
import quantile from '@stdlib/stats-base-dists-normal-quantile';

/** ln Gamma(x) for x > 0. */
export function lnGamma(x: number): number {
  return gammaln(x);
}

/**
 * ln Gamma(x + step) - ln Gamma(x) for x > 0 and step >= 0, without the loss of digits of the plain difference
 * where x is large beside the step (Stirling's series, DLMF 5.11.1).
 */
export function lnGammaRise(x: number, step: number): number {
  if (step === 0) return 0;
  if (x < 1e4) return lnGamma(x + step) - lnGamma(x);
  const y = x + step;
  const tail = (v: number) => 1 / (12 * v) - 1 / (360 * v ** 3);
  return (x - 0.5) * Math.log1p(step / x) + step * Math.log(y) - step + tail(y) - tail(x);
}

/** ln(e^a + e^b); either may be -Infinity. */
export function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === Number.NEGATIVE_INFINITY) return high;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** ln(e^a - e^b); -Infinity where rounding leaves a <= b. */
export function logSubtract(a: number, b: number): number {
  return b >= a ? Number.NEGATIVE_INFINITY : a + Math.log(-Math.expm1(b - a));
}

/** P(Z <= z) of the standard normal. */
function normalCdf(z: number): number {
  return cdf(z, 0, 1);
}

/** z with P(Z <= z) = p, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  return quantile(p, 0, 1);
}

/** P(|Z| >= |z|). */
export function twoSidedP(z: number): number {
  return 2 * normalCdf(-Math.abs(z));
}

/** P(X >= x) of the chi-square distribution; 1 where nothing is free to vary. */
export function chiSquareSurvival(x: number, degreesOfFreedom: number): number {
  return degreesOfFreedom <= 0 || x <= 0 ? 1 : upperGamma(degreesOfFreedom / 2, x / 2);
}

/** Regularised upper incomplete gamma Q(a, x): series below a + 1, else Lentz's continued fraction (DLMF 8.11.4, 8.9.2). */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let total = term;
    for (let n = 1; n < 10_000 && term > total * 1e-17; n++) {
      term *= x / (a + n);
      total += term;
    }
    return Math.max(0, 1 - front * total);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}
