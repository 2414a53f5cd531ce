import { InputError } from '../../errors.ts';
import { normalQuantile } from './special-functions.ts';
import { sum } from './vectors.ts';

/** One day: who had not bought before it, and who of them bought on it, treated first. */
export type EventDay = { atRisk: readonly [number, number]; events: readonly [number, number] };

export type SequentialTest = {
  events: number;
  /** Always valid: at whatever look it falls to .05, the chance of that without any effect was .05 over all looks. */
  pValue: number;
  /** How much faster the treated buy than the others (ratio of hazards); null before the first purchase of each arm. */
  ratio: number | null;
  /** Interval that holds the true ratio at all looks together, at the level asked for; null where it is open. */
  low: number | null;
  high: number | null;
};

/** Nodes of the mixture: standard normal, on a grid wide and fine enough for four digits of p. */
const NODES = Array.from({ length: 101 }, (_, i) => (i - 50) / 10);
const DENSITY = NODES.map((z) => Math.exp((-z * z) / 2));
const LOG_WEIGHTS = DENSITY.map((weight) => Math.log(weight / sum(DENSITY)));

/**
 * The mixture sequential probability ratio test (Robbins 1970; Johari et al. 2022, doi 10.1287/opre.2021.2135) on the
 * purchases as they come: each is a draw between the arms, in proportion to those who have not bought yet, times the
 * ratio of hazards (the safe logrank test, ter Schure et al. 2020, arXiv 2011.06931). The log ratio is mixed over a
 * normal with mean 0 and the design's log ratio as its deviation. Several purchases of one day are drawn without
 * replacement, which makes the test the more careful (Hoeffding 1963).
 *
 * @param design the ratio of hazards that would be worth its while, not 1
 * @throws InputError `sequential-design` where it is 1, or no number above 0
 */
export function sequentialTest(
  days: readonly EventDay[],
  design: number,
  options: { level?: number } = {},
): SequentialTest {
  const { level = 0.95 } = options;
  const deviation = Math.abs(Math.log(design));
  if (!(deviation > 0) || !Number.isFinite(deviation)) {
    throw new InputError('sequential-design', `A ratio of ${design} is nothing to look for.`, {
      action: 'Give two different rates between 0 and 1.',
    });
  }
  const seen: EventDay[] = [];
  const bound = -Math.log(1 - level);
  let most = 0;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const day of days) {
    if (day.events[0] + day.events[1] === 0) continue;
    seen.push(day);
    const mixed = logMixture(seen, deviation);
    most = Math.max(most, mixed - logLikelihood(seen, 0));
    const [from, to] = interval(seen, mixed - bound);
    low = Math.max(low, from);
    high = Math.min(high, to);
  }
  const [treated, others] = [0, 1].map((arm) => sum(seen.map(({ events }) => events[arm] ?? 0)));
  const isBoth = (treated ?? 0) > 0 && (others ?? 0) > 0;
  const open = (end: number): number | null => (Number.isFinite(end) ? Math.exp(end) : null);
  return {
    events: (treated ?? 0) + (others ?? 0),
    pValue: Math.min(1, Math.exp(-most)),
    ratio: isBoth ? Math.exp(peak(seen)) : null,
    low: open(low),
    high: open(high),
  };
}

/** Partial likelihood of a log ratio of hazards, up to a constant. */
function logLikelihood(days: readonly EventDay[], logRatio: number): number {
  const ratio = Math.exp(logRatio);
  return days.reduce((total, { atRisk: [treated, others], events: [x, y] }) => {
    return total + x * logRatio - (x + y) * Math.log(ratio * treated + others);
  }, 0);
}

function logMixture(days: readonly EventDay[], deviation: number): number {
  const parts = NODES.map((z, i) => logLikelihood(days, deviation * z) + (LOG_WEIGHTS[i] ?? 0));
  const top = Math.max(...parts);
  return top + Math.log(sum(parts.map((part) => Math.exp(part - top))));
}

const FAR = 12;
const STEPS = 60;

/** Where the likelihood, which has one peak, is highest. */
function peak(days: readonly EventDay[]): number {
  const slope = (logRatio: number): number => {
    const ratio = Math.exp(logRatio);
    return days.reduce(
      (total, { atRisk: [treated, others], events: [x, y] }) =>
        total + x - ((x + y) * ratio * treated) / (ratio * treated + others),
      0,
    );
  };
  return bisect(-FAR, FAR, (logRatio) => slope(logRatio) > 0);
}

/** The log ratios whose likelihood reaches the mark; infinite where they have no end. */
function interval(days: readonly EventDay[], mark: number): [number, number] {
  const middle = peak(days);
  const isIn = (logRatio: number): boolean => logLikelihood(days, logRatio) >= mark;
  const low = isIn(-FAR) ? Number.NEGATIVE_INFINITY : bisect(-FAR, middle, (at) => !isIn(at));
  const high = isIn(FAR) ? Number.POSITIVE_INFINITY : bisect(middle, FAR, isIn);
  return [low, high];
}

/** The place between two ends up to which something is true. */
function bisect(from: number, to: number, isBefore: (at: number) => boolean): number {
  let [low, high] = [from, to];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (isBefore(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * How many times the subjects of a test with one look it takes to find the design's difference with the same power by
 * the horizon, the price of looking at any time: about 1.9. From the normal form of the mixture with the design's
 * effect as its deviation, where the boundary at information u (in squared effects) is
 * sqrt((1 + u) / u (2 ln(1 / alpha) + ln(1 + u))).
 */
export function sequentialInflation(alpha = 0.05, power = 0.8): number {
  const boundary = (u: number): number =>
    Math.sqrt(((1 + u) / u) * (2 * Math.log(1 / alpha) + Math.log(1 + u)));
  const needed = bisect(0.01, 1_000, (u) => Math.sqrt(u) < boundary(u) + normalQuantile(power));
  return needed / (normalQuantile(1 - alpha / 2) + normalQuantile(power)) ** 2;
}
