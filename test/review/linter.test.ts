import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeSegments } from '../../src/review/criteria.ts';
import type { SegmentationFacts, SegmentFacts } from '../../src/review/facts.ts';
import { lint, type Mistake } from '../../src/review/linter.ts';
import { faultOfName } from '../../src/review/names.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { parseSegmentations } from '../../src/segmentation/parse.ts';
import { RFM_GRID } from '../../src/segmentation/statistics/rfm-maps.ts';
import { templates } from '../../src/segmentation/templates.ts';

const asOf = new Date('2026-06-01T00:00:00Z');
const play = { channel: 'email', message: 'Hello', owner: 'marketing' };

/** A segmentation that makes none of the mistakes. */
function good(
  definition: Record<string, unknown> = {},
  facts: Partial<SegmentationFacts> = {},
  segment: Partial<SegmentFacts> = {},
): SegmentationFacts {
  const parsed = Segmentation.parse({
    key: 'shop',
    name: 'Shop',
    goal: 'More second orders',
    owner: 'marketing',
    purpose: 'Fitting offers',
    lawfulBasis: 'legitimate_interests',
    subject: 'person',
    method: 'rules',
    review: 'every 3 months',
    segments: [
      { key: 'loyal', name: 'Loyal customers', when: { attribute: 'visits', atLeast: 5 }, play },
      {
        key: 'new',
        name: 'New customers',
        when: { attribute: 'visits', below: 5 },
        play: { ...play, message: 'Welcome' },
      },
    ],
    ...definition,
  });
  return {
    definition: parsed,
    version: 1,
    asOf,
    publishedAt: new Date('2026-05-01T00:00:00Z'),
    subjects: 1_000,
    revenue: 50_000,
    unlabelled: { size: 0, revenue: 0 },
    segments: parsed.segments.map(({ key, name }) => ({
      segment: key,
      name,
      size: 500,
      revenue: 25_000,
      needs: ['visits'],
      missing: [],
      passedOver: [],
      known: 1_000,
      reachable: { by: 'email', count: 400 },
      difference: { attribute: 'age', name: 'Age', members: 40, others: 30, standardised: 0.8 },
      ...segment,
    })),
    sensitive: [],
    proxies: [],
    optOutKnown: true,
    experiments: 1,
    reviewedAt: null,
    learnedAt: null,
    labelledAt: asOf,
    ...facts,
  };
}

const made = (facts: SegmentationFacts) =>
  lint(facts, 'UTC')
    .filter((check) => check.made)
    .map(({ mistake }) => mistake);

describe('the linter', () => {
  it('finds nothing wrong with a good segmentation, and says so of each mistake', () => {
    expect(made(good())).toEqual([]);
    expect(lint(good(), 'UTC')).toHaveLength(8);
  });

  const segment = (key: string, more: Record<string, unknown> = {}) => ({
    key,
    name: 'Fans',
    when: { attribute: 'visits', atLeast: 5 },
    play: { ...play, message: key },
    ...more,
  });
  const many = Array.from({ length: 13 }, (_, i) => segment(`s${i}`));
  it.each<[Mistake, SegmentationFacts, RegExp]>([
    ['no_goal', good({ goal: undefined }), /no goal/],
    ['no_goal', good({ goal: ' ' }), /no goal/],
    ['too_many_segments', good({ segments: many }), /13 segments/],
    ['too_many_segments', good({ segments: [segment('a', { play }), segment('b', { play })] }), /same play/],
    ['too_little_data', good({}, {}, { size: 29 }), /holds 29/],
    ['too_little_data', good({}, {}, { known: 400 }), /visits known for 40%/],
    [
      'too_little_data',
      good({}, {}, { missing: ['last_login_at'] }),
      /needs Last login, which nothing feeds/,
    ],
    ['no_play', good({ segments: [segment('a', { play: undefined })] }), /Fans has no play/],
    ['no_play', good({ segments: [segment('a', { play: { channel: 'email' } })] }), /no message, no owner/],
    ['no_test', good({}, { experiments: 0 }), /No pilot or holdout/],
    ['privacy_ignored', good({ purpose: undefined }), /no purpose/],
    [
      'privacy_ignored',
      good({}, { sensitive: [{ name: 'Religion', at: ['segments', 0, 'when'] }] }),
      /sensitive attributes: Religion/,
    ],
    ['privacy_ignored', good({}, { proxies: [{ name: 'Age', at: ['segments', 0, 'when'] }] }), /stand in/],
    ['privacy_ignored', good({}, { optOutKnown: false }), /opted out/],
    ['privacy_ignored', good({ use: 'eligibility' }), /a person must decide/],
    ['set_and_forgotten', good({ review: undefined }), /no review date/],
    ['set_and_forgotten', good({ owner: undefined }), /Nobody answers/],
    ['set_and_forgotten', good({}, { publishedAt: new Date('2026-02-01') }), /due 31 days ago/],
    ['set_and_forgotten', good({}, { labelledAt: new Date('2026-05-01') }), /worked out 31 days ago/],
    ['set_and_forgotten', good({}, { learnedAt: new Date('2026-03-01') }), /two of its rhythms/],
    ['names', good({ segments: [segment('a', { name: 'Worst customers' })] }), /"Worst" offends/],
  ])('says %s with its evidence and what to do', (mistake, facts, evidence) => {
    expect(made(facts)).toEqual([mistake]);
    const check = lint(facts, 'UTC').find((one) => one.mistake === mistake);
    expect(check?.evidence.join(' ')).toMatch(evidence);
    expect(check?.action).toBeTruthy();
  });

  it.each<[string, SegmentationFacts, (string | number)[][]]>([
    ['the goal', good({ goal: undefined }), [['goal']]],
    [
      'the condition that nothing feeds',
      good(
        {
          segments: [
            segment('a', {
              when: {
                all: [{ attribute: 'visits', atLeast: 5 }, { not: { attribute: 'plan', is: 'free' } }],
              },
            }),
          ],
        },
        {},
        { missing: ['plan'] },
      ),
      [['segments', 0, 'when', 'all', 1, 'not', 'attribute']],
    ],
    [
      'the play of each segment',
      good({
        segments: [
          segment('a'),
          segment('b', { play: undefined }),
          segment('c', { play: { channel: 'email' } }),
        ],
      }),
      [
        ['segments', 1, 'play'],
        ['segments', 2, 'play'],
      ],
    ],
    ['the name', good({ segments: [segment('a', { name: 'Worst customers' })] }), [['segments', 0, 'name']]],
    ['the set, where it is about all of it', good({}, { experiments: 0 }), [[]]],
  ])('points to %s', (_, facts, places) => {
    expect(lint(facts, 'UTC').flatMap((check) => check.places)).toEqual(places);
  });

  it('counts the review from the day on which it was last looked at', () => {
    const old = { publishedAt: new Date('2024-01-01'), reviewedAt: new Date('2026-05-01') };
    expect(made(good({}, old))).toEqual([]);
  });

  it('asks for no play and no test where labels are for analysis alone', () => {
    const definition = { use: 'analysis', segments: [segment('a', { play: undefined })] };
    expect(made(good(definition, { experiments: 0 }))).toEqual([]);
  });
});

