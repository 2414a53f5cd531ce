import { valueName } from '../../model/value-name.ts';
import { compileCondition, type Scope } from '../compile-condition.ts';
import type { Drawing, Sketch } from '../explain-sketch.ts';
import type { Topic } from '../explain-words.ts';
import { inWords } from '../explain-words.ts';
import { attributeSql } from './card-points.ts';
import { type Feature, featureColumns, featureName, featureTopic } from './features.ts';
import { notApplicable } from './not-applicable.ts';
import { gradeMark } from './scorecard-compile.ts';
import type { Card, ScorecardModel, ScorecardSegmentation } from './scorecard-definition.ts';

/** The score against its mark, and what each value adds. */
export function sketchScorecard(
  definition: ScorecardSegmentation,
  model: ScorecardModel | null,
  index: number,
  scope: Scope,
  drawing: Drawing,
  truth: string,
): Sketch {
  if (model?.use === 'nobody') return notApplicable(model.reason, truth);
  const mark = gradeMark(definition, model, index);
  const asked = mark === null ? 'below the grades above' : `at least ${mark}`;
  const own = scoreSketch(
    scope.score(`${definition.key}.points`),
    { name: 'score', type: 'number', isVisible: true },
    asked,
    drawing,
    truth,
  );
  if (model?.use === 'learned' && model.card !== null)
    return { kind: 'all', parts: [own, ...valuesOf(model.card, definition, scope, drawing)] };
  const holds = drawing.column('t', 'true');
  const parts = (definition.points ?? []).map(
    ({ when, points }): Sketch => ({
      kind: 'test',
      isFact: true,
      topic: { name: inWords(when, definition.subject, drawing.words), type: 'text', isVisible: true },
      threshold: `for ${points} points`,
      test: null,
      value: drawing.column(
        'v',
        `to_json(case when ${compileCondition(when, scope)} then 'yes' else 'no' end)`,
      ),
      truth: holds,
    }),
  );
  return { kind: 'all', parts: [own, ...parts] };
}

export function scoreSketch(
  sql: string,
  topic: Topic,
  asked: string,
  { column }: Drawing,
  truth: string,
): Sketch {
  return {
    kind: 'test',
    topic,
    threshold: asked,
    test: null,
    value: column('v', `to_json(${sql})`),
    truth,
  };
}

/** Each attribute's value with the points that it adds. */
export function valuesOf(
  card: Card,
  definition: { of: readonly Feature[]; subject: 'person' | 'company' },
  scope: Scope,
  { column, words }: Drawing,
): Sketch[] {
  const columns = featureColumns(definition.of, scope);
  const holds = column('t', 'true');
  return card.attributes.flatMap((attribute): Sketch[] => {
    const i = definition.of.findIndex((feature, j) => featureName(feature, j) === attribute.column);
    const feature = definition.of[i];
    const found = columns[i];
    if (feature === undefined || found === undefined) return [];
    const topic = featureTopic(feature, definition.subject, words);
    const points = attributeSql(attribute, found, scope.base.bindings);
    const option = attribute.option === undefined ? '' : ` (${valueName(topic, attribute.option)})`;
    const type = found.isAge ? 'number' : topic.type === 'boolean' ? 'text' : topic.type;
    return [
      {
        kind: 'test',
        isFact: true,
        topic: {
          ...topic,
          type,
          name: `${found.isAge ? 'days since ' : ''}${topic.name}${option}`,
        },
        threshold: `information value ${attribute.iv.toFixed(2)}`,
        test: null,
        value: column('v', `to_json(${found.sql})`),
        points: column('p', `(${points})`),
        truth: holds,
      },
    ];
  });
}
