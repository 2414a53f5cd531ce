import { Segmentation } from '../src/segmentation/definition.ts';

export const SEGMENTS = 50;
export const CHAIN = 30;

/** Five segmentations of ten segments: on numbers, text, dates, flags and totals of deals. */
export function fiftySegments(): Segmentation[] {
  const steps = Array.from({ length: SEGMENTS / 5 }, (_, index) => index + 1);
  const set = (key: string, labels: 'one' | 'many', when: (step: number) => unknown) =>
    Segmentation.parse({
      key,
      name: key,
      subject: 'person',
      method: 'rules',
      labels,
      segments: steps.map((step) => ({ key: `s${step}`, name: `Segment ${step}`, when: when(step) })),
    });
  return [
    set('value', 'one', (step) => ({ attribute: 'revenue_total', atLeast: 1_000 - step * 100 })),
    set('orders', 'one', (step) => ({
      all: [
        { attribute: 'deal_count', atLeast: 11 - step },
        { not: { attribute: 'email_opted_out', is: true } },
      ],
    })),
    set('recency', 'one', (step) => ({ attribute: 'last_order_at', inLast: `${step * 40} days` })),
    set('place', 'one', (step) => ({
      all: [
        { attribute: 'country', is: `C${step}` },
        { attribute: 'age', atLeast: 18 },
      ],
    })),
    set('mix', 'many', (step) => ({
      any: [
        {
          all: [
            { attribute: 'country', in: [`C${step}`, `C${step + 10}`] },
            { attribute: 'revenue_total', above: 900 },
          ],
        },
        { attribute: 'age', is: 20 + step },
      ],
    })),
  ];
}

/** What a shop asks of single deals: how many, how much, since when. */
export function dealSegments(): Segmentation {
  const won = { won: true, closed_at: { inLast: '12 months' } };
  return Segmentation.parse({
    key: 'deals',
    name: 'Deals',
    subject: 'person',
    method: 'rules',
    labels: 'many',
    segments: [
      { key: 'high_value', name: 'High value', when: { deals: { where: won, sum: 'amount', atLeast: 400 } } },
      { key: 'regular', name: 'Regular', when: { deals: { where: won, count: true, atLeast: 3 } } },
      {
        key: 'lost',
        name: 'Lost',
        when: { deals: { where: { won: false, closed: true }, count: true, atLeast: 2 } },
      },
    ],
  });
}

/** Each segment holds where the one before does, and somebody is old enough. */
export function chain(): Segmentation {
  return Segmentation.parse({
    key: 'chain',
    name: 'Chain',
    subject: 'person',
    method: 'rules',
    labels: 'many',
    segments: Array.from({ length: CHAIN }, (_, index) => {
      const own = { attribute: 'age', atLeast: 18 + (index % 5) };
      return {
        key: `link${index}`,
        name: `Link ${index}`,
        when: index === 0 ? own : { all: [{ segment: `chain.link${index - 1}` }, own] },
      };
    }),
  });
}

const groups = (keys: readonly string[]) => keys.map((key) => ({ key, name: key }));
/** Segments by their lower bounds, best first, and one for the rest. */
const levels = (bound: 'topPercent' | 'atLeast', of: Record<string, number>, rest: string) => [
  ...Object.entries(of).map(([name, value]) => ({ key: name.toLowerCase(), name, [bound]: value })),
  { key: rest.toLowerCase(), name: rest },
];
const common = { subject: 'person' };

/** One segmentation of each method that learns, as a shop would have them. */
export function everyMethod(): Segmentation[] {
  return [
    {
      key: 'percentiles',
      name: 'Percentiles',
      method: 'rules',
      segments: [{ key: 'best', name: 'Best', when: { attribute: 'revenue_total', topPercent: 5 } }],
    },
    {
      key: 'tiers',
      name: 'Tiers',
      method: 'tiers',
      of: 'revenue_total',
      segments: levels('topPercent', { Gold: 10, Silver: 40 }, 'Bronze'),
    },
    { key: 'rfm', name: 'RFM', method: 'rfm' },
    {
      key: 'worth',
      name: 'Value to come',
      method: 'lifetime_value',
      segments: levels('topPercent', { Top: 10, High: 40 }, 'Regular'),
    },
    {
      key: 'churn',
      name: 'Still a customer?',
      method: 'churn',
      segments: levels('atLeast', { Active: 0.7, Slipping: 0.3 }, 'Gone'),
    },
    {
      key: 'behaviour',
      name: 'Behaviour',
      method: 'clusters',
      of: ['revenue_total', 'deal_count', 'website_visits', 'age'],
      k: [3, 5],
      segments: groups(['g1', 'g2', 'g3', 'g4', 'g5']),
    },
    {
      key: 'fit',
      name: 'Fit',
      method: 'scorecard',
      of: ['seniority', 'website_visits', 'country', { company: 'industry' }, { company: 'employee_count' }],
      segments: groups(['a', 'b', 'c', 'd']),
    },
    {
      key: 'alike',
      name: 'Like the best',
      method: 'lookalike',
      seed: 'value.s1',
      of: ['deal_count', 'last_order_at', 'country', 'age', { company: 'employee_count' }],
      segments: [
        { key: 'very', name: 'Very', topPercent: 5 },
        { key: 'fairly', name: 'Fairly', topPercent: 20 },
      ],
    },
  ].map((given) => Segmentation.parse({ ...common, ...given }));
}