describe('names of segments', () => {
  it.each([
    'Low-value customers',
    'Whales',
    'Divorced parents',
    'seg_01',
    'SEG01',
    'Segment 3',
    'Cluster 2',
    'tmp',
    '??',
  ])('%s is not fit for the customer', (name) => {
    expect(faultOfName(name)).not.toBeNull();
  });

  it.each(['VIP', 'B2B', 'Loyal customers', 'At risk', 'Young streamers', 'Over 65', 'Été'])(
    '%s is',
    (name) => {
      expect(faultOfName(name)).toBeNull();
    },
  );

  it('of our own templates and maps are', () => {
    const names = templates.flatMap(({ file }) =>
      parseSegmentations(readFileSync(file, 'utf8')).flatMap(({ method, segments }) =>
        // Clusters have no names before somebody has looked at them: there the linter is right.
        method === 'clusters' ? [] : segments.map(({ name }) => name),
      ),
    );
    expect(names.length).toBeGreaterThan(20);
    for (const name of [...names, ...RFM_GRID.segments.map((segment) => segment.name)])
      expect(faultOfName(name), name).toBeNull();
  });
});

describe('the five criteria', () => {
  const judged = (facts: SegmentationFacts) =>
    Object.fromEntries(
      judgeSegments(facts)[0]?.criteria.map(({ criterion, verdict }) => [criterion, verdict]) ?? [],
    );
  const all = {
    measurable: 'yes',
    substantial: 'yes',
    accessible: 'yes',
    differentiable: 'yes',
    actionable: 'yes',
  };

  it('are all met by a good segment', () => {
    expect(judged(good())).toEqual(all);
  });

  it.each<[string, SegmentationFacts, Record<string, string>]>([
    ['half the data', good({}, {}, { known: 600 }), { measurable: 'partly' }],
    ['an attribute that nothing feeds', good({}, {}, { missing: ['x'] }), { measurable: 'no' }],
    ['few members with much revenue', good({}, {}, { size: 31, revenue: 20_000 }), {}],
    ['few members', good({}, {}, { size: 31, revenue: 0 }), { substantial: 'partly', accessible: 'yes' }],
    ['under 30 members', good({}, {}, { size: 29 }), { substantial: 'no' }],
    [
      'half who may be reached',
      good({}, {}, { reachable: { by: 'phone', count: 250 } }),
      { accessible: 'partly' },
    ],
    ['no channel', good({}, {}, { reachable: null }), { accessible: 'unknown' }],
    ['nothing to tell them by', good({}, {}, { difference: null }), { differentiable: 'unknown' }],
    ['no goal', good({ goal: undefined }), { actionable: 'partly' }],
  ])('of one with %s', (_, facts, differing) => {
    expect(judged(facts)).toEqual({ ...all, ...differing });
  });

  it('say what was computed', () => {
    expect(judgeSegments(good())[0]?.criteria.map(({ evidence }) => evidence)).toEqual([
      'visits known for 100% of all.',
      '500 members: 50% of all, 50% of revenue.',
      '80% may be reached by e-mail, with consent.',
      'Differs most in Age: 40 against 30 of the others (0.8 standard deviations).',
      'Goal, owner, channel and message are set.',
    ]);
  });

  it('say what is passed over because nothing feeds it, which is no fault', () => {
    const facts = good({}, {}, { passedOver: ['nps_score'] });
    expect(judged(facts)).toEqual(all);
    expect(lint(facts, 'UTC').find(({ mistake }) => mistake === 'too_little_data')?.made).toBe(false);
    expect(judgeSegments(facts)[0]?.criteria[0]?.evidence).toBe(
      'visits known for 100% of all. Nothing feeds Recommendation score (0 to 10): it goes by its other conditions until a property is mapped to it.',
    );
  });
});
