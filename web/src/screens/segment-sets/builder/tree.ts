/**
 * Our conditions as the tree that the query builder shows, and back. There and back is the same condition, always: what
 * the tree has no form for stays as it is in an opaque rule.
 *
 * | condition | in the tree |
 * | --- | --- |
 * | all, any | a group joined by and, or |
 * | not of all or any | such a group with `not` |
 * | not of one rule | that rule, `meta.negated` |
 * | anything else alone | a group with `single` around it |
 * | attribute, score: one comparison | a rule: what, operator, value |
 * | segment | a rule with the operator `holds` |
 * | company: one of these | the same, of the company |
 * | deals, contacts | a rule whose value is all that they say |
 * | all else | a rule `yaml` with the condition as its value |
 */
import type { Condition } from '../../../../../src/segmentation/condition.ts';
import { fitsForm } from './deals-form.ts';

export type Rule = {
  id?: string;
  path?: number[];
  /** See fieldOf. */
  field: string;
  operator: string;
  value: unknown;
  meta?: { negated?: boolean };
};
export type Group = {
  id?: string;
  path?: number[];
  combinator: 'and' | 'or';
  not?: boolean;
  /** Stands for its only rule: there is no `all` around it. */
  single?: boolean;
  rules: (Rule | Group)[];
};

/** What a rule is about. Written into the tree as one word, such as `attribute:country` or `company.score:grade.score`. */
export type Subject =
  | { kind: 'attribute' | 'score'; ofCompany: boolean; name: string }
  | { kind: 'segment'; ofCompany: boolean }
  | { kind: 'deals'; ofCompany: boolean }
  | { kind: 'contacts' }
  | { kind: 'yaml' };

export function fieldOf(subject: Subject): string {
  const owner = 'ofCompany' in subject && subject.ofCompany ? 'company.' : '';
  return `${owner}${subject.kind}${'name' in subject ? `:${subject.name}` : ''}`;
}

export function readField(field: string): Subject {
  const ofCompany = field.startsWith('company.');
  const [kind = '', name = ''] = field.replace('company.', '').split(':');
  switch (kind) {
    case 'attribute':
    case 'score':
      return { kind, ofCompany, name };
    case 'segment':
    case 'deals':
      return { kind, ofCompany };
    case 'contacts':
      return { kind };
    default:
      return { kind: 'yaml' };
  }
}

export const isGroup = (part: Rule | Group): part is Group => 'rules' in part;

/** A condition as the root of a tree. */
export function toTree(condition: Condition): Group {
  const part = toPart(condition);
  return isGroup(part) ? part : { combinator: 'and', single: true, rules: [part] };
}

function toPart(condition: Condition): Rule | Group {
  if ('all' in condition) return { combinator: 'and', rules: condition.all.map(toPart) };
  if ('any' in condition) return { combinator: 'or', rules: condition.any.map(toPart) };
  if ('not' in condition) return negate(toPart(condition.not));
  return toRule(condition, false) ?? { field: fieldOf({ kind: 'yaml' }), operator: '', value: condition };
}

function negate(part: Rule | Group): Rule | Group {
  if (isGroup(part)) {
    const isFree = !part.not && !part.single;
    return isFree ? { ...part, not: true } : { combinator: 'and', single: true, not: true, rules: [part] };
  }
  return part.meta?.negated
    ? { combinator: 'and', single: true, not: true, rules: [part] }
    : { ...part, meta: { negated: true } };
}

/** Where the tree of a condition shows the part at `path` of it: an index for each level, as the builder counts. */
export function placeIn(condition: Condition, path: readonly (string | number)[]): number[] {
  const steps = stepsTo(condition, path);
  return isGroup(toPart(condition)) ? steps : [0, ...steps];
}

function stepsTo(condition: Condition, [step, at, ...rest]: readonly (string | number)[]): number[] {
  const parts = 'all' in condition ? condition.all : 'any' in condition ? condition.any : [];
  if ((step === 'all' || step === 'any') && typeof at === 'number') {
    const part = parts[at];
    return part ? [at, ...stepsTo(part, rest)] : [];
  }
  if (step !== 'not' || !('not' in condition)) return [];
  const inner = toPart(condition.not);
  // What can't be turned round itself stands alone in a group that is: see negate.
  const isWrapped = isGroup(inner) ? inner.not || inner.single : inner.meta?.negated;
  const deeper = at === undefined ? rest : [at, ...rest];
  return [...(isWrapped ? [0] : []), ...stepsTo(condition.not, deeper)];
}

