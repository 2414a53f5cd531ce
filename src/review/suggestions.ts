import { showShare } from '../model/share-words.ts';
import { type BuyingRhythm, buysRegularly } from '../segmentation/statistics/applicability.ts';
import { TOO_FEW } from '../segmentation/statistics/proportions.ts';
import type { Drift } from '../segmentation/statistics/psi.ts';
import type { SegmentationFacts } from './facts.ts';
import type { Jitter } from './jitter.ts';

export const suggestionKinds = ['merge', 'split', 'retire', 'refit', 'change_cut_point', 'replace'] as const;
export type SuggestionKind = (typeof suggestionKinds)[number];

/** Something to change, with what speaks for it. The id stays as long as it is about the same. */
export type Suggestion = {
  id: string;
  kind: SuggestionKind;
  segments: string[];
  evidence: string[];
  action: string;
  /** A template that does it, by its key. */
  template?: string;
};

/** What suggestions go by, besides the facts. */
export type SuggestionFacts = {
  facts: SegmentationFacts;
  /** Pairs within the segmentation; segments as `segmentation.segment`. */
  pairs: readonly {
    a: string;
    b: string;
    jaccard: number | null;
    containment: number | null;
    both: number | null;
  }[];
  /** Segment -> its largest size on record in the last 90 days. */
  largest: ReadonlyMap<string, number>;
  drifts: readonly (Pick<Drift, 'psi' | 'level'> & { name: string; adjusted: number })[];
  jitter: readonly Jitter[];
  /** Fixed cut points: the share of the divided that is at or above, and the value that an even split would have. */
  cutPoints: readonly { segment: string; atLeast: number; share: number; even: number }[];
  /** How customers buy, where the method reads how often they do. */
  rhythm: BuyingRhythm | null;
};

/** From here on our own rules; Jaccard and containment over a half are what `overlapOf` flags. */
const HALF = 0.5;
const NEARLY_WITHIN = 0.95;
const SPLIT_SHARE = 0.6;
const SPLIT_LEAST = 200;
const SIGNIFICANT = 0.01;
const LARGE_JUMP = 0.25;
const UNEVEN = { low: 0.02, high: 0.8 };

export function suggest(given: SuggestionFacts): Suggestion[] {
  return [
    ...replace(given),
    ...retire(given),
    ...merge(given),
    ...split(given),
    ...refit(given),
    ...cutPoints(given),
  ];
}

/** Who pays every month looks loyal to RFM, and likely to come again to a purchase model, until the contract ends. */
function replace({ rhythm }: SuggestionFacts): Suggestion[] {
  if (rhythm === null || !buysRegularly(rhythm)) return [];
  const share = showShare(rhythm.regular / rhythm.known);
  const evidence = [
    `${share} of the ${rhythm.known} customers with three gaps between purchases buy at regular intervals, as with subscriptions.`,
  ];
  const action = 'Divide by renewal date and recurring amount instead: start from the template renewals.';
  return [{ ...make('replace', [], evidence, action), template: 'renewals' }];
}

function make(kind: SuggestionKind, segments: string[], evidence: string[], action: string): Suggestion {
  return { id: [kind, ...segments].join(':'), kind, segments, evidence, action };
}

function retire({ facts, largest }: SuggestionFacts): Suggestion[] {
  return facts.segments.flatMap(({ segment, size, missing }) => {
    const most = largest.get(segment);
    // Without a record of 90 days nobody knows whether it was always so; without data it needs a mapping instead.
    if (missing.length > 0 || most === undefined || most >= TOO_FEW || size >= TOO_FEW) return [];
    const evidence = [`It holds ${size}, and held ${most} at most in the last 90 days.`];
    return [make('retire', [segment], evidence, `Retire ${nameOf(facts, segment)}, or loosen its rule.`)];
  });
}

