import type { SubjectType } from '../model/attribute.ts';
import type { AttributeIndex } from './attribute-index.ts';
import type { AttributeCondition, Condition } from './condition.ts';
import type { Segmentation } from './definition.ts';

/** From how many segments on: a condition that is worked out once is worked out for everybody. */
const SHARED_FROM = 3;

/**
 * Tells the conditions that several segments ask of the subject alike, which are then worked out once. Not those on
 * text: its lower case is worked out once already.
 */
export function sharedConditions(
  definitions: readonly Segmentation[],
  subject: SubjectType,
  attributes: AttributeIndex,
): (condition: AttributeCondition) => boolean {
  const counts = new Map<string, number>();
  const note = (condition: Condition): void => {
    if ('all' in condition) condition.all.forEach(note);
    else if ('any' in condition) condition.any.forEach(note);
    else if ('not' in condition) note(condition.not);
    else if ('attribute' in condition) {
      const name = JSON.stringify(condition);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  };
  for (const definition of definitions) {
    if (definition.method !== 'rules') continue;
    for (const { when } of definition.segments) note(when);
  }
  return (condition) => {
    const type = attributes.get(subject, condition.attribute)?.type;
    if (type === undefined || type === 'text' || type === 'enum') return false;
    return (counts.get(JSON.stringify(condition)) ?? 0) >= SHARED_FROM;
  };
}
