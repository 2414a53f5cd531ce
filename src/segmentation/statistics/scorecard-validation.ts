import { type AttributeTable, pickTableRows } from './attribute-table.ts';
import {
  type Auc,
  areaUnderCurve,
  brierScore,
  type CalibrationBin,
  calibrationByDecile,
  liftAt,
} from './classification-quality.ts';
import { randomFrom, shuffledIndices } from './random.ts';
import { fitPoints, probabilityOf, scoreRow } from './scorecard-points.ts';
import { at, mean } from './vectors.ts';

/** How the card does on cases that it had not seen. */
export type ScorecardValidation = {
  /** The last 30 % by time, or five-fold cross-validation where there is no time. */
  split: 'time' | 'cross_validation';
  cases: number;
  /** `null` where the unseen cases all ended alike. */
  auc: Auc | null;
  brier: number;
  /** What always saying the base rate would score. */
  baseBrier: number;
  calibration: CalibrationBin[];
  liftTop10: number | null;
  liftTop20: number | null;
  verdict: 'useful' | 'no_better_than_chance' | 'unknown';
};

const HELD_OUT = 0.3;
const FOLDS = 5;

/** Fits again without the cases that it is then judged on. */
export function validateScorecard(
  table: AttributeTable,
  outcomes: readonly boolean[],
  { times, seed = 1, ridge }: { times?: readonly number[]; seed?: number; ridge?: number },
): ScorecardValidation {
  const parts = times ? [lastByTime(times)] : folds(outcomes, seed);
  const probabilities: number[] = [];
  const actual: boolean[] = [];
  for (const part of parts) {
    const unseen = new Set(part);
    const rest = outcomes.map((_, i) => i).filter((i) => !unseen.has(i));
    const won = rest.filter((i) => outcomes[i]).length;
    if (won === 0 || won === rest.length) continue;
    const fit = fitPoints(pickTableRows(table, rest), (i) => at(outcomes, at(rest, i)), ridge);
    for (const row of part) {
      probabilities.push(probabilityOf(scoreRow(fit.attributes, table, row), fit.intercept));
      actual.push(at(outcomes, row));
    }
  }
  const auc = areaUnderCurve(probabilities, actual);
  const base = mean(actual.map(Number));
  return {
    split: times ? 'time' : 'cross_validation',
    cases: actual.length,
    auc,
    brier: brierScore(probabilities, actual),
    baseBrier: base * (1 - base),
    calibration: calibrationByDecile(probabilities, actual),
    liftTop10: liftAt(probabilities, actual, 0.1),
    liftTop20: liftAt(probabilities, actual, 0.2),
    verdict: auc === null ? 'unknown' : auc.low > 0.5 ? 'useful' : 'no_better_than_chance',
  };
}

/** The rows after the moment that 70 % of the cases precede; rows of that very moment stay with the past. */
function lastByTime(times: readonly number[]): number[] {
  const sorted = [...times].sort((a, b) => a - b);
  const cut = at(sorted, Math.max(0, Math.ceil(times.length * (1 - HELD_OUT)) - 1));
  return times.map((_, i) => i).filter((i) => at(times, i) > cut);
}

/** Five parts with the same share of won cases each. */
function folds(outcomes: readonly boolean[], seed: number): number[][] {
  const order = shuffledIndices(outcomes.length, randomFrom(seed));
  const parts: number[][] = Array.from({ length: FOLDS }, () => []);
  for (const outcome of [true, false]) {
    order
      .filter((i) => outcomes[i] === outcome)
      .forEach((i, place) => {
        at(parts, place % FOLDS).push(i);
      });
  }
  return parts;
}