function merge({ facts, pairs }: SuggestionFacts): Suggestion[] {
  const alike = pairs.flatMap(({ a, b, jaccard, containment, both }): Suggestion[] => {
    const [one, other] = [a, b].map((name) => name.slice(facts.definition.key.length + 1)).sort();
    if (one === undefined || other === undefined || jaccard === null || containment === null) return [];
    if (jaccard <= HALF && containment < NEARLY_WITHIN) return [];
    const evidence = [
      `${both} are in both: ${showShare(jaccard)} of those in either, ${showShare(containment)} of the smaller one.`,
    ];
    const action =
      jaccard > HALF
        ? `Make one segment of ${namesOf(facts, [one, other])}.`
        : `One lies within the other: tell them apart, or make them one.`;
    return [make('merge', [one, other], evidence, action)];
  });
  const byPlay = new Map<string, string[]>();
  for (const { key, play } of facts.definition.segments) {
    if (play?.message === undefined) continue;
    const name = JSON.stringify([play.channel, play.message, play.offer]);
    byPlay.set(name, [...(byPlay.get(name) ?? []), key]);
  }
  const known = new Set(alike.map(({ id }) => id));
  const samePlay = [...byPlay.values()].flatMap((keys): Suggestion[] => {
    const segments = [...keys].sort();
    if (segments.length < 2 || known.has(['merge', ...segments].join(':'))) return [];
    return [
      make(
        'merge',
        segments,
        ['They get the same play.'],
        `Make one segment of ${namesOf(facts, segments)}.`,
      ),
    ];
  });
  return [...alike, ...samePlay];
}

function split({ facts }: SuggestionFacts): Suggestion[] {
  const labelled = facts.subjects - facts.unlabelled.size;
  if (facts.segments.length < 2) return [];
  return facts.segments.flatMap(({ segment, size, difference }) => {
    if (size < SPLIT_LEAST || size <= labelled * SPLIT_SHARE) return [];
    const evidence = [`It holds ${size}, ${showShare(size / labelled)} of all with a label.`];
    if (difference !== null && Math.abs(difference.standardised) < 0.2)
      evidence.push(`Its members hardly differ from the others (${difference.name} most).`);
    return [
      make(
        'split',
        [segment],
        evidence,
        `Divide ${nameOf(facts, segment)} by value or by how recently they bought.`,
      ),
    ];
  });
}

function refit({ drifts, jitter, facts }: SuggestionFacts): Suggestion[] {
  const evidence = drifts
    .filter(({ level, adjusted }) => level === 'major' && adjusted < SIGNIFICANT)
    .map(
      ({ name, psi, adjusted }) =>
        `${name} drifted: PSI ${psi.toFixed(2)}, p ${adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3)}.`,
    );
  const last = jitter.at(-1);
  const [jump] = last?.jumps ?? [];
  if (last?.largest != null && last.largest > LARGE_JUMP && jump !== undefined)
    evidence.push(
      `${parameterWords(jump.parameter)} jumped by ${showShare(last.largest)} when it was last learned.`,
    );
  if (evidence.length === 0) return [];
  const action =
    facts.learnedAt === null
      ? 'Look whether its lines still fit the customers of today.'
      : 'Learn it again, and look at who would enter and leave first.';
  return [make('refit', [], evidence, action)];
}

/** `cutPoints.recency.0` is the first cut point of recency; other numbers of a model have no name that helps. */
function parameterWords(path: string): string {
  const [kind, of, index] = path.split('.');
  if (kind !== 'cutPoints' || of === undefined) return 'A number that it goes by';
  return index === undefined ? `The cut point of ${of}` : `Cut point ${Number(index) + 1} of ${of}`;
}

function cutPoints({ cutPoints: cuts, facts }: SuggestionFacts): Suggestion[] {
  return cuts.flatMap(({ segment, atLeast, share, even }) => {
    if ((share >= UNEVEN.low && share <= UNEVEN.high) || even === atLeast) return [];
    const evidence = [`${showShare(share)} of those divided reach ${atLeast.toLocaleString('en-US')}.`];
    return [
      make(
        'change_cut_point',
        [segment],
        evidence,
        `An even split would begin ${nameOf(facts, segment)} at ${even}.`,
      ),
    ];
  });
}

const nameOf = ({ definition }: SegmentationFacts, segment: string): string =>
  definition.segments.find(({ key }) => key === segment)?.name ?? segment;

/** "A, B and C". */
const namesOf = (facts: SegmentationFacts, segments: readonly string[]): string =>
  new Intl.ListFormat('en')
    .format(segments.map((segment) => nameOf(facts, segment)))
    .replace(', and ', ' and ');
