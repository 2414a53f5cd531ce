import type { CompiledPlans, Plan } from './compile.ts';
import { compileCondition, compileOne, leafOf, type Scope } from './compile-condition.ts';
import { compileMeasure } from './compile-scores.ts';
import type { Condition } from './condition.ts';
import type { Measure } from './definition.ts';
import { fixedTruth } from './explain-fixed.ts';
import { dealTopic, type Topic, topicOf, type Words } from './explain-words.ts';
import { sketchCluster } from './methods/cluster-compile.ts';
import { sketchLookalike } from './methods/lookalike.ts';
import { sketchPurchases, tierThreshold } from './methods/purchase-explain.ts';
import { scorecardModel } from './methods/scorecard-compile.ts';
import { sketchScorecard } from './methods/scorecard-explain.ts';
import { type Test, testsOf } from './operators.ts';
import { askedOf } from './threshold-words.ts';

/** A clause before the row is known: names of the columns that carry its value and its truth. */
export type Sketch =
  | { kind: 'all' | 'any' | 'not'; parts: Sketch[] }
  | {
      kind: 'test';
      isFact?: true;
      /** No value that it can take would turn it round. */
      isFixed?: true;
      topic: Topic;
      threshold: string;
      /** What is the case where that is not; worked out from the threshold where left out. */
      opposite?: string;
      /** Learned, of a percentile. */
      cut?: number | null;
      test: Test | null;
      value: string | null;
      /** A score from 1 to 5 that the value was given. */
      score?: string;
      /** What the value adds to a sum of points. */
      points?: string;
      truth: string;
    };

export type Drawing = { compiled: CompiledPlans; words: Words; column(prefix: string, sql: string): string };

export function sketchSegment(plan: Plan, index: number, drawing: Drawing): Sketch {
  const { definition } = plan;
  const scope = drawing.compiled.scopeOf(plan);
  if (definition.method === 'rules') {
    const segment = definition.segments[index];
    if (segment === undefined) throw new Error('no such segment');
    return sketchCondition(segment.when, scope, drawing, false);
  }
  const truth = drawing.column('t', drawing.compiled.conditionOf(plan, index));
  if (definition.method === 'lifetime_value' || definition.method === 'churn')
    return sketchPurchases(definition, plan, index, scope, drawing, truth);
  if (definition.method === 'scorecard') {
    const model = scorecardModel(definition, plan.model);
    return sketchScorecard(definition, model, index, scope, drawing, truth);
  }
  if (definition.method === 'lookalike')
    return sketchLookalike(definition, plan, index, scope, drawing, truth);
  if (definition.method === 'clusters') return sketchCluster(definition, plan, index, scope, drawing, truth);
  if (definition.method === 'tiers') {
    const cutPoints = plan.model?.method === 'tiers' ? plan.model.cutPoints : {};
    const topic = measureTopic(definition.of, definition.subject, drawing.words);
    const value = drawing.column('v', `to_json(${compileMeasure(definition.of, scope).sql})`);
    return {
      kind: 'test',
      topic,
      threshold: tierThreshold(definition, index, cutPoints, topic, drawing.words),
      test: null,
      value,
      truth,
    };
  }
  return sketchRfm(plan, index, scope, drawing);
}

function sketchRfm(plan: Plan, index: number, scope: Scope, { words, column }: Drawing): Sketch {
  if (plan.definition.method !== 'rfm') throw new Error('not an RFM segmentation');
  const { definition } = plan;
  const areas = definition.segments[index]?.areas ?? [];
  const parts = areas.map((area): Sketch => {
    const ranges = [
      { score: 'recency', range: area.r },
      { score: 'frequency', range: area.f },
      { score: 'monetary', range: area.m },
    ] as const;
    const tests = ranges.flatMap(({ score, range }): Sketch[] => {
      if (range === undefined) return [];
      const topic = measureTopic(definition[score], definition.subject, words);
      const sql = scope.score(`${definition.key}.${score}`);
      const truth = column('t', `${sql} between ${range[0]} and ${range[1]}`);
      const value = column('v', `to_json(${compileMeasure(definition[score], scope).sql})`);
      const asked = `a score of ${scoreWords(range)}`;
      const given = column('s', sql);
      return [{ kind: 'test', topic, threshold: asked, test: null, value, score: given, truth }];
    });
    return { kind: 'all', parts: tests };
  });
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts };
}

function measureTopic(measure: Measure, subject: 'person' | 'company', words: Words): Topic {
  if (typeof measure === 'string') return topicOf({ attribute: measure, known: true }, subject, words);
  if ('score' in measure) return topicOf({ score: measure.score, known: true }, subject, words);
  return dealTopic(measure.deals, words);
}

function sketchCondition(condition: Condition, scope: Scope, drawing: Drawing, inCompany: boolean): Sketch {
  const inner = (part: Condition): Sketch => sketchCondition(part, scope, drawing, inCompany);
  if ('all' in condition) return { kind: 'all', parts: condition.all.map(inner) };
  if ('any' in condition) return { kind: 'any', parts: condition.any.map(inner) };
  if ('not' in condition) return { kind: 'not', parts: [inner(condition.not)] };
  if ('company' in condition) return sketchCondition(condition.company, scope, drawing, true);
  if ('segment' in condition) {
    const sql = compileCondition(inCompany ? { company: condition } : condition, scope);
    const truth = drawing.column('t', sql);
    const topic: Topic = {
      name: inCompany ? 'segment of the company' : 'segment',
      type: 'text',
      isVisible: true,
    };
    const threshold = drawing.words.segmentName?.(condition.segment) ?? condition.segment;
    return { kind: 'test', topic, threshold, test: null, value: null, truth };
  }
  const leaf = leafOf(condition, scope, inCompany);
  if (leaf === null) throw new Error('not a leaf');
  const owner = inCompany ? 'company' : scope.base.subject;
  const topic = topicOf(condition, owner, drawing.words);
  const value = drawing.column('v', `to_json(${leaf.operand.sql})`);
  const tests = testsOf(leaf.comparison).map((test): Sketch => {
    const truth = drawing.column('t', compileOne(leaf.operand, test, scope, leaf.cutName));
    const cut = scope.cutPoints[leaf.cutName(test)] ?? null;
    const asked = askedOf(test, topic, drawing.words, cut);
    const isFixed = fixedTruth(test, topic) !== null;
    return { kind: 'test', topic, ...asked, ...(isFixed && { isFixed }), cut, test, value, truth };
  });
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : { kind: 'all', parts: tests };
}

/** 3 to 4 is 3 or 4. */
function scoreWords([from, to]: readonly [number, number]): string {
  if (from === to) return String(from);
  return to === from + 1 ? `${from} or ${to}` : `${from} to ${to}`;
}
