/** What a new segment set of each method begins with: valid, so that it can be saved and looked at at once. */
import type { SubjectType } from '../../../../src/model/attribute.ts';

const tier = (key: string, name: string, rest: object = {}) => ({ key, name, ...rest });
const ANYBODY = { attribute: 'deal_count', atLeast: 1 };

const BY_METHOD: Record<string, object> = {
  rules: { labels: 'many', segments: [{ key: 'first', name: 'First segment', when: { all: [ANYBODY] } }] },
  tiers: {
    of: 'revenue_total',
    segments: [
      tier('gold', 'Gold', { topPercent: 10 }),
      tier('silver', 'Silver', { topPercent: 30 }),
      tier('bronze', 'Bronze'),
    ],
  },
  rfm: {},
  lifetime_value: {
    segments: [
      tier('top', 'Top value', { topPercent: 10 }),
      tier('high', 'High value', { topPercent: 30 }),
      tier('regular', 'Regular value'),
    ],
  },
  churn: {
    segments: [
      tier('active', 'Active', { atLeast: 0.7 }),
      tier('slipping', 'Slipping away', { atLeast: 0.3 }),
      tier('gone', 'Probably gone'),
    ],
  },
  clusters: {
    of: ['deal_count', 'revenue_total', 'last_order_at'],
    among: ANYBODY,
    k: [3, 5],
    segments: [1, 2, 3, 4, 5].map((n) => tier(`group_${n}`, `Group ${n}`)),
  },
  scorecard: { of: ['country', 'lead_source'] },
};

export const blankMethods = Object.keys(BY_METHOD);

export function blank(given: {
  key: string;
  name: string;
  subject: SubjectType;
  method: string;
}): Record<string, unknown> {
  return { ...given, ...BY_METHOD[given.method] };
}
