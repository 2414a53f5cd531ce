import { showList } from '../model/list-words.ts';
import { showShare } from '../model/share-words.ts';
import { type CutPoint, dayBounds } from './compile-comparison.ts';
import type { Test } from './operators.ts';
import { type Showing, type Shown, type ShownType, showDay, showInstant, showValue } from './value-words.ts';
import { type Span, spanOf } from './window.ts';

/** So many of a list are named. */
const MOST_NAMED = 5;

type Asked = {
  /** `at least 3`, `is customer`, `on or after 15 Jun 2025`. */
  threshold: string;
  /** What is the case, of a value that is known, where that is not: `below 3`, `is not customer`. */
  opposite: string;
};

/** What a test asks for, with dates instead of ages. */
export function thresholdOf(test: Test, of: Shown, words: Showing, cut: CutPoint = null): string {
  return askedOf(test, of, words, cut).threshold;
}

/** @param isAhead is the value later than now? Then a window that ends now says both of its ends. */
export function askedOf(test: Test, of: Shown, words: Showing, cut: CutPoint = null, isAhead = false): Asked {
  const show = (value: string | number | boolean): string => showValue(value, of, words);
  const options = (values: readonly (string | number | boolean)[], word: 'and' | 'or'): string =>
    showList(values.map(show), word, MOST_NAMED);
  const asked = (threshold: string, opposite: string): Asked => ({ threshold, opposite });
  switch (test.operator) {
    case 'is':
      return typeof test.operand === 'boolean'
        ? asked(`is ${show(test.operand)}`, `is ${show(!test.operand)}`)
        : asked(`is ${show(test.operand)}`, `is not ${show(test.operand)}`);
    case 'isNot':
      return turned(askedOf({ operator: 'is', operand: test.operand }, of, words));
    case 'in':
      return test.operand.length > 2
        ? asked(`is one of ${options(test.operand, 'or')}`, `is none of ${options(test.operand, 'and')}`)
        : asked(
            `is ${options(test.operand, 'or')}`,
            `is ${test.operand.length === 1 ? 'not' : 'neither'} ${test.operand.map(show).join(' nor ')}`,
          );
    case 'notIn':
      return turned(askedOf({ operator: 'in', operand: test.operand }, of, words));
    case 'contains':
      return asked(`contains "${test.operand}"`, `does not contain "${test.operand}"`);
    case 'startsWith':
      return asked(`starts with "${test.operand}"`, `does not start with "${test.operand}"`);
    case 'endsWith':
      return asked(`ends with "${test.operand}"`, `does not end with "${test.operand}"`);
    case 'atLeast':
      return asked(`at least ${show(test.operand)}`, `below ${show(test.operand)}`);
    case 'atMost':
      return asked(`at most ${show(test.operand)}`, `above ${show(test.operand)}`);
    case 'above':
      return turned(askedOf({ operator: 'atMost', operand: test.operand }, of, words));
    case 'below':
      return turned(askedOf({ operator: 'atLeast', operand: test.operand }, of, words));
    case 'topPercent': {
      const group = `in the top ${showShare(test.operand / 100)}`;
      return cut === null
        ? asked(group, `not ${group}`)
        : asked(`${group}, at least ${show(cut)}`, `below ${show(cut)}, not ${group}`);
    }
    case 'bottomPercent': {
      const group = `in the bottom ${showShare(test.operand / 100)}`;
      return cut === null
        ? asked(group, `not ${group}`)
        : asked(`${group}, at most ${show(cut)}`, `above ${show(cut)}, not ${group}`);
    }
    case 'known':
      return asked('is known', 'is not known');
    case 'unknown':
      return asked('is not known', 'is known');
    case 'includes':
      return asked(`includes ${show(test.operand)}`, `does not include ${show(test.operand)}`);
    case 'includesAny':
      return test.operand.length > 2
        ? asked(
            `includes one of ${options(test.operand, 'or')}`,
            `includes none of ${options(test.operand, 'and')}`,
          )
        : asked(`includes ${options(test.operand, 'or')}`, `does not include ${options(test.operand, 'or')}`);
    case 'includesAll':
      return test.operand.length === 1
        ? askedOf({ operator: 'includes', operand: test.operand[0] ?? '' }, of, words)
        : asked(
            `includes ${options(test.operand, 'and')}`,
            `does not include all of ${options(test.operand, 'and')}`,
          );
    case 'anniversaryInNext':
      return asked(
        `comes round within the next ${test.operand}`,
        `does not come round within the next ${test.operand}`,
      );
    case 'anniversaryInLast':
      return asked(
        `came round within the last ${test.operand}`,
        `did not come round within the last ${test.operand}`,
      );
    case 'notInLast':
      return turned(askedOf({ operator: 'inLast', operand: test.operand }, of, words, cut, isAhead));
    case 'notInNext':
      return turned(askedOf({ operator: 'inNext', operand: test.operand }, of, words));
    case 'between':
      if (typeof test.operand[0] === 'number') {
        const range = `between ${show(test.operand[0])} and ${show(test.operand[1])}`;
        return asked(range, `not ${range}`);
      }
      return spanWords(test, of.type, words, isAhead);
    default:
      return spanWords(test, of.type, words, isAhead);
  }
}

