import { showList } from '../model/list-words.ts';
import { showShare } from '../model/share-words.ts';
import { nameOfColumn } from '../segmentation/attribute-names.ts';
import { TOO_FEW } from '../segmentation/statistics/proportions.ts';
import type { SegmentationFacts, SegmentFacts } from './facts.ts';

/** Kotler's five: is a segment measurable, substantial, accessible, differentiable, actionable? */
export const CRITERIA = ['measurable', 'substantial', 'accessible', 'differentiable', 'actionable'] as const;
export type CriterionName = (typeof CRITERIA)[number];
export type Verdict = 'yes' | 'partly' | 'no' | 'unknown';

export type Criterion = {
  criterion: CriterionName;
  verdict: Verdict;
  /** What was computed: a share, or standard deviations for differentiable; null where it is not known. */
  value: number | null;
  evidence: string;
};

export type SegmentCriteria = { segment: string; name: string; criteria: Criterion[] };

/** From `full` on it is met, from `part` on partly. The lines of difference are Cohen's (medium, small); the rest ours. */
const LINES = {
  measurable: { full: 0.8, part: 0.5 },
  substantial: { full: 0.05, part: 0.01 },
  accessible: { full: 0.6, part: 0.3 },
  differentiable: { full: 0.5, part: 0.2 },
  actionable: { full: 1, part: 0.5 },
} as const;

export function judgeSegments(facts: SegmentationFacts): SegmentCriteria[] {
  return facts.segments.map((segment) => ({
    segment: segment.segment,
    name: segment.name,
    criteria: [
      measurable(segment, facts),
      substantial(segment, facts),
      accessible(segment),
      differentiable(segment),
      actionable(segment, facts),
    ],
  }));
}

function judge(criterion: CriterionName, value: number | null, evidence: string): Criterion {
  const { full, part } = LINES[criterion];
  const verdict = value === null ? 'unknown' : value >= full ? 'yes' : value >= part ? 'partly' : 'no';
  return { criterion, verdict, value, evidence };
}

function measurable(
  { needs, missing, passedOver, known }: SegmentFacts,
  { subjects, definition }: SegmentationFacts,
): Criterion {
  const unfed = (names: readonly string[]): string =>
    `Nothing feeds ${showList(
      names.map((one) => nameOfColumn(one, definition.subject)),
      'or',
    )}`;
  if (missing.length > 0) return judge('measurable', 0, `${unfed(missing)}.`);
  if (subjects === 0) return judge('measurable', null, 'There are no customers yet.');
  const rest =
    passedOver.length === 0
      ? ''
      : ` ${unfed(passedOver)}: it goes by its other conditions until ${passedOver.length === 1 ? 'a property is mapped to it' : 'properties are mapped to them'}.`;
  if (needs.length === 0)
    return judge('measurable', 1, `It goes by deals alone, which are always known.${rest}`);
  const share = known / subjects;
  return judge('measurable', share, `${needs.join(', ')} known for ${showShare(share)} of all.${rest}`);
}

function substantial({ size, revenue }: SegmentFacts, facts: SegmentationFacts): Criterion {
  if (facts.subjects === 0) return judge('substantial', null, 'There are no customers yet.');
  const share = size / facts.subjects;
  const revenueShare = facts.revenue > 0 ? revenue / facts.revenue : 0;
  const evidence = `${size} members: ${showShare(share)} of all, ${showShare(revenueShare)} of revenue.`;
  if (size < TOO_FEW) return { criterion: 'substantial', verdict: 'no', value: share, evidence };
  return judge('substantial', Math.max(share, revenueShare), evidence);
}

function accessible({ reachable, size }: SegmentFacts): Criterion {
  if (reachable === null) return judge('accessible', null, 'No e-mail or phone is mapped.');
  if (size === 0) return judge('accessible', null, 'It has no members.');
  const share = reachable.count / size;
  const by = reachable.by === 'any' ? 'e-mail or phone' : reachable.by === 'email' ? 'e-mail' : 'phone';
  return judge('accessible', share, `${showShare(share)} may be reached by ${by}, with consent.`);
}

function differentiable({ difference }: SegmentFacts): Criterion {
  if (difference === null)
    return judge('differentiable', null, 'Too few to compare, or nothing to compare by.');
  const { name, members, others, standardised } = difference;
  const evidence = `Differs most in ${name}: ${round(members)} against ${round(others)} of the others (${round(standardised)} standard deviations).`;
  return judge('differentiable', Math.abs(standardised), evidence);
}

function actionable({ segment }: SegmentFacts, { definition }: SegmentationFacts): Criterion {
  const play = definition.segments.find(({ key }) => key === segment)?.play;
  const parts = {
    goal: definition.goal !== undefined,
    owner: definition.owner !== undefined || play?.owner !== undefined,
    channel: play?.channel !== undefined,
    message: play?.message !== undefined,
  };
  const missing = Object.entries(parts).flatMap(([part, isSet]) => (isSet ? [] : [part]));
  const share = 1 - missing.length / Object.keys(parts).length;
  const evidence =
    missing.length === 0 ? 'Goal, owner, channel and message are set.' : `Missing: ${missing.join(', ')}.`;
  return judge('actionable', share, evidence);
}

const round = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(2));
