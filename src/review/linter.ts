import { TOO_FEW } from '../segmentation/statistics/proportions.ts';
import type { SegmentationFacts, SegmentFacts } from './facts.ts';
import { MIN_GROUP } from './facts.ts';
import { faultOfName } from './names.ts';
import { daysBetween, nextAfter } from './rhythm.ts';

export type Mistake =
  | 'no_goal'
  | 'too_many_segments'
  | 'too_little_data'
  | 'no_play'
  | 'no_test'
  | 'privacy_ignored'
  | 'set_and_forgotten'
  | 'names';

/** One of the known mistakes: made or not, what shows it, and what to do. */
export type LintCheck = {
  mistake: Mistake;
  title: string;
  made: boolean;
  /** One sentence a finding. */
  evidence: string[];
  /** What to do; null where the mistake was not made. */
  action: string | null;
};

/** More than people can treat differently; our own rule (RFM maps in use have 6 to 11). */
const MANY_SEGMENTS = 12;
/** Under this share of subjects with all that a segment needs, it says more of the data than of the customers. */
const LITTLE_KNOWN = 0.5;
/** Labels older than this mean that nobody runs it. */
const STALE_DAYS = 7;
const DEFAULT_REVIEW = 'every 6 months';

type Rule = {
  mistake: Mistake;
  title: string;
  find(facts: SegmentationFacts, zone: string): string[];
  action: string;
};

const RULES: Rule[] = [
  {
    mistake: 'no_goal',
    title: 'No goal',
    find: ({ definition }) =>
      definition.goal === undefined || definition.goal.trim() === '' ? ['It says no goal.'] : [],
    action: 'Write as its goal what the business wants from it, in a sentence that can turn out wrong.',
  },
  {
    mistake: 'too_many_segments',
    title: 'Too many segments',
    find: tooMany,
    action: 'Merge segments that get the same play, and retire those that hold next to nobody.',
  },
  {
    mistake: 'too_little_data',
    title: 'Too little data',
    find: ({ subjects, segments }) => segments.flatMap((segment) => tooLittleData(segment, subjects)),
    action: 'Map or fill the attributes named, loosen the rule, or wait until there are more customers.',
  },
  {
    mistake: 'no_play',
    title: 'No play',
    find: ({ definition }) => (definition.use === 'analysis' ? [] : definition.segments.flatMap(missingPlay)),
    action: 'Say in its play by which channel, with what message, and who does it; or retire the segment.',
  },
  {
    mistake: 'no_test',
    title: 'No test',
    find: ({ definition, experiments }) =>
      experiments === 0 && definition.use !== 'analysis'
        ? ['No pilot or holdout was ever run on it: nobody knows whether its plays do anything.']
        : [],
    action: 'Hold a share of one segment out of its play, and compare when the horizon is reached.',
  },
  {
    mistake: 'privacy_ignored',
    title: 'Privacy ignored',
    find: ignoredPrivacy,
    action: 'Record purpose and lawful basis, map the opt-out, and replace what is sensitive.',
  },
  {
    mistake: 'set_and_forgotten',
    title: 'Set and forgotten',
    find: forgotten,
    action: 'Set when it is reviewed, look at this report on that day, and name an owner.',
  },
  {
    mistake: 'names',
    title: 'Names not fit for customers',
    find: ({ definition }) =>
      definition.segments.flatMap(({ name }) => {
        const fault = faultOfName(name);
        return fault === null ? [] : [`"${name}": ${fault}.`];
      }),
    action: 'Change the name; its key stays, so the CRM keeps its values.',
  },
];

/** The seven known mistakes and the names, each checked against what the store says. */
export function lint(facts: SegmentationFacts, zone: string): LintCheck[] {
  return RULES.map(({ mistake, title, find, action }) => {
    const evidence = find(facts, zone);
    const made = evidence.length > 0;
    return { mistake, title, made, evidence, action: made ? action : null };
  });
}

