import { z } from 'zod';
import type { Plan } from '../compile.ts';
import { compileCondition, type Scope } from '../compile-condition.ts';
import { tierConditions } from '../compile-scores.ts';
import type { Drawing, Sketch } from '../explain-sketch.ts';
import { mayProfile, shuffledBy } from '../may-profile.ts';
import type { Model } from '../model.ts';
import { modelMissing } from '../model-missing.ts';
import { percentileCut } from '../percentile.ts';
import { histogramOf } from '../statistics/cut-points.ts';
import { findLookalikes } from '../statistics/lookalike.ts';
import { at } from '../statistics/vectors.ts';
import type { FeatureRequest } from './cluster-learn.ts';
import { featureColumns, featureSelect, featureTable } from './features.ts';
import { notApplicable } from './not-applicable.ts';
import { tierThreshold } from './purchase-explain.ts';
import { cardSql } from './scorecard-compile.ts';
import type { LookalikeModel, LookalikeSegmentation } from './scorecard-definition.ts';
import { scoreSketch, valuesOf } from './scorecard-explain.ts';
import { cardOf, notBetter } from './scorecard-learn.ts';

export const lookalikeScores = ['likeness', 'probability'] as const;

const SEEDS = 5_000;
const OTHERS = 20_000;

/** Members of the seed, as they are labelled now, and a fair sample of the others: `{ f0, f1, ..., is_seed }`. */
export function planLookalike(
  definition: LookalikeSegmentation,
  scope: Scope,
  request: FeatureRequest,
): string {
  const columns = featureColumns(definition.of, scope);
  const isSeed = scope.segment(definition.seed);
  const gate = mayProfile(definition.subject, request.attributes, (key) => scope.base.own(key).sql);
  const among = definition.among === undefined ? 'true' : compileCondition(definition.among, scope);
  // Each part by itself: the largest so many of an order are found in little memory, ranks of everybody are not.
  const some = (who: string, value: boolean, most: number): string =>
    `(select ${featureSelect(columns)}, ${value} as is_seed, l.id
  from (\n${request.nested()}\n) l
  where ${gate} and ${who}
  order by ${shuffledBy('l.id')}
  limit ${most})`;
  return `select * from (
${some(isSeed, true, SEEDS)}
union all
${some(`not ${isSeed} and ${among}`, false, OTHERS)}
) s
order by is_seed, ${shuffledBy('s.id')}`;
}

const Row = z.looseObject({ is_seed: z.boolean() });

/** Throws InputError `too-few-seeds`, `one-outcome`. */
export function learnLikeness(
  definition: LookalikeSegmentation,
  rows: readonly unknown[],
  asOf: Date,
): LookalikeModel {
  const read = rows.map((row) => Row.parse(row));
  const table = featureTable(definition.of, read);
  const { card, ranked, warnings } = findLookalikes(table, (row) => at(read, row).is_seed, {
    seed: 1,
    limit: read.length,
  });
  const seeds = read.filter((row) => row.is_seed).length;
  const model = {
    method: 'lookalike' as const,
    asOf: asOf.toISOString(),
    seeds,
    others: read.length - seeds,
    card: null,
    reason: null,
    cutPoints: {},
    warnings,
  };
  if (card.kind === 'by_hand') return { ...model, reason: `Too little to learn from: ${card.reason}` };
  if (card.validation.verdict === 'no_better_than_chance')
    return { ...model, card: cardOf(card), reason: notBetter(card) };
  const histogram = histogramOf(ranked.map(({ score }) => score));
  const cutPoints = Object.fromEntries(
    definition.segments.flatMap(({ key, topPercent }) =>
      topPercent === undefined ? [] : [[key, percentileCut(histogram, topPercent, 'top')]],
    ),
  );
  return { ...model, card: cardOf(card), cutPoints };
}

export function lookalikeModel(definition: LookalikeSegmentation, model: Model | null): LookalikeModel {
  if (model?.method === 'lookalike') return model;
  throw modelMissing(definition);
}

export function compileLikeness(
  definition: LookalikeSegmentation,
  { card, reason }: LookalikeModel,
  scope: Scope,
): Record<string, string> {
  if (card === null || reason !== null)
    return { likeness: 'null::double precision', probability: 'null::double precision' };
  const { points = '', probability = '' } = cardSql(card, definition.of, scope);
  return { likeness: points, probability };
}

/** Tiers of likeness, for those outside the seed. */
export function compileLookalikes(
  definition: LookalikeSegmentation,
  model: LookalikeModel,
  scope: Scope,
): string[] {
  if (model.card === null || model.reason !== null) return definition.segments.map(() => 'false');
  const outside = `not ${scope.segment(definition.seed)}`;
  const among =
    definition.among === undefined ? outside : `${outside} and ${compileCondition(definition.among, scope)}`;
  const likeness = { sql: scope.score(`${definition.key}.likeness`), type: 'number' as const };
  return tierConditions(definition.segments, model.cutPoints, likeness, scope, among);
}

/** The likeness, that the subject is not of the seed itself, and what each value adds. */
export function sketchLookalike(
  definition: LookalikeSegmentation,
  plan: Plan,
  index: number,
  scope: Scope,
  drawing: Drawing,
  truth: string,
): Sketch {
  const model = lookalikeModel(definition, plan.model);
  if (model.card === null || model.reason !== null) return notApplicable(model.reason, truth);
  const topic = { name: 'likeness', type: 'probability' as const, isVisible: true };
  const asked = tierThreshold(definition, index, model.cutPoints, topic, drawing.words);
  const outside: Sketch = {
    kind: 'not',
    parts: [
      {
        kind: 'test',
        topic: { name: 'segment', type: 'text', isVisible: true },
        threshold: drawing.words.segmentName?.(definition.seed) ?? definition.seed,
        test: null,
        value: null,
        truth: drawing.column('t', scope.segment(definition.seed)),
      },
    ],
  };
  return {
    kind: 'all',
    parts: [
      scoreSketch(scope.score(`${definition.key}.likeness`), topic, asked, drawing, truth),
      outside,
      ...valuesOf(model.card, definition, scope, drawing),
    ],
  };
}
