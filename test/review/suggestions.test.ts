import { describe, expect, it } from 'vitest';
import type { SegmentationFacts } from '../../src/review/facts.ts';
import { type SuggestionFacts, suggest } from '../../src/review/suggestions.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';

const asOf = new Date('2026-06-01T00:00:00Z');

function given(more: Partial<SuggestionFacts> = {}, sizes: Record<string, number> = {}): SuggestionFacts {
  const definition = Segmentation.parse({
    key: 'shop',
    name: 'Shop',
    subject: 'person',
    method: 'rules',
    labels: 'many',
    segments: ['a', 'b', 'c'].map((key) => ({
      key,
      name: key.toUpperCase(),
      when: { attribute: 'visits', atLeast: 5 },
      play: { channel: 'email', message: `Hello ${key}` },
    })),
  });
  const facts: SegmentationFacts = {
    definition,
    version: 1,
    asOf,
    publishedAt: asOf,
    subjects: 1_000,
    revenue: 0,
    unlabelled: { size: 0, revenue: 0 },
    segments: definition.segments.map(({ key, name }) => ({
      segment: key,
      name,
      size: sizes[key] ?? 300,
      revenue: 0,
      needs: [],
      missing: [],
      passedOver: [],
      known: 1_000,
      reachable: null,
      difference: null,
    })),
    sensitive: [],
    proxies: [],
    optOutKnown: true,
    experiments: 0,
    reviewedAt: null,
    learnedAt: null,
    labelledAt: asOf,
  };
  return {
    facts,
    pairs: [],
    largest: new Map(),
    drifts: [],
    jitter: [],
    cutPoints: [],
    rhythm: null,
    ...more,
  };
}

const pair = (jaccard: number, containment: number) => [
  { a: 'shop.b', b: 'shop.a', both: 200, jaccard, containment },
];
const drift = (psi: number, adjusted: number) => [
  { name: 'Age', psi, adjusted, level: psi > 0.25 ? 'major' : 'some' } as const,
];
const jump = { parameter: 'cutPoints.gold', before: 100, after: 150, relative: 0.5 };

describe('suggestions', () => {
  it('are none where nothing speaks for one', () => {
    expect(suggest(given())).toEqual([]);
  });

  it.each<[string, SuggestionFacts, string]>([
    ['many share their members', given({ pairs: pair(0.6, 0.8) }), 'merge:a:b'],
    ['one lies within the other', given({ pairs: pair(0.3, 1) }), 'merge:a:b'],
    ['nearly all are in one', given({}, { a: 900 }), 'split:a'],
    ['it held next to nobody for 90 days', given({ largest: new Map([['a', 12]]) }, { a: 3 }), 'retire:a'],
    ['an attribute drifted for certain', given({ drifts: drift(0.4, 0.001) }), 'refit'],
    ['its model jumped', given({ jitter: [{ version: 2, asOf, jumps: [jump], largest: 0.5 }] }), 'refit'],
    ['most buy like clockwork', given({ rhythm: { repeaters: 100, known: 60, regular: 40 } }), 'replace'],
    [
      'a cut point splits off next to nobody',
      given({ cutPoints: [{ segment: 'a', atLeast: 900, share: 0.01, even: 80 }] }),
      'change_cut_point:a',
    ],
  ])('are made where %s', (_, facts, id) => {
    const [suggestion, ...others] = suggest(facts);
    expect(others).toEqual([]);
    expect(suggestion).toMatchObject({ id, evidence: [expect.any(String)], action: expect.any(String) });
  });

  it.each<[string, SuggestionFacts]>([
    ['half are shared', given({ pairs: pair(0.5, 0.7) })],
    ['a segment was large once', given({ largest: new Map([['a', 80]]) }, { a: 3 })],
    ['nobody knows how large it was', given({}, { a: 3 })],
    ['a drift may be chance', given({ drifts: drift(0.4, 0.2) })],
    ['a drift is small though certain', given({ drifts: drift(0.2, 0.001) })],
    [
      'a few of many new ones buy like clockwork',
      given({ rhythm: { repeaters: 200, known: 12, regular: 12 } }),
    ],
    ['most buy as it comes', given({ rhythm: { repeaters: 100, known: 60, regular: 20 } })],
    [
      'a cut point divides well',
      given({ cutPoints: [{ segment: 'a', atLeast: 900, share: 0.2, even: 80 }] }),
    ],
  ])('are not made where %s', (_, facts) => {
    expect(suggest(facts)).toEqual([]);
  });

  it('name segments that get the same play, once', () => {
    const facts = given({ pairs: pair(0.6, 0.8) });
    for (const segment of facts.facts.definition.segments)
      segment.play = { channel: 'email', message: 'Hello' };
    expect(suggest(facts).map(({ id }) => id)).toEqual(['merge:a:b', 'merge:a:b:c']);
  });
});
