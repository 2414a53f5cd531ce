import { showShare } from '../model/share-words.ts';
import { nameOfColumn } from '../segmentation/attribute-names.ts';
import { methodReferences, type Path, segmentReferences } from '../segmentation/references.ts';
import { TOO_FEW } from '../segmentation/statistics/proportions.ts';
import { showDay } from '../segmentation/value-words.ts';
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
  /** Where each sentence points in the definition; empty for the set as a whole. */
  places: Path[];
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

type Found = { says: string; at: Path };

type Rule = {
  mistake: Mistake;
  title: string;
  find(facts: SegmentationFacts, zone: string): Found[];
  action: string;
};

const RULES: Rule[] = [
  {
    mistake: 'no_goal',
    title: 'No goal',
    find: ({ definition }) =>
      definition.goal === undefined || definition.goal.trim() === ''
        ? [{ says: 'It says no goal.', at: ['goal'] }]
        : [],
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
    find: ({ definition, subjects, segments }) =>
      segments.flatMap((segment, index) => tooLittleData(definition, index, segment, subjects)),
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
        ? [
            {
              says: 'No pilot or holdout was ever run on it: nobody knows whether its plays do anything.',
              at: [],
            },
          ]
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
      definition.segments.flatMap(({ name }, index) => {
        const fault = faultOfName(name);
        return fault === null ? [] : [{ says: `"${name}": ${fault}.`, at: ['segments', index, 'name'] }];
      }),
    action: 'Change the name; its key stays, so the CRM keeps its values.',
  },
];

/** The seven known mistakes and the names, each checked against what the store says. */
export function lint(facts: SegmentationFacts, zone: string): LintCheck[] {
  return RULES.map(({ mistake, title, find, action }) => {
    const found = find(facts, zone);
    const made = found.length > 0;
    return {
      mistake,
      title,
      made,
      evidence: found.map(({ says }) => says),
      places: found.map(({ at }) => at),
      action: made ? action : null,
    };
  });
}

function tooMany({ definition, segments, subjects, unlabelled }: SegmentationFacts): Found[] {
  const count = definition.segments.length;
  const labelled = subjects - unlabelled.size;
  const tiny = segments.filter(({ size }) => size * 100 < labelled);
  const found: string[] =
    count > MANY_SEGMENTS ? [`${count} segments; over ${MANY_SEGMENTS} are hard to tell apart.`] : [];
  if (count > 4 && tiny.length * 2 > count)
    found.push(`${tiny.length} of ${count} hold under 1% of the labelled each.`);
  const first = new Map<string, string>();
  const repeated = definition.segments.flatMap(({ name, play }, index): Found[] => {
    if (play?.message === undefined) return [];
    const words = `${play.channel ?? ''}|${play.message}|${play.offer ?? ''}`;
    const same = first.get(words);
    if (same === undefined) first.set(words, name);
    const at = ['segments', index, 'play'];
    return same === undefined ? [] : [{ says: `${name} gets the same play as ${same}.`, at }];
  });
  return [...found.map((says): Found => ({ says, at: ['segments'] })), ...repeated];
}

function tooLittleData(
  definition: SegmentationFacts['definition'],
  index: number,
  { name, size, known, needs, missing }: SegmentFacts,
  subjects: number,
): Found[] {
  const segment: Path = ['segments', index];
  if (missing.length > 0) {
    const at = usesOf(definition, index).find((use) => missing.includes(use.name))?.path ?? segment;
    return [
      {
        says: `${name} needs ${missing.map((one) => nameOfColumn(one, definition.subject)).join(', ')}, which nothing feeds.`,
        at,
      },
    ];
  }
  if (size < TOO_FEW)
    return [
      { says: `${name} holds ${size}: under ${TOO_FEW} no rate can be told from chance.`, at: segment },
    ];
  if (subjects > 0 && known < subjects * LITTLE_KNOWN)
    return [
      { says: `${name}: ${needs.join(', ')} known for ${showShare(known / subjects)} only.`, at: segment },
    ];
  return [];
}

/** What one segment goes by, named as its facts name it. */
function usesOf(definition: SegmentationFacts['definition'], index: number): { name: string; path: Path }[] {
  return [...segmentReferences(definition, index), ...methodReferences(definition)].flatMap((one) =>
    one.kind === 'attribute'
      ? [{ name: one.owner === definition.subject ? one.key : `${one.owner}.${one.key}`, path: one.path }]
      : [],
  );
}

function missingPlay(
  { name, play }: SegmentationFacts['definition']['segments'][number],
  index: number,
): Found[] {
  const at: Path = ['segments', index, 'play'];
  if (play === undefined) return [{ says: `${name} has no play.`, at }];
  const missing = (['channel', 'message', 'owner'] as const).filter((part) => play[part] === undefined);
  return missing.length === 0 ? [] : [{ says: `The play of ${name} says no ${missing.join(', no ')}.`, at }];
}

function ignoredPrivacy({
  definition,
  sensitive,
  proxies,
  optOutKnown,
  segments,
}: SegmentationFacts): Found[] {
  const found: Found[] = [];
  const add = (says: string, at: Path) => found.push({ says, at });
  const isPersonal = definition.subject === 'person';
  if (isPersonal && definition.purpose === undefined)
    add('It says no purpose for processing personal data.', ['purpose']);
  if (isPersonal && definition.lawfulBasis === undefined) add('It names no lawful basis.', ['lawfulBasis']);
  const [firstSensitive] = sensitive;
  if (firstSensitive) add(`It uses sensitive attributes: ${names(sensitive)}.`, firstSensitive.at);
  const [firstProxy] = proxies;
  if (firstProxy) add(`It uses what may stand in for sensitive ones: ${names(proxies)}.`, firstProxy.at);
  if (isPersonal && definition.use === 'marketing' && !optOutKnown)
    add('No CRM tells who opted out of e-mail.', []);
  if (definition.use === 'eligibility')
    add('It affects price, credit or access: a person must decide, not the label alone.', ['use']);
  for (const [index, { name, size }] of segments.entries())
    if (isPersonal && size > 0 && size < MIN_GROUP)
      add(`${name}: under ${MIN_GROUP} people, so the label nearly names them.`, ['segments', index]);
  return found;
}

function forgotten(facts: SegmentationFacts, zone: string): Found[] {
  const { definition, asOf, publishedAt, reviewedAt, learnedAt, labelledAt } = facts;
  const found: Found[] = [];
  const add = (says: string, at: Path) => found.push({ says, at });
  if (definition.review === undefined) add('It has no review date.', ['review']);
  if (definition.owner === undefined) add('Nobody answers for it.', ['owner']);
  const last = reviewedAt ?? publishedAt;
  if (last !== null) {
    const due = nextAfter(definition.review ?? DEFAULT_REVIEW, last, zone);
    if (due < asOf)
      add(`Its review was due ${daysBetween(due, asOf)} days ago (last looked at ${day(last)}).`, ['review']);
  }
  if (labelledAt !== null && daysBetween(labelledAt, asOf) > STALE_DAYS)
    add(`Its labels were last worked out ${daysBetween(labelledAt, asOf)} days ago.`, []);
  if (learnedAt !== null && 'learn' in definition) {
    const due = nextAfter(definition.learn, nextAfter(definition.learn, learnedAt, zone), zone);
    if (due < asOf) add(`What it learned is of ${day(learnedAt)}, over two of its rhythms ago.`, ['learn']);
  }
  return found;
}

const names = (all: readonly { name: string }[]): string => all.map(({ name }) => name).join(', ');
const day = (at: Date): string => showDay(at.toISOString());