function tooMany({ definition, segments, subjects, unlabelled }: SegmentationFacts): string[] {
  const count = definition.segments.length;
  const labelled = subjects - unlabelled.size;
  const tiny = segments.filter(({ size }) => size * 100 < labelled);
  const found =
    count > MANY_SEGMENTS ? [`${count} segments; over ${MANY_SEGMENTS} are hard to tell apart.`] : [];
  if (count > 4 && tiny.length * 2 > count)
    found.push(`${tiny.length} of ${count} hold under 1 % of the labelled each.`);
  const plays = definition.segments.flatMap(({ play }) =>
    play?.message === undefined ? [] : [`${play.channel ?? ''}|${play.message}|${play.offer ?? ''}`],
  );
  const repeated = plays.length - new Set(plays).size;
  if (repeated > 0) found.push(`${repeated} segments get the same play as another one.`);
  return found;
}

function tooLittleData({ name, size, known, needs, missing }: SegmentFacts, subjects: number): string[] {
  if (missing.length > 0) return [`${name} needs ${missing.join(', ')}, which nothing feeds.`];
  if (size < TOO_FEW) return [`${name} holds ${size}: under ${TOO_FEW} no rate can be told from chance.`];
  if (subjects > 0 && known < subjects * LITTLE_KNOWN)
    return [`${name}: ${needs.join(', ')} known for ${percent(known / subjects)} only.`];
  return [];
}

function missingPlay({ name, play }: SegmentationFacts['definition']['segments'][number]): string[] {
  if (play === undefined) return [`${name} has no play.`];
  const missing = (['channel', 'message', 'owner'] as const).filter((part) => play[part] === undefined);
  return missing.length === 0 ? [] : [`The play of ${name} says no ${missing.join(', no ')}.`];
}

function ignoredPrivacy({
  definition,
  sensitive,
  proxies,
  optOutKnown,
  segments,
}: SegmentationFacts): string[] {
  const found: string[] = [];
  const isPersonal = definition.subject === 'person';
  if (isPersonal && definition.purpose === undefined)
    found.push('It says no purpose for processing personal data.');
  if (isPersonal && definition.lawfulBasis === undefined) found.push('It names no lawful basis.');
  if (sensitive.length > 0) found.push(`It uses sensitive attributes: ${sensitive.join(', ')}.`);
  if (proxies.length > 0) found.push(`It uses what may stand in for sensitive ones: ${proxies.join(', ')}.`);
  if (isPersonal && definition.use === 'marketing' && !optOutKnown)
    found.push('No CRM tells who opted out of e-mail.');
  if (definition.use === 'eligibility')
    found.push('It affects price, credit or access: a person must decide, not the label alone.');
  const small = segments.filter(({ size }) => size > 0 && size < MIN_GROUP);
  if (isPersonal && small.length > 0)
    found.push(
      `${small.map(({ name }) => name).join(', ')}: under ${MIN_GROUP} people, so the label nearly names them.`,
    );
  return found;
}

function forgotten(facts: SegmentationFacts, zone: string): string[] {
  const { definition, asOf, publishedAt, reviewedAt, learnedAt, labelledAt } = facts;
  const found: string[] = [];
  if (definition.review === undefined) found.push('It has no review date.');
  if (definition.owner === undefined) found.push('Nobody answers for it.');
  const last = reviewedAt ?? publishedAt;
  if (last !== null) {
    const due = nextAfter(definition.review ?? DEFAULT_REVIEW, last, zone);
    if (due < asOf)
      found.push(`Its review was due ${daysBetween(due, asOf)} days ago (last looked at ${day(last)}).`);
  }
  if (labelledAt !== null && daysBetween(labelledAt, asOf) > STALE_DAYS)
    found.push(`Its labels were last worked out ${daysBetween(labelledAt, asOf)} days ago.`);
  if (learnedAt !== null && 'learn' in definition) {
    const due = nextAfter(definition.learn, nextAfter(definition.learn, learnedAt, zone), zone);
    if (due < asOf) found.push(`What it learned is of ${day(learnedAt)}, over two of its rhythms ago.`);
  }
  return found;
}

const day = (at: Date): string => at.toISOString().slice(0, 10);
const percent = (share: number): string => `${Math.round(share * 100)} %`;
