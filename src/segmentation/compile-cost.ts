import type { AttributeType } from '../model/attribute.ts';
import type { AttributeIndex } from './attribute-index.ts';
import type { Condition } from './condition.ts';

/** What comparing two values costs in Postgres, in comparisons of two numbers. */
const COMPARING: Record<AttributeType, number> = {
  boolean: 0.5,
  number: 1,
  date: 1,
  datetime: 1,
  money: 2,
  text: 4,
  enum: 4,
  multi: 8,
};

/** About what a condition costs for one subject, in comparisons of two numbers. What is aggregated is there already. */
export function costOf(
  condition: Condition,
  owner: 'person' | 'company' | 'deal',
  attributes: AttributeIndex,
): number {
  const sum = (parts: readonly Condition[]): number =>
    parts.reduce((total, part) => total + costOf(part, owner, attributes), 0);
  if ('all' in condition) return sum(condition.all);
  if ('any' in condition) return sum(condition.any);
  if ('not' in condition) return costOf(condition.not, owner, attributes);
  if ('company' in condition) return costOf(condition.company, 'company', attributes);
  if (!('attribute' in condition)) return 1;
  const one = COMPARING[attributes.get(owner, condition.attribute)?.type ?? 'number'];
  const values = condition.in ?? condition.notIn;
  return values === undefined ? one : 2 * one;
}
