/** A definition in words, for those who do not read YAML: what a segment asks for, with nobody's values in it. */

import type { Attribute } from '../model/attribute.ts';
import { showShare } from '../model/share-words.ts';
import { indexAttributes } from './attribute-index.ts';
import type { Condition } from './condition.ts';
import type { Segmentation } from './definition.ts';
import { namesOfSegments, topicOf, type Words } from './explain-words.ts';
import { testsOf } from './operators.ts';
import { thresholdOf } from './threshold-words.ts';
import { showValue } from './value-words.ts';
import type { Calendar } from './window.ts';

/** A sentence, or several that stand together. */
export type Described = { text: string } | { kind: 'all' | 'any' | 'not'; parts: Described[] };

export type Describing = {
  attributes: readonly Attribute[];
  calendar: Calendar;
  currency: string;
  /** All segment sets, for the names of those that conditions ask for. */
  others?: readonly Segmentation[];
};

/** What each segment of a definition asks for; null where the method learns it from the data. */
export function describeSegment(
  definition: Segmentation,
  segment: string,
  { attributes, calendar, currency, others = [] }: Describing,
): Described | null {
  const words: Words = {
    attributes: indexAttributes(attributes),
    calendar,
    currency,
    segmentName: namesOfSegments(others),
  };
  if (definition.method === 'rules') {
    const found = definition.segments.find(({ key }) => key === segment);
    return found ? describeCondition(found.when, definition.subject, words) : null;
  }
  if (definition.method === 'rfm') {
    const found = definition.segments.find(({ key }) => key === segment);
    return found ? { kind: 'any', parts: found.areas.map(describeArea) } : null;
  }
  if (definition.method === 'tiers') {
    const found = definition.segments.find(({ key }) => key === segment);
    const of =
      typeof definition.of === 'string' ? words.attributes.get(definition.subject, definition.of) : undefined;
    const what = of?.name ?? 'The value';
    if (found?.atLeast !== undefined)
      return { text: `${what} is at least ${showValue(found.atLeast, of ?? { type: 'number' }, words)}` };
    if (found?.topPercent !== undefined)
      return { text: `${what} is within the top ${showShare(found.topPercent / 100)}` };
    return found ? { text: `${what} is below the other tiers` } : null;
  }
  return null;
}

function describeCondition(condition: Condition, owner: 'person' | 'company', words: Words): Described {
  const inner = (part: Condition) => describeCondition(part, owner, words);
  if ('all' in condition) return { kind: 'all', parts: condition.all.map(inner) };
  if ('any' in condition) return { kind: 'any', parts: condition.any.map(inner) };
  if ('not' in condition) return { kind: 'not', parts: [inner(condition.not)] };
  if ('company' in condition) return describeCondition(condition.company, 'company', words);
  if ('segment' in condition)
    return { text: `Is in segment ${words.segmentName?.(condition.segment) ?? condition.segment}` };
  const topic = topicOf(condition, owner, words);
  const comparison =
    'deals' in condition ? condition.deals : 'contacts' in condition ? condition.contacts : condition;
  const tests = testsOf(comparison).map((test) => thresholdOf(test, topic, words).replace(/^is /, ''));
  return { text: `${topic.name.charAt(0).toUpperCase()}${topic.name.slice(1)}: ${tests.join(' and ')}` };
}

const SCORES = { r: 'recency', f: 'frequency', m: 'money', fm: 'frequency and money' } as const;

function describeArea(area: { [score in keyof typeof SCORES]?: [number, number] | undefined }): Described {
  const parts = (['r', 'f', 'm', 'fm'] as const).flatMap((score) => {
    const range = area[score];
    if (!range) return [];
    const [low, high] = range;
    return [`${SCORES[score]} ${low === high ? low : `${low} to ${high}`}`];
  });
  return { text: parts.length > 0 ? `Scores of 1 to 5: ${parts.join(', ')}` : 'Any scores' };
}