const turned = ({ threshold, opposite }: Asked): Asked => ({ threshold: opposite, opposite: threshold });

function spanWords(test: Test, type: ShownType, { calendar }: Showing, isAhead: boolean): Asked {
  const span = spanOf(test, calendar);
  if (span === null) return { threshold: test.operator, opposite: `not ${test.operator}` };
  const inside = (words: string): Asked => ({ threshold: words, opposite: `not ${words}` });
  const isHours =
    type === 'datetime' &&
    (span.from ?? span.to)?.toFormat('HH:mm:ss') !== '00:00:00' &&
    span.toInclusive &&
    span.from?.toFormat('HH:mm:ss') !== '00:00:00';
  if (isHours)
    return inside(`from ${instantOf(span.from, calendar.zone)} to ${instantOf(span.to, calendar.zone)}`);
  const [first, last] = dayBounds(span);
  const from = first === undefined ? '' : showDay(first.value);
  const onOrAfter = { threshold: `on or after ${from}`, opposite: `before ${from}` };
  if (span.from === null) return turned(onOrAfter);
  const until = last === undefined ? undefined : last.comparison === '<' ? dayBefore(last.value) : last.value;
  if (until === undefined || (test.operator === 'inLast' && !isAhead)) return onOrAfter;
  return inside(showDay(until) === from ? `on ${from}` : `from ${from} to ${showDay(until)}`);
}

const instantOf = (time: Span['from'], zone: string): string =>
  time === null ? '' : showInstant(time.toJSDate(), zone);

function dayBefore(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - 1);
  return date.toISOString().slice(0, 10);
}

/** `at least 3` -> `is at least 3`; what begins with a verb stays. */
export function predicate(threshold: string): string {
  if (threshold.startsWith('a score of ')) return `gets ${threshold}`;
  return VERB.test(threshold) ? threshold : `is ${threshold}`;
}

const VERB = /^(is|contains|starts|ends|includes|comes|came|does|did|no longer) /;

/** `Purchases`, `Open tickets`; not `Status`, not `number of won deals`, not `value expected within 12 months`. */
const isPlural = (about: string): boolean => /[^sui]s$/.test(about) && !/ (of|within) /.test(about);

/** A phrase with its verb, as it follows what it is about: `Website visits` + `is at least 3` -> `are at least 3`. */
export function agreed(about: string, phrase: string): string {
  if (!isPlural(about)) return phrase;
  return phrase
    .replace(/^is /, 'are ')
    .replace(/^does /, 'do ')
    .replace(/^(no longer )?(get|contain|start|end|include|come)s /, '$1$2 ');
}
