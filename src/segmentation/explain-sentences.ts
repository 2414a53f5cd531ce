import { agreed, predicate } from './threshold-words.ts';
import { showDay } from './value-words.ts';

/** true, false, or null where a value that it needs is not known. */
export type Truth = boolean | null;

/** A condition with what was seen. */
export type Clause =
  | { kind: 'all' | 'any' | 'not'; holds: Truth; parts: Clause[] }
  | {
      kind: 'test';
      /** Something worth knowing beside what decides: it always holds. */
      isFact?: true;
      /** No value that it can take would turn it round. */
      isFixed?: true;
      holds: Truth;
      /** What is compared: `Revenue`. */
      about: string;
      /** What is asked for: `at least €1,000`; to reps `above the threshold` where they may not see it. */
      threshold: string;
      /** What is the case where that is not: `below €1,000`; worked out from the threshold where left out. */
      opposite?: string;
      /** What was seen; null where the reader may not see it. */
      value: string | null;
      /** The day (YYYY-MM-DD) on which time alone turns it round. */
      turnsOn: string | null;
    };

type TestClause = Extract<Clause, { kind: 'test' }>;

/** A test that decided; `isTurned`: it stands under `not`, and what is asked for is its opposite. */
type Deciding = { clause: TestClause; isTurned: boolean };

/** The tests that decided: for a true `any` the true ones, for a false `all` the others, and so on. */
function deciding(clause: Clause, wanted: boolean, isTurned = false): Deciding[] {
  if (clause.kind === 'test')
    return (clause.holds === true) === wanted || clause.holds === null ? [{ clause, isTurned }] : [];
  if (clause.kind === 'not') return clause.parts.flatMap((part) => deciding(part, !wanted, !isTurned));
  const parts = clause.parts.filter(
    (part) => (part.holds === true) === wanted || (!wanted && part.holds === null),
  );
  return parts.flatMap((part) => deciding(part, wanted, isTurned));
}

export function sentencesOf(why: Clause, holds: boolean): string[] {
  return [...new Set(deciding(why, holds).map(sentence))];
}

function sentence({ clause, isTurned }: Deciding): string {
  const { about, value, holds } = clause;
  const subject = about.charAt(0).toUpperCase() + about.slice(1);
  if (value === null) {
    if (about.startsWith('segment'))
      return `${about === 'segment' ? 'Is' : 'The company is'} ${holds ? '' : 'not '}in segment ${clause.threshold}.`;
    return `${subject} ${agreed(about, predicate(clause.threshold))}.`;
  }
  const asked = isTurned ? oppositeOf(clause) : clause.threshold;
  const isMet = holds === !isTurned;
  // That it is known, or not, is seen by the value.
  if (asked === 'is known' || (asked === 'is not known' && isMet)) return `${subject}: ${value}.`;
  const needed = asked.replace(/^is /, '');
  if (!isMet) return `${subject}: ${value} (needed: ${needed}).`;
  if (value.endsWith(asked) || saysAgain(asked, value)) return `${subject}: ${value}.`;
  return `${subject}: ${value} (${needed}).`;
}

/** What to change so that the whole becomes `target`, as one sentence; none where nothing that we know would. */
export function changesOf(why: Clause, target: boolean): string[] {
  const way = wayTo(why, target);
  return way === null || way === 'none' ? [] : [`Would ${target ? 'enter' : 'leave'} once ${way.text}.`];
}

type Way = { text: string; isChoice: boolean };

/** What has to happen so that a clause becomes `target`; null where it is so already, `none` where nothing would. */
function wayTo(clause: Clause, target: boolean): Way | 'none' | null {
  if ((clause.holds === true) === target) return null;
  if (clause.kind === 'test') {
    if (clause.isFact) return null;
    return clause.isFixed ? 'none' : { text: change(clause, target), isChoice: false };
  }
  const wanted = clause.kind === 'not' ? !target : target;
  const found = clause.parts.map((part) => wayTo(part, wanted));
  const needsAll = clause.kind === 'not' || (clause.kind === 'all') === target;
  if (needsAll && found.includes('none')) return 'none';
  const ways = found.flatMap((way) => (way === null || way === 'none' ? [] : [way]));
  const [first, ...rest] = [...new Map(ways.map((way) => [way.text, way])).values()];
  if (first === undefined) return found.includes('none') ? 'none' : null;
  if (rest.length === 0) return first;
  const all = [first, ...rest];
  if (!needsAll) return { text: all.map(({ text }) => text).join(', or '), isChoice: true };
  const texts = all.map(({ text, isChoice }) => (isChoice ? `either ${text}` : text));
  return { text: texts.join(', and '), isChoice: false };
}

function change(clause: TestClause, target: boolean): string {
  const { about, threshold, value, turnsOn } = clause;
  if (about.startsWith('segment'))
    return `${about === 'segment' ? 'they are' : 'their company is'} ${target ? '' : 'no longer '}in ${threshold}`;
  const lower = /^[A-Z][a-z ]/.test(about) ? about.charAt(0).toLowerCase() + about.slice(1) : about;
  // Not before what is no thing: `opted out of e-mail`.
  const subject = about.includes(' of ') && !/^\w+ed /.test(lower) ? `the ${lower}` : lower;
  if (turnsOn !== null)
    return `${subject} (${value ?? 'as it is'}) is too long ago, which it is from ${showDay(turnsOn)} on`;
  if (threshold.endsWith('the threshold')) return `${subject} ${target ? 'reaches' : 'leaves'} the threshold`;
  const phrase = predicate(target ? threshold : oppositeOf(clause));
  // What is not so yet is told as such, and what is so now as what it is no longer.
  const told = clause.holds !== null && clause.holds !== target ? noLonger(phrase) : phrase;
  const now = value === null || / known$/.test(phrase) || saysNow(told, value) ? '' : ` (now ${value})`;
  return `${subject} ${agreed(about, told)}${now}`;
}

/** `is customer` beside the value `customer`. */
const saysAgain = (threshold: string, value: string): boolean =>
  threshold.toLowerCase() === `is ${value}`.toLowerCase();

/** `is no longer customer` beside the value `customer`. */
const saysNow = (phrase: string, value: string): boolean =>
  phrase.toLowerCase() === `is no longer ${value}`.toLowerCase();

const oppositeOf = ({ opposite, threshold }: TestClause): string => opposite ?? negated(predicate(threshold));

/** Of thresholds that are no test's own: `is at least 3` -> `is not at least 3`; `is not known` -> `is known`. */
function negated(phrase: string): string {
  if (phrase.startsWith('is not ')) return `is ${phrase.slice('is not '.length)}`;
  return phrase.startsWith('is ') ? `is not ${phrase.slice('is '.length)}` : `no longer ${phrase}`;
}

/** `is not customer` -> `is no longer customer`, `does not contain` -> `no longer contains`. */
function noLonger(phrase: string): string {
  return phrase
    .replace(/^is not (?!known$)/, 'is no longer ')
    .replace(/^is neither (.*) nor /, 'is no longer $1 or ')
    .replace(/^is none of (.*) and (.*?)$/, 'is no longer one of $1 or $2')
    .replace(/^includes none of (.*) and (.*?)$/, 'no longer includes any of $1 or $2')
    .replace(/^does not come round/, 'no longer comes round')
    .replace(/^does not (contain|start|end|include)/, 'no longer $1s');
}
