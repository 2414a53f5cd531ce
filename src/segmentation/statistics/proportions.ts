import { InputError } from '../../errors.ts';
import { chiSquareSurvival, normalQuantile, twoSidedP } from './special-functions.ts';
import { at, sum } from './vectors.ts';

/** Under this many, a rate is shown as "too few". */
export const TOO_FEW = 30;

export type Rate = { value: number; low: number; high: number; tooFew: boolean };

/** A share with Wilson's score interval (Wilson 1927); null where nobody was counted. */
export function wilsonRate(successes: number, trials: number, level = 0.95): Rate | null {
  checkCounts(successes, trials);
  if (trials === 0) return null;
  const z = normalQuantile((1 + level) / 2);
  const p = successes / trials;
  const spread = z * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  const divisor = 1 + (z * z) / trials;
  const centre = p + (z * z) / (2 * trials);
  return {
    value: p,
    low: successes === 0 ? 0 : Math.max(0, (centre - spread) / divisor),
    high: successes === trials ? 1 : Math.min(1, (centre + spread) / divisor),
    tooFew: trials < TOO_FEW,
  };
}

export type Arm = { successes: number; trials: number };
export type ProportionTest = {
  z: number;
  pValue: number;
  /** Difference of the shares (first minus second) with its unpooled interval. */
  difference: number;
  low: number;
  high: number;
  /** Relative lift over the second arm; null where that has no success. */
  lift: number | null;
  tooFew: boolean;
};

/** Two-proportion z-test with the pooled variance; the interval of the difference is Newcombe's (1998, method 10). */
export function compareProportions(treated: Arm, control: Arm, level = 0.95): ProportionTest | null {
  const left = wilsonRate(treated.successes, treated.trials, level);
  const right = wilsonRate(control.successes, control.trials, level);
  if (left === null || right === null) return null;
  const difference = left.value - right.value;
  const pooled = (treated.successes + control.successes) / (treated.trials + control.trials);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / treated.trials + 1 / control.trials));
  const z = error > 0 ? difference / error : 0;
  return {
    z,
    pValue: twoSidedP(z),
    difference,
    low: difference - Math.hypot(left.value - left.low, right.high - right.value),
    high: difference + Math.hypot(left.high - left.value, right.value - right.low),
    lift: right.value > 0 ? difference / right.value : null,
    tooFew: left.tooFew || right.tooFew,
  };
}

export type SampleSizeMethod = 'pooled' | 'unpooled' | 'cohen_h';

/**
 * Subjects per arm to find a change from one share to another, two-sided; not rounded (round up).
 * `pooled` is Fleiss' formula (null variance under H0, own variances under H1), `unpooled` uses the own variances
 * throughout, `cohen_h` the arcsine transformation. Throws InputError `sample-size` for shares outside (0, 1) or equal.
 */
export function sampleSizePerArm(
  base: number,
  target: number,
  options: { alpha?: number; power?: number; method?: SampleSizeMethod } = {},
): number {
  const { alpha = 0.05, power = 0.8, method = 'pooled' } = options;
  const isShare = (p: number) => p > 0 && p < 1;
  if (![base, target, alpha, power].every(isShare) || base === target) {
    throw new InputError(
      'sample-size',
      `No sample size exists for ${base} against ${target} at alpha ${alpha}, power ${power}.`,
      {
        action: 'Give two different rates, alpha and power, each between 0 and 1.',
      },
    );
  }
  const zAlpha = normalQuantile(1 - alpha / 2);
  const zPower = normalQuantile(power);
  const own = base * (1 - base) + target * (1 - target);
  const middle = (base + target) / 2;
  const change = (target - base) ** 2;
  if (method === 'pooled')
    return (zAlpha * Math.sqrt(2 * middle * (1 - middle)) + zPower * Math.sqrt(own)) ** 2 / change;
  if (method === 'unpooled') return ((zAlpha + zPower) ** 2 * own) / change;
  const h = 2 * Math.asin(Math.sqrt(target)) - 2 * Math.asin(Math.sqrt(base));
  return 2 * ((zAlpha + zPower) / h) ** 2;
}

/**
 * Sample ratio mismatch: did the arms get the sizes that were planned? `mismatch` at p < .001; then the
 * experiment's numbers should not be read before the cause is found.
 */
export function sampleRatio(
  observed: readonly number[],
  planned: readonly number[],
): { chiSquare: number; pValue: number; mismatch: boolean } {
  const total = sum(observed);
  const parts = sum(planned);
  if (observed.length !== planned.length || observed.length < 2 || !planned.every((part) => part > 0)) {
    throw new InputError('sample-ratio', 'The planned split does not match the arms.', {
      action: 'Give each arm a share above 0.',
    });
  }
  let chiSquare = 0;
  observed.forEach((count, i) => {
    const expected = (total * at(planned, i)) / parts;
    if (expected > 0) chiSquare += (count - expected) ** 2 / expected;
  });
  const pValue = chiSquareSurvival(chiSquare, observed.length - 1);
  return { chiSquare, pValue, mismatch: pValue < 0.001 };
}

function checkCounts(successes: number, trials: number): void {
  if (successes >= 0 && trials >= successes && Number.isFinite(trials)) return;
  throw new InputError('counts', `${successes} of ${trials} is no share.`, {
    action: 'The numerator must be a part of the denominator; check the definition of the metric.',
  });
}
