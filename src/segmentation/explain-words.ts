import type { AttributeIndex } from './attribute-index.ts';
import { nameOfAttribute } from './attribute-names.ts';
import { findInCatalogue } from './catalogue.ts';
import { aggregateOf, type Condition, type DealMeasure } from './condition.ts';
import { moneyScores } from './methods/purchase-definition.ts';
import { Comparison, type Test, testsOf } from './operators.ts';
import { scoreName } from './score-names.ts';
import { agreed, askedOf, predicate, thresholdOf } from './threshold-words.ts';
import type { Showing, Shown } from './value-words.ts';

/** What a leaf is about, in words. */
export type Topic = Shown & {
  /** `Revenue`, or `number of won deals closed on or after 2025-06-15`. */
  name: string;
  /** The same with the limits of money and others that reps may not see; left out where it has none. */
  openName?: string;
  /** May reps see the value and the threshold? */
  isVisible: boolean;
  /** Never unknown: counts and totals, and what counts as zero or false where it is empty. */
  isAlwaysKnown?: boolean;
  /** Nothing is below or above. */
  range?: readonly [number, number];
};

export type Words = Showing & {
  attributes: AttributeIndex;
  /** What `SET.SEGMENT` is called; without it, and where it answers nothing, the key is shown. */
  segmentName?(label: string): string | undefined;
};

/** `"At risk" of Purchase behaviour`, of the segment sets that are given. */
export function namesOfSegments(
  definitions: readonly { key: string; name: string; segments: readonly { key: string; name: string }[] }[],
): (label: string) => string | undefined {
  const names = new Map<string, string>(
    definitions.flatMap(({ key, name, segments }) =>
      segments.map((segment) => [`${key}.${segment.key}`, `"${segment.name}" of ${name}`] as const),
    ),
  );
  return (label) => names.get(label);
}

const PROBABILITIES: ReadonlySet<string> = new Set(['p_alive', 'probability', 'likeness']);

const COUNTED: Topic['range'] = [0, Number.POSITIVE_INFINITY];
const RFM_SCORES: ReadonlySet<string> = new Set(['recency', 'frequency', 'monetary']);

export function topicOf(condition: Condition, owner: 'person' | 'company', words: Words): Topic {
  if ('attribute' in condition) {
    const attribute = words.attributes.get(owner, condition.attribute);
    return {
      name: attribute?.name ?? nameOfAttribute({ owner, key: condition.attribute }, owner),
      type: attribute?.type ?? 'text',
      valueNames: attribute?.valueNames,
      isVisible: attribute?.repVisible ?? false,
      isAlwaysKnown: attribute !== undefined && attribute.empty !== 'unknown',
      ...(attribute?.type === 'number' && attribute.empty === 'zero' && { range: COUNTED }),
    };
  }
  if ('deals' in condition) return dealTopic(condition.deals, words);
  if ('contacts' in condition) {
    const { where } = condition.contacts;
    const counted = { type: 'number', isVisible: true, isAlwaysKnown: true, range: COUNTED } as const;
    if (where === undefined) return { ...counted, name: 'number of people of the company' };
    const openName = `number of people of the company with ${inWords(where, 'person', words)}`;
    return { ...counted, name: 'number of matching people of the company', openName };
  }
  if ('score' in condition) {
    const isMoney = moneyScores.some((score) => condition.score.endsWith(`.${score}`));
    const whose = owner === 'company' ? ' of the company' : '';
    const score = condition.score.slice(condition.score.indexOf('.') + 1);
    const isShare = PROBABILITIES.has(score);
    return {
      name: `${scoreName(score) ?? `${score.replaceAll('_', ' ')} score`}${whose}`,
      type: isMoney ? 'money' : isShare ? 'probability' : 'number',
      isVisible: !isMoney,
      ...(isShare ? { range: [0, 1] } : RFM_SCORES.has(score) ? { range: [1, 5] } : {}),
    };
  }
  throw new Error('not a leaf that compares');
}

const MEASURES = {
  count: 'number',
  sum: 'total',
  average: 'average',
  min: 'lowest',
  max: 'highest',
} as const;

