import type { AttributeOwner, SubjectType } from '../model/attribute.ts';
import { aggregateOf, type Condition, type DealMeasure } from './condition.ts';
import type { Measure, Segmentation } from './definition.ts';
import type { Feature } from './methods/features.ts';

export type Path = (string | number)[];

/** Something that a definition names, with where it stands in it. */
export type Reference =
  | { kind: 'attribute'; owner: AttributeOwner; key: string; path: Path }
  | { kind: 'segment' | 'score'; subject: SubjectType; name: string; path: Path };

/** All that a condition on `subject` names. */
export function* conditionReferences(
  condition: Condition,
  subject: SubjectType,
  path: Path = [],
): Generator<Reference> {
  if ('all' in condition) {
    for (const [i, part] of condition.all.entries())
      yield* conditionReferences(part, subject, [...path, 'all', i]);
  } else if ('any' in condition) {
    for (const [i, part] of condition.any.entries())
      yield* conditionReferences(part, subject, [...path, 'any', i]);
  } else if ('not' in condition) {
    yield* conditionReferences(condition.not, subject, [...path, 'not']);
  } else if ('attribute' in condition) {
    yield { kind: 'attribute', owner: subject, key: condition.attribute, path: [...path, 'attribute'] };
  } else if ('deals' in condition) {
    yield* dealReferences(condition.deals, [...path, 'deals']);
  } else if ('company' in condition) {
    yield* conditionReferences(condition.company, 'company', [...path, 'company']);
  } else if ('contacts' in condition) {
    const { where } = condition.contacts;
    if (where !== undefined) yield* conditionReferences(where, 'person', [...path, 'contacts', 'where']);
  } else if ('segment' in condition) {
    yield { kind: 'segment', subject, name: condition.segment, path: [...path, 'segment'] };
  } else {
    yield { kind: 'score', subject, name: condition.score, path: [...path, 'score'] };
  }
}

function* dealReferences(measure: DealMeasure, path: Path): Generator<Reference> {
  for (const key of Object.keys(measure.where ?? {})) {
    yield { kind: 'attribute', owner: 'deal', key, path: [...path, 'where', key] };
  }
  const { aggregate, attribute } = aggregateOf(measure);
  if (attribute !== null) {
    yield { kind: 'attribute', owner: 'deal', key: attribute, path: [...path, aggregate] };
  }
  // The order of first and last.
  if (aggregate === 'first' || aggregate === 'last') {
    yield { kind: 'attribute', owner: 'deal', key: 'closed_at', path: [...path, aggregate] };
  }
}

function* measureReferences(measure: Measure, subject: SubjectType, path: Path): Generator<Reference> {
  if (typeof measure === 'string') yield { kind: 'attribute', owner: subject, key: measure, path };
  else if ('score' in measure)
    yield { kind: 'score', subject, name: measure.score, path: [...path, 'score'] };
  else yield* dealReferences(measure.deals, [...path, 'deals']);
}

function* featureReferences(features: readonly Feature[], subject: SubjectType): Generator<Reference> {
  for (const [i, feature] of features.entries()) {
    const path = ['of', i];
    if (typeof feature === 'string') yield { kind: 'attribute', owner: subject, key: feature, path };
    else if ('company' in feature)
      yield { kind: 'attribute', owner: 'company', key: feature.company, path: [...path, 'company'] };
    else yield* dealReferences(feature.deals, [...path, 'deals']);
  }
}

function* caseReferences({
  cases,
  subject,
  of,
}: Extract<Segmentation, { method: 'scorecard' }>): Generator<Reference> {
  if (of.length === 0) return;
  if (cases === undefined) {
    for (const key of ['won', 'closed', 'closed_at'])
      yield { kind: 'attribute', owner: 'deal', key, path: ['of'] };
    return;
  }
  yield* conditionReferences(cases.won, subject, ['cases', 'won']);
  yield* conditionReferences(cases.lost, subject, ['cases', 'lost']);
  if (cases.at !== undefined)
    yield { kind: 'attribute', owner: subject, key: cases.at, path: ['cases', 'at'] };
}

/** What a whole method needs before any of its segments can be worked out. */
export function* methodReferences(definition: Segmentation): Generator<Reference> {
  const { subject } = definition;
  if (definition.method === 'tiers') {
    yield* measureReferences(definition.of, subject, ['of']);
    if (definition.among !== undefined) yield* conditionReferences(definition.among, subject, ['among']);
  }
  if (definition.method === 'lifetime_value' || definition.method === 'churn') {
    for (const key of ['won', 'closed_at', ...Object.keys(definition.where ?? {})])
      yield { kind: 'attribute', owner: 'deal', key, path: ['where', key] };
  }
  if (definition.method === 'clusters') {
    yield* featureReferences(definition.of, subject);
    if (definition.among !== undefined) yield* conditionReferences(definition.among, subject, ['among']);
  }
  if (definition.method === 'scorecard') {
    yield* featureReferences(definition.of, subject);
    yield* caseReferences(definition);
    for (const [i, { when }] of (definition.points ?? []).entries())
      yield* conditionReferences(when, subject, ['points', i, 'when']);
    if (definition.among !== undefined) yield* conditionReferences(definition.among, subject, ['among']);
  }
  if (definition.method === 'lookalike') {
    yield { kind: 'segment', subject, name: definition.seed, path: ['seed'] };
    yield* featureReferences(definition.of, subject);
    if (definition.among !== undefined) yield* conditionReferences(definition.among, subject, ['among']);
  }
  if (definition.method === 'rfm') {
    for (const name of ['recency', 'frequency', 'monetary'] as const) {
      yield* measureReferences(definition[name], subject, [name]);
    }
  }
}

/** What one segment of rules names. */
export function* segmentReferences(definition: Segmentation, index: number): Generator<Reference> {
  if (definition.method !== 'rules') return;
  const segment = definition.segments[index];
  if (segment === undefined) return;
  yield* conditionReferences(segment.when, definition.subject, ['segments', index, 'when']);
  if (segment.leaveWhen !== undefined) {
    yield* conditionReferences(segment.leaveWhen, definition.subject, ['segments', index, 'leaveWhen']);
  }
}

/** All that a definition names, in reading order. */
export function* references(definition: Segmentation): Generator<Reference> {
  yield* methodReferences(definition);
  for (const index of definition.segments.keys()) yield* segmentReferences(definition, index);
}
