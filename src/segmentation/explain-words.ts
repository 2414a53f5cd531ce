import type { AttributeType } from '../model/attribute.ts';
import { showMoney } from '../model/money-words.ts';
import { showShare } from '../model/share-words.ts';
import { type ValueNames, valueName } from '../model/value-name.ts';
import type { AttributeIndex } from './attribute-index.ts';
import { type CutPoint, dayBounds } from './compile-comparison.ts';
import { aggregateOf, type Condition, type DealMeasure } from './condition.ts';
import { moneyScores } from './methods/purchase-definition.ts';
import { Comparison, type Test, testsOf } from './operators.ts';
import { scoreName } from './score-names.ts';
import { type Calendar, type Span, spanOf } from './window.ts';

/** `probability`: from 0 to 1, shown in percent. */
export type ShownType = AttributeType | 'probability';

/** How a value is shown. */
export type Shown = { type: ShownType; valueNames?: ValueNames | undefined };

/** What a leaf is about, in words. */
export type Topic = Shown & {
  /** `Revenue`, or `number of won deals closed on or after 2025-06-15`. */
  name: string;
  /** May reps see the value and the threshold? */
  isVisible: boolean;
};

export type Words = {
  attributes: AttributeIndex;
  calendar: Calendar;
  currency: string;
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

export function topicOf(condition: Condition, owner: 'person' | 'company', words: Words): Topic {
  if ('attribute' in condition) {
    const attribute = words.attributes.get(owner, condition.attribute);
    return {
      name: attribute?.name ?? condition.attribute,
      type: attribute?.type ?? 'text',
      valueNames: attribute?.valueNames,
      isVisible: attribute?.repVisible ?? false,
    };
  }
  if ('deals' in condition) return dealTopic(condition.deals, words);
  if ('contacts' in condition)
    return { name: 'number of matching people of the company', type: 'number', isVisible: true };
  if ('score' in condition) {
    const isMoney = moneyScores.some((score) => condition.score.endsWith(`.${score}`));
    const whose = owner === 'company' ? ' of the company' : '';
    const score = condition.score.slice(condition.score.indexOf('.') + 1);
    return {
      name: `${scoreName(score) ?? `score ${score.replaceAll('_', ' ')}`}${whose}`,
      type: isMoney ? 'money' : PROBABILITIES.has(score) ? 'probability' : 'number',
      isVisible: !isMoney,
    };
  }
  throw new Error('not a leaf that compares');
}

export function dealTopic(measure: DealMeasure, words: Words): Topic {
  const { aggregate, attribute: key } = aggregateOf(measure);
  const attribute = key === null ? undefined : words.attributes.get('deal', key);
  const filters = Object.entries(measure.where ?? {}).map(([filterKey, value]) => {
    const filter = words.attributes.get('deal', filterKey);
    const comparison = typeof value === 'object' ? value : Comparison.parse({ is: value });
    const isVisible = filter?.repVisible ?? false;
    const name = (filter?.name ?? filterKey).toLowerCase();
    if (!isVisible) return { before: '', after: `with ${name} in a set range` };
    return filterWords(filterKey, name, testsOf(comparison), filter ?? { type: 'text' }, words);
  });
  const what = {
    count: 'number',
    sum: 'total',
    average: 'average',
    min: 'lowest',
    max: 'highest',
    first: 'first',
    last: 'last',
  }[aggregate];
  const whose = [
    ...filters.map(({ before }) => before),
    { credited: 'deals', involved: 'deals taken part in', company: 'deals of the company' }[
      measure.scope ?? 'credited'
    ],
    ...filters.map(({ after }) => after),
  ]
    .filter((part) => part !== '')
    .join(' ');
  const of =
    attribute === undefined ? `${what} of ${whose}` : `${what} ${attribute.name.toLowerCase()} of ${whose}`;
  return {
    name: of,
    type: attribute?.type ?? 'number',
    valueNames: attribute?.valueNames,
    isVisible: attribute?.repVisible ?? true,
  };
}

/** A filter on deals as words around `deals`: won deals, deals closed on or after 2025-06-15. */
function filterWords(
  key: string,
  name: string,
  tests: readonly Test[],
  of: Shown,
  words: Words,
): { before: string; after: string } {
  const [only] = tests;
  if (tests.length === 1 && only?.operator === 'is' && typeof only.operand === 'boolean') {
    const flag = FLAGS[key];
    if (flag !== undefined) return { before: only.operand ? flag : `not ${flag}`, after: '' };
  }
  const asked = tests.map((test) => thresholdOf(test, of, words)).join(' and ');
  const verb = EVENTS[key];
  return {
    before: '',
    after: verb === undefined ? `with ${name} ${asked.replace(/^is /, '')}` : `${verb} ${asked}`,
  };
}

const FLAGS: Record<string, string> = { won: 'won', closed: 'closed' };
const EVENTS: Record<string, string> = { closed_at: 'closed', opened_at: 'opened' };

/** What a test asks for, with dates instead of ages: `at least 3`, `on or after 2025-06-15`. */
export function thresholdOf(test: Test, of: Shown, words: Words, cut: CutPoint = null): string {
  const show = (value: string | number | boolean): string => showValue(value, of, words);
  switch (test.operator) {
    case 'is':
      return `is ${show(test.operand)}`;
    case 'isNot':
      return `is not ${show(test.operand)}`;
    case 'in':
      return `is one of ${test.operand.map(show).join(', ')}`;
    case 'notIn':
      return `is none of ${test.operand.map(show).join(', ')}`;
    case 'contains':
      return `contains "${test.operand}"`;
    case 'startsWith':
      return `starts with "${test.operand}"`;
    case 'endsWith':
      return `ends with "${test.operand}"`;
    case 'atLeast':
      return `at least ${show(test.operand)}`;
    case 'atMost':
      return `at most ${show(test.operand)}`;
    case 'above':
      return `above ${show(test.operand)}`;
    case 'below':
      return `below ${show(test.operand)}`;
    case 'topPercent':
      return `in the top ${showShare(test.operand / 100)}${cut === null ? '' : `, at least ${show(cut)}`}`;
    case 'bottomPercent':
      return `in the bottom ${showShare(test.operand / 100)}${cut === null ? '' : `, at most ${show(cut)}`}`;
    case 'known':
      return 'is known';
    case 'unknown':
      return 'is not known';
    case 'includes':
      return `includes ${show(test.operand)}`;
    case 'includesAny':
      return `includes one of ${test.operand.map(show).join(', ')}`;
    case 'includesAll':
      return `includes ${test.operand.map(show).join(' and ')}`;
    case 'anniversaryInNext':
      return `comes round within the next ${test.operand}`;
    case 'anniversaryInLast':
      return `came round within the last ${test.operand}`;
    case 'between':
      if (typeof test.operand[0] === 'number')
        return `between ${show(test.operand[0])} and ${show(test.operand[1])}`;
      return spanWords(test, of.type, words);
    case 'notInLast':
    case 'notInNext':
      return `not ${spanWords(test, of.type, words)}`;
    default:
      return spanWords(test, of.type, words);
  }
}

function spanWords(test: Test, type: ShownType, { calendar }: Words): string {
  const span = spanOf(test, calendar);
  if (span === null) return test.operator;
  const isHours =
    type === 'datetime' &&
    (span.from ?? span.to)?.toFormat('HH:mm:ss') !== '00:00:00' &&
    span.toInclusive &&
    span.from?.toFormat('HH:mm:ss') !== '00:00:00';
  if (isHours) return `from ${instantOf(span.from, calendar.zone)} to ${instantOf(span.to, calendar.zone)}`;
  const [first, last] = dayBounds(span);
  const from = first === undefined ? '' : showDay(first.value);
  if (test.operator === 'on') return `on ${from}`;
  if (test.operator === 'inLast' || test.operator === 'notInLast') return `on or after ${from}`;
  const until = last === undefined ? undefined : last.comparison === '<' ? dayBefore(last.value) : last.value;
  if (span.from === null) return `before ${from}`;
  return until === undefined ? `on or after ${from}` : `from ${from} to ${showDay(until)}`;
}

const instantOf = (time: Span['from'], zone: string): string =>
  time === null ? '' : instants(zone).format(time.toJSDate());

function dayBefore(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - 1);
  return date.toISOString().slice(0, 10);
}

