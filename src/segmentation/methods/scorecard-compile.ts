import { compileCondition, type Scope } from '../compile-condition.ts';
import type { Model } from '../model.ts';
import { modelMissing } from '../model-missing.ts';
import { FACTOR, NEUTRAL_SCORE } from '../statistics/scorecard-points.ts';
import { attributeSql } from './card-points.ts';
import { type Feature, featureColumns } from './features.ts';
import { float } from './purchase-table.ts';
import type { Card, ScorecardModel, ScorecardSegmentation } from './scorecard-definition.ts';

export const scorecardScores = ['points', 'probability'] as const;
const NOTHING = 'null::double precision';
/** Lowest scores of A, B and C where points are given by hand. */
const HAND_GRADES = [80, 60, 40];

/** Null for a card of points by hand alone, which learns nothing. */
export function scorecardModel(
  definition: ScorecardSegmentation,
  model: Model | null,
): ScorecardModel | null {
  if (definition.of.length === 0) return null;
  if (model?.method === 'scorecard') return model;
  throw modelMissing(definition);
}

export function compileScorecard(
  definition: ScorecardSegmentation,
  model: ScorecardModel | null,
  scope: Scope,
): Record<string, string> {
  if (model?.use === 'nobody') return { points: NOTHING, probability: NOTHING };
  if (model?.use === 'learned' && model.card !== null) return cardSql(model.card, definition.of, scope);
  const terms = (definition.points ?? []).map(
    ({ when, points }) => `case when ${compileCondition(when, scope)} then ${points} else 0 end`,
  );
  return { points: `(${[NEUTRAL_SCORE, ...terms].join(' + ')})::double precision`, probability: NOTHING };
}

/** Points are 50 and those of each value; the probability is the odds that they stand for. */
export function cardSql(card: Card, features: readonly Feature[], scope: Scope): Record<string, string> {
  const columns = new Map(featureColumns(features, scope).map((column) => [column.name, column]));
  const terms = card.attributes.map((attribute) =>
    attributeSql(attribute, columns.get(attribute.column), scope.base.bindings),
  );
  const points = scope.helper('points', `(${[NEUTRAL_SCORE, ...terms].join(' + ')})::double precision`);
  const odds = `${float(card.intercept)} + (${points} - ${NEUTRAL_SCORE}) / ${float(FACTOR)}`;
  return { points, probability: `1 / (1 + exp(least(greatest(-(${odds}), -600), 600)))` };
}

/** Grades from the best down; each holds where the score reaches its mark. */
export function compileGrades(
  definition: ScorecardSegmentation,
  model: ScorecardModel | null,
  scope: Scope,
): string[] {
  if (model?.use === 'nobody') return definition.segments.map(() => 'false');
  const score = scope.score(`${definition.key}.points`);
  const and = definition.among === undefined ? '' : ` and ${compileCondition(definition.among, scope)}`;
  return definition.segments.map((_, index) => {
    const mark = gradeMark(definition, model, index);
    return mark === null ? `(${score} is not null${and})` : `(${score} >= ${float(mark)}${and})`;
  });
}

/** The lowest score of a grade; null for the last, which is open below. */
export function gradeMark(
  definition: ScorecardSegmentation,
  model: ScorecardModel | null,
  index: number,
): number | null {
  const own = definition.segments[index]?.atLeast;
  if (own !== undefined) return own;
  if (index === definition.segments.length - 1) return null;
  const { a, b, c } = model?.card?.grades ?? { a: 0, b: 0, c: 0 };
  const marks = model?.use === 'learned' ? [a, b, c] : HAND_GRADES;
  return marks[index] ?? null;
}
