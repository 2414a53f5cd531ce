import type { Attribute, AttributeOwner } from '../model/attribute.ts';
import type { Condition } from './condition.ts';
import type { Segmentation } from './definition.ts';
import type { Model } from './model.ts';
import type { Histogram } from './statistics/cut-points.ts';

export type Percentile = {
  owner: AttributeOwner;
  attribute: string;
  operator: 'topPercent' | 'bottomPercent';
  percent: number;
};

/** The name of a percentile test's cut point in the model: the same test anywhere shares it. */
export function percentileKey({ owner, attribute, operator, percent }: Percentile): string {
  return `${owner}.${attribute} ${operator} ${percent}`;
}

/** All percentile tests of a rules definition, each once. */
export function percentilesOf(definition: Segmentation): Percentile[] {
  const found = new Map<string, Percentile>();
  const visit = (condition: Condition, owner: AttributeOwner): void => {
    if ('all' in condition) for (const part of condition.all) visit(part, owner);
    else if ('any' in condition) for (const part of condition.any) visit(part, owner);
    else if ('not' in condition) visit(condition.not, owner);
    else if ('company' in condition) visit(condition.company, 'company');
    else if ('contacts' in condition && condition.contacts.where) visit(condition.contacts.where, 'person');
    else if ('attribute' in condition) {
      for (const operator of ['topPercent', 'bottomPercent'] as const) {
        const percent = condition[operator];
        if (percent === undefined) continue;
        const percentile = { owner, attribute: condition.attribute, operator, percent };
        found.set(percentileKey(percentile), percentile);
      }
    }
  };
  if (definition.method === 'rules') {
    for (const segment of definition.segments) {
      visit(segment.when, definition.subject);
      if (segment.leaveWhen) visit(segment.leaveWhen, definition.subject);
    }
  }
  if ('among' in definition && definition.among) visit(definition.among, definition.subject);
  if (definition.method === 'scorecard') {
    for (const { when } of definition.points ?? []) visit(when, definition.subject);
    for (const when of [definition.cases?.won, definition.cases?.lost])
      if (when) visit(when, definition.subject);
  }
  return [...found.values()];
}

/** Those that can be learned: of what nothing feeds there are no ranks, and its conditions are told of nobody. */
export function fedPercentiles(
  definition: Segmentation,
  attributes: readonly Pick<Attribute, 'owner' | 'key'>[],
): Percentile[] {
  return percentilesOf(definition).filter((percentile) =>
    attributes.some(({ owner, key }) => owner === percentile.owner && key === percentile.attribute),
  );
}

/** False where an attribute is fed only since it learned, and its ranks are still to be learned. */
export function hasCutPoints(
  definition: Segmentation,
  model: Model,
  attributes: readonly Pick<Attribute, 'owner' | 'key'>[],
): boolean {
  if (model.method !== 'rules') return true;
  return fedPercentiles(definition, attributes).every((one) => percentileKey(one) in model.cutPoints);
}

/**
 * The value from which on (top) or up to which (bottom) subjects are in the group, equal values together: the one
 * whose share comes closest to what was asked, the smaller group where two are as close. Null where nobody
 * is closer than everybody: 10 % of values that are all equal is none of them.
 */
export function percentileCut(
  { values, counts }: Histogram,
  percent: number,
  from: 'top' | 'bottom',
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const wanted = (total * percent) / 100;
  const order = from === 'top' ? [...values.keys()].reverse() : [...values.keys()];
  let held = 0;
  let cut: number | null = null;
  let best = wanted;
  for (const i of order) {
    held += counts[i] ?? 0;
    const distance = Math.abs(held - wanted);
    if (distance < best) {
      best = distance;
      cut = values[i] ?? null;
    }
    if (held >= wanted) break;
  }
  return cut;
}