/** A value as people read it; null reads `not known`. */
export function showValue(value: unknown, of: Shown, { calendar, currency }: Words): string {
  const { type } = of;
  if (value === null || value === undefined) return 'not known';
  if (type === 'boolean') return value === true ? 'yes' : 'no';
  if (type === 'money') return showMoney(Number(value), currency);
  if (type === 'probability') return showShare(Number(value));
  if (type === 'number') return format(Number(value));
  if (Array.isArray(value))
    return value.length === 0 ? 'none' : value.map((one) => valueName(of, String(one))).join(', ');
  if (type === 'datetime') return instants(calendar.zone).format(new Date(String(value)));
  if (type === 'date') return showDay(String(value));
  return valueName(of, String(value));
}

/** YYYY-MM-DD in words that no country takes for another day: `15 Jun 2025`. */
export function showDay(day: string): string {
  const date = new Date(`${day.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? day : DAYS.format(date);
}

// Making one takes a fifth of the time of a whole card, so each is made once.

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const DAY = { day: 'numeric', month: 'short', year: 'numeric' } as const;
const DAYS = new Intl.DateTimeFormat('en-GB', { ...DAY, timeZone: 'UTC' });
const INSTANTS = new Map<string, Intl.DateTimeFormat>();

const format = (value: number): string => NUMBERS.format(value);

/** By zone: there are some hundred. */
function instants(zone: string): Intl.DateTimeFormat {
  const known = INSTANTS.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    ...DAY,
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
  });
  INSTANTS.set(zone, made);
  return made;
}