/** Null where a rule has no form for it. */
function toRule(condition: Condition, ofCompany: boolean): Rule | null {
  if ('attribute' in condition) {
    const { attribute, ...comparison } = condition;
    return compared({ kind: 'attribute', ofCompany, name: attribute }, comparison);
  }
  if ('score' in condition) {
    const { score, ...comparison } = condition;
    return compared({ kind: 'score', ofCompany, name: score }, comparison);
  }
  if ('segment' in condition)
    return {
      field: fieldOf({ kind: 'segment', ofCompany }),
      operator: 'holds',
      value: condition.segment,
    };
  if ('deals' in condition && fitsForm(condition.deals) && !isEmpty(condition.deals))
    return { field: fieldOf({ kind: 'deals', ofCompany }), operator: '', value: condition.deals };
  if ('contacts' in condition && !ofCompany && !isEmpty(condition.contacts))
    return { field: fieldOf({ kind: 'contacts' }), operator: '', value: condition.contacts };
  if ('company' in condition && !ofCompany) return toRule(condition.company, true);
  return null;
}

function compared(subject: Subject, comparison: Record<string, unknown>): Rule | null {
  const entries = Object.entries(comparison).filter(([, value]) => value !== undefined);
  const [first, ...more] = entries;
  if (first === undefined || more.length > 0) return null;
  const [operator, value] = first;
  if (isEmpty(value)) return null;
  return { field: fieldOf(subject), operator, value };
}

/** The tree as a condition, or what is still to be filled in. */
export type Read = { condition: Condition } | { unfinished: string[] };

export function fromTree(root: Group): Read {
  const unfinished: string[] = [];
  const condition = readPart(root, unfinished);
  if (unfinished.length > 0) return { unfinished };
  return condition === null ? { unfinished: ['Add a condition.'] } : { condition };
}

function readPart(part: Rule | Group, unfinished: string[]): Condition | null {
  if (!isGroup(part)) return readRule(part, unfinished);
  const parts = part.rules.flatMap((inner) => readPart(inner, unfinished) ?? []);
  const [only] = parts;
  if (only === undefined) return null;
  const inner: Condition =
    part.single && parts.length === 1 ? only : part.combinator === 'or' ? { any: parts } : { all: parts };
  return part.not ? { not: inner } : inner;
}

function readRule(rule: Rule, unfinished: string[]): Condition | null {
  const condition = ruleCondition(rule);
  if (typeof condition === 'string') {
    unfinished.push(condition);
    return null;
  }
  return rule.meta?.negated ? { not: condition } : condition;
}

/** A sentence where something is missing. The server checks all else and says where it is wrong. */
function ruleCondition({ field, operator, value }: Rule): Condition | string {
  const subject = readField(field);
  const own = ownCondition(subject, operator, value);
  if (typeof own === 'string') return own;
  // What a rule says was a condition before, or is checked by the server before anything is done with it.
  const condition = own as Condition;
  return 'ofCompany' in subject && subject.ofCompany ? { company: condition } : condition;
}

function ownCondition(subject: Subject, operator: string, value: unknown): object | string {
  switch (subject.kind) {
    case 'attribute':
    case 'score':
      if (subject.name === '') return 'Choose what to look at.';
      if (operator === '') return 'Choose how to compare.';
      if (isEmpty(value)) return 'Fill in the value.';
      return { [subject.kind]: subject.name, [operator]: value };
    case 'segment':
      return isEmpty(value) ? 'Choose a segment.' : { segment: value };
    case 'deals':
      return isEmpty(value) ? 'Say which deals.' : { deals: value };
    case 'contacts':
      return isEmpty(value) ? 'Say which contacts.' : { contacts: value };
    case 'yaml':
      return typeof value === 'object' && value !== null ? value : 'Write the condition.';
  }
}

/** Is something still to be filled in, also deep inside? */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  const parts: unknown[] = Object.values(value);
  return (Array.isArray(value) && parts.length === 0) || parts.some(isEmpty);
}
