import { showDay } from './explain-words.ts';

/** true, false, or null where a value that it needs is not known. */
export type Truth = boolean | null;

/** A condition with what was seen. */
export type Clause =
  | { kind: 'all' | 'any' | 'not'; holds: Truth; parts: Clause[] }
  | {
      kind: 'test';
      /** Something worth knowing beside what decides: it always holds. */
      isFact?: true;
      holds: Truth;
      /** What is compared: `Revenue`. */
      about: string;
      /** What is asked for: `at least €1,000`; to reps `above the threshold` where they may not see it. */
      threshold: string;
      /** What was seen; null where the reader may not see it. */
      value: string | null;
      /** The day (YYYY-MM-DD) on which time alone turns it round. */
      turnsOn: string | null;
    };

/** The tests that decided: for a true `any` the true ones, for a false `all` the others, and so on. */
function deciding(clause: Clause, wanted: boolean): Extract<Clause, { kind: 'test' }>[] {
  if (clause.kind === 'test')
    return (clause.holds === true) === wanted || clause.holds === null ? [clause] : [];
  if (clause.kind === 'not') return clause.parts.flatMap((part) => deciding(part, !wanted));
  const parts = clause.parts.filter(
    (part) => (part.holds === true) === wanted || (!wanted && part.holds === null),
  );
  return parts.flatMap((part) => deciding(part, wanted));
}

export function sentencesOf(why: Clause, holds: boolean): string[] {
  return [...new Set(deciding(why, holds).map(sentence))];
}

function sentence({ about, threshold, value, holds }: Extract<Clause, { kind: 'test' }>): string {
  const subject = about.charAt(0).toUpperCase() + about.slice(1);
  if (value === null) {
    if (about.startsWith('segment')) return `${holds ? 'Is in' : 'Is not in'} ${about} ${threshold}.`;
    return `${subject} ${predicate(threshold)}.`;
  }
  if (holds !== true) return `${subject}: ${value} (needed: ${threshold}).`;
  if (value.endsWith(threshold) || saysAgain(threshold, value)) return `${subject}: ${value}.`;
  return `${subject}: ${value} (${threshold}).`;
}

/** What to change so that the whole becomes `target`, as one sentence; none where nothing that we know would. */
export function changesOf(why: Clause, target: boolean): string[] {
  const way = wayTo(why, target);
  return way === null ? [] : [`Would ${target ? 'enter' : 'leave'} once ${way.text}.`];
}

type Way = { text: string; isChoice: boolean };

/** What has to happen so that a clause becomes `target`. */
function wayTo(clause: Clause, target: boolean): Way | null {
  if ((clause.holds === true) === target) return null;
  if (clause.kind === 'test') return clause.isFact ? null : { text: change(clause, target), isChoice: false };
  const wanted = clause.kind === 'not' ? !target : target;
  const ways = clause.parts.flatMap((part) => wayTo(part, wanted) ?? []);
  const [first, ...rest] = [...new Map(ways.map((way) => [way.text, way])).values()];
  if (first === undefined || rest.length === 0) return first ?? null;
  const needsAll = clause.kind === 'not' || (clause.kind === 'all') === target;
  const all = [first, ...rest];
  if (!needsAll) return { text: all.map(({ text }) => text).join(', or '), isChoice: true };
  const texts = all.map(({ text, isChoice }) => (isChoice ? `either ${text}` : text));
  return { text: texts.join(', and '), isChoice: false };
}

function change(
  { about, threshold, value, turnsOn }: Extract<Clause, { kind: 'test' }>,
  target: boolean,
): string {
  if (about.startsWith('segment'))
    return `${about === 'segment' ? 'they are' : 'their company is'} ${target ? '' : 'no longer '}in ${threshold}`;
  const lower = /^[A-Z][a-z ]/.test(about) ? about.charAt(0).toLowerCase() + about.slice(1) : about;
  const subject = about.includes(' of ') ? `the ${lower}` : lower;
  if (turnsOn !== null)
    return `${subject} (${value ?? 'as it is'}) is too long ago, which it is from ${showDay(turnsOn)} on`;
  const now = value === null || saysAgain(threshold, value) ? '' : ` (now ${value})`;
  if (threshold.endsWith('the threshold')) return `${subject} ${target ? 'reaches' : 'leaves'} the threshold`;
  const phrase = target ? predicate(threshold) : negated(predicate(threshold));
  return `${subject} ${isPlural(about) ? plural(phrase) : phrase}${now}`;
}

/** `is customer` beside the value `customer`. */
const saysAgain = (threshold: string, value: string): boolean => threshold === `is ${value}`;

const plural = (phrase: string): string =>
  phrase.replace(/^is /, 'are ').replace(/^(no longer )?gets /, '$1get ');

/** `Purchases`, `Open tickets`; not `Status`, not `number of won deals`, not `value expected within 12 months`. */
const isPlural = (about: string): boolean => /[^sui]s$/.test(about) && !/ (of|within) /.test(about);

/** `at least 3` -> `is at least 3`; what begins with a verb stays. */
function predicate(threshold: string): string {
  if (threshold.startsWith('a score of ')) return `gets ${threshold}`;
  return /^(is|contains|starts|ends|includes|comes|came) /.test(threshold) ? threshold : `is ${threshold}`;
}

/** `is at least 3` -> `is no longer at least 3`; `is not known` -> `is known`. */
function negated(phrase: string): string {
  if (phrase.startsWith('is not ')) return `is ${phrase.slice('is not '.length)}`;
  if (phrase.startsWith('is none of ')) return `is one of ${phrase.slice('is none of '.length)}`;
  return phrase.startsWith('is ') ? `is no longer ${phrase.slice('is '.length)}` : `no longer ${phrase}`;
}