export function dealTopic(measure: DealMeasure, words: Words): Topic {
  const { aggregate, attribute: key } = aggregateOf(measure);
  const attribute = key === null ? undefined : words.attributes.get('deal', key);
  const filters = Object.entries(measure.where ?? {}).map(([filterKey, value]) => {
    const filter = words.attributes.get('deal', filterKey);
    const comparison = typeof value === 'object' ? value : Comparison.parse({ is: value });
    const name = (
      filter?.name ??
      findInCatalogue('deal', filterKey)?.attribute.name ??
      filterKey.replaceAll('_', ' ')
    ).toLowerCase();
    const said = filterWords(filterKey, name, testsOf(comparison), filter ?? { type: 'text' }, words);
    const isVisible = filter?.repVisible ?? false;
    return { said, forReps: isVisible ? said : { before: '', after: `with ${name} in a set range` } };
  });
  const ofOne = aggregate === 'first' || aggregate === 'last' ? aggregate : null;
  const scope = { credited: '', involved: 'taken part in', company: 'of the company' }[
    measure.scope ?? 'credited'
  ];
  const nameWith = (which: 'said' | 'forReps'): string => {
    const deals = [
      ...(ofOne === null ? [] : ['the', ofOne]),
      ...filters.map((filter) => filter[which].before),
      ofOne === null ? 'deals' : 'deal',
      scope,
      ...filters.map((filter) => filter[which].after),
    ].filter((part) => part !== '');
    const what = [
      ofOne === null ? MEASURES[aggregate as keyof typeof MEASURES] : '',
      attribute?.name.toLowerCase(),
    ];
    return `${what.filter(Boolean).join(' ')} of ${deals.join(' ')}`;
  };
  const [name, openName] = [nameWith('forReps'), nameWith('said')];
  return {
    name,
    ...(openName !== name && { openName }),
    type: attribute?.type ?? 'number',
    valueNames: attribute?.valueNames,
    isVisible: attribute?.repVisible ?? true,
    isAlwaysKnown: aggregate === 'count' || aggregate === 'sum',
    ...(aggregate === 'count' && { range: COUNTED }),
  };
}

/** Words before and after `deals`. */
type Around = { before: string; after: string };

/** A filter on deals as words around `deals`: won deals, deals closed on or after 2025-06-15. */
function filterWords(key: string, name: string, tests: readonly Test[], of: Shown, words: Words): Around {
  const [only] = tests;
  if (tests.length === 1 && only?.operator === 'is' && typeof only.operand === 'boolean') {
    const flag = FLAGS[key];
    if (flag !== undefined) return only.operand ? flag.yes : flag.no;
  }
  const asked = tests.map((test) => thresholdOf(test, of, words)).join(' and ');
  const verb = EVENTS[key];
  return {
    before: '',
    after: verb === undefined ? `with ${name} ${asked.replace(/^is /, '')}` : `${verb} ${asked}`,
  };
}

const FLAGS: Record<string, { yes: Around; no: Around }> = {
  won: { yes: { before: 'won', after: '' }, no: { before: '', after: 'not won' } },
  closed: { yes: { before: 'closed', after: '' }, no: { before: 'open', after: '' } },
};
const EVENTS: Record<string, string> = { closed_at: 'closed', opened_at: 'opened' };

/** A condition as one line. */
export function inWords(condition: Condition, owner: 'person' | 'company', words: Words): string {
  const inner = (part: Condition): string => inWords(part, owner, words);
  const group = (parts: Condition[], word: string): string =>
    parts.length === 1 && parts[0] !== undefined
      ? inner(parts[0])
      : `(${parts.map(inner).join(` ${word} `)})`;
  if ('all' in condition) return group(condition.all, 'and');
  if ('any' in condition) return group(condition.any, 'or');
  if ('not' in condition) return notInWords(condition.not, owner, words);
  if ('company' in condition) return `company: ${inWords(condition.company, 'company', words)}`;
  if ('segment' in condition) return `in ${words.segmentName?.(condition.segment) ?? condition.segment}`;
  return leafInWords(condition, owner, words, 'threshold');
}

/** What is not so as one line: the opposite of a single test, else the whole after `not`. */
function notInWords(condition: Condition, owner: 'person' | 'company', words: Words): string {
  const isLeaf = ['attribute', 'deals', 'contacts', 'score'].some((word) => word in condition);
  if (isLeaf && testsOf(comparisonOf(condition)).length === 1)
    return leafInWords(condition, owner, words, 'opposite');
  return `not ${inWords(condition, owner, words)}`;
}

const comparisonOf = (condition: Condition): Comparison =>
  'deals' in condition
    ? condition.deals
    : 'contacts' in condition
      ? condition.contacts
      : 'attribute' in condition || 'score' in condition
        ? condition
        : {};

function leafInWords(
  condition: Condition,
  owner: 'person' | 'company',
  words: Words,
  side: 'threshold' | 'opposite',
): string {
  const topic = topicOf(condition, owner, words);
  const tests = testsOf(comparisonOf(condition)).map((test) => askedOf(test, topic, words)[side]);
  const [first = '', ...rest] = tests.map(predicate);
  const more = rest.map((phrase) => ` and ${phrase.replace(/^is /, '')}`).join('');
  return `${topic.openName ?? topic.name} ${agreed(topic.name, first)}${more}`;
}
