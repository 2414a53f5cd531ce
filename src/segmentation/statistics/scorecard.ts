import { InputError } from '../../errors.ts';
import type { AttributeTable } from './attribute-table.ts';
import { isLeakSuspect } from './scorecard-leaks.ts';
import { FACTOR, fitPoints, type ScoredAttribute, type ScoredBin, scoreRow } from './scorecard-points.ts';
import { type ScorecardValidation, validateScorecard } from './scorecard-validation.ts';
import { quantileOfSorted } from './vectors.ts';
import { learnWoe, type WoeAttribute } from './weight-of-evidence.ts';

/** Fewer won (or lost) cases than this for each attribute make coefficients that are noise. */
const EVENTS_PER_PARAMETER = 10;

/** Lowest scores of A, B and C; below C it is D. */
export type Grades = { a: number; b: number; c: number };

export type Scorecard = {
  kind: 'learned';
  attributes: ScoredAttribute[];
  intercept: number;
  grades: Grades;
  validation: ScorecardValidation;
  converged: boolean;
  logLikelihood: number;
  warnings: string[];
};

/** Too few cases to learn: points for a person to set. `suggestions` order the attributes by what is known so far. */
export type PointsByHand = {
  kind: 'by_hand';
  reason: string;
  suggestions: { column: string; option?: string; iv: number; bins: ScoredBin[] }[];
  warnings: string[];
};

export type ScorecardOptions = {
  /** A time per row: the last 30 % are kept for the check. Without: five-fold cross-validation. */
  times?: readonly number[];
  seed?: number;
  ridge?: number;
  /** What to do with attributes whose name says they may know the answer. */
  leaks?: 'exclude' | 'warn';
};

/**
 * Learns points per value from past won and lost cases: weight of evidence, then L2 logistic regression on it
 * (Siddiqi 2006). An attribute that speaks against its own evidence beside the others is dropped.
 * Falls back to points by hand under ten events a parameter. Throws InputError `one_outcome` where all cases ended alike.
 */
export function learnScorecard(
  table: AttributeTable,
  isPositive: (row: number) => boolean,
  options: ScorecardOptions = {},
): Scorecard | PointsByHand {
  const outcomes = Array.from({ length: table.rows }, (_, i) => isPositive(i));
  const positives = outcomes.filter(Boolean).length;
  const events = Math.min(positives, table.rows - positives);
  if (events === 0) {
    throw new InputError(
      'one-outcome',
      `All ${table.rows} cases ended alike (${positives} won). Nothing was learned.`,
      {
        action: 'Include both won and lost cases.',
      },
    );
  }
  const warnings: string[] = [];
  const usable = withoutLeaks(table, options.leaks ?? 'exclude', warnings);
  const evidence = learnWoe(usable, isPositive);
  if (evidence.length === 0) {
    return byHand([], 'No attribute varies between the cases;', warnings);
  }
  if (events < EVENTS_PER_PARAMETER * evidence.length) {
    const reason = `${events} cases of the rarer outcome for ${evidence.length} attributes are under ${EVENTS_PER_PARAMETER} each${smallerCard(evidence, events)}`;
    return byHand(evidence, reason, warnings);
  }
  const fit = fitPoints(usable, isPositive, options.ridge);
  for (const { column, reading } of evidence) {
    if (reading === 'suspicious')
      warnings.push(`${column} predicts the outcome suspiciously well: does it know the answer?`);
  }
  warnings.push(
    ...fit.dropped.map((name) => `${name} adds nothing beside the other attributes and got no points.`),
    ...fit.chance.map((name) => `${name} tells no more than chance would and got no points.`),
  );
  const scores = Float64Array.from({ length: table.rows }, (_, i) =>
    scoreRow(fit.attributes, usable, i),
  ).sort();
  const validation = validateScorecard(usable, outcomes, options);
  if (validation.verdict === 'no_better_than_chance') {
    warnings.push('On cases it had not seen, the score is no better than chance.');
  } else if (validation.verdict === 'unknown') {
    warnings.push(
      'The score could not be checked: there are no later cases of both outcomes to judge it on, so it has no AUC.',
    );
  }
  return {
    kind: 'learned',
    attributes: fit.attributes,
    intercept: fit.intercept,
    grades: gradesOf(scores),
    validation,
    converged: fit.converged,
    logLikelihood: fit.logLikelihood,
    warnings,
  };
}

/** What could be learned instead, by the attributes that tell most alone. */
function smallerCard(evidence: readonly WoeAttribute[], events: number): string {
  const most = Math.floor(events / EVENTS_PER_PARAMETER);
  if (most === 0) return ';';
  const strongest = evidence
    .toSorted((x, y) => y.iv - x.iv)
    .slice(0, Math.min(most, 5))
    .map(({ column }) => column);
  return `: choose ${most === 1 ? 'one' : `at most ${most}`} (alone, ${[...new Set(strongest)].join(', ')} ${strongest.length === 1 ? 'tells' : 'tell'} most), or`;
}

function byHand(evidence: readonly WoeAttribute[], reason: string, warnings: string[]): PointsByHand {
  const suggestions = evidence
    .toSorted((x, y) => y.iv - x.iv)
    // Half of the evidence, five points at a time: a start for a person, not a finding.
    .map(({ reading: _, ...attribute }) => ({
      ...attribute,
      bins: attribute.bins.map((bin) => ({ ...bin, points: 5 * Math.round((FACTOR * bin.woe) / 10) })),
    }));
  return { kind: 'by_hand', reason: `${reason} set the points by hand.`, suggestions, warnings };
}

function withoutLeaks(table: AttributeTable, leaks: 'exclude' | 'warn', warnings: string[]): AttributeTable {
  const suspects = table.columns.map((column) => column.name).filter(isLeakSuspect);
  if (suspects.length === 0) return table;
  const known = `${suspects.join(', ')} may be known only after the outcome`;
  warnings.push(leaks === 'warn' ? `${known}; leave them out if so.` : `${known} and were left out.`);
  return leaks === 'warn'
    ? table
    : { ...table, columns: table.columns.filter((column) => !suspects.includes(column.name)) };
}

export function gradeOf(score: number, { a, b, c }: Grades): 'A' | 'B' | 'C' | 'D' {
  if (score >= a) return 'A';
  if (score >= b) return 'B';
  return score >= c ? 'C' : 'D';
}

/** A is the best fifth, B the next 30 %, C the next 30 %, D the rest; equal scores share a grade. */
function gradesOf(sorted: Float64Array): Grades {
  const a = Math.ceil(quantileOfSorted(sorted, 0.8));
  const b = Math.ceil(quantileOfSorted(sorted, 0.5));
  const c = Math.ceil(quantileOfSorted(sorted, 0.2));
  return { a, b, c };
}
