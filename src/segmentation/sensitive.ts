import type { Attribute, AttributeOwner, SubjectType } from '../model/attribute.ts';
import { catalogue } from './catalogue.ts';
import type { Condition } from './condition.ts';
import type { Segmentation } from './definition.ts';
import { parseDuration } from './duration.ts';
import { type Comparison, type Test, testsOf } from './operators.ts';
import { type Path, references } from './references.ts';

/** A use that needs a lawful basis on record: a sensitive attribute, or one that singles out people under 18. */
export type SensitiveUse = { owner: AttributeOwner; key: string; why: 'sensitive' | 'minors'; path: Path };

/** GDPR recital 38: children merit specific protection; who is under this age counts as sensitive. */
export const ADULT_AGE = 18;

const DAYS_A_YEAR = 365.25;
const DAYS = {
  minute: 1 / 1440,
  hour: 1 / 24,
  day: 1,
  week: 7,
  month: DAYS_A_YEAR / 12,
  quarter: DAYS_A_YEAR / 4,
};

/** As `person.religion`: how an attribute is named where its lawful basis is recorded. */
export const attributeName = ({ owner, key }: Pick<Attribute, 'owner' | 'key'>): string => `${owner}.${key}`;

/** What may not be used without a lawful basis on record; empty where all of it is. */
export function usesWithoutBasis(
  definition: Segmentation,
  known: { attributes?: readonly Attribute[]; sensitiveAllowed?: ReadonlySet<string>; asOf?: Date },
): SensitiveUse[] {
  return sensitiveUses(definition, known).filter((use) => !known.sensitiveAllowed?.has(attributeName(use)));
}

/** `asOf` judges fixed dates of birth, too. */
export function sensitiveUses(
  definition: Segmentation,
  { attributes = [], asOf }: { attributes?: readonly Attribute[]; asOf?: Date },
): SensitiveUse[] {
  const sensitivity = sensitivities(attributes);
  const uses: SensitiveUse[] = [];
  for (const reference of references(definition)) {
    if (reference.kind !== 'attribute' || sensitivity.get(attributeName(reference)) !== 'sensitive') continue;
    const { owner, key, path } = reference;
    uses.push({ owner, key, why: 'sensitive', path });
  }
  return [...uses, ...minorUses(definition, asOf)];
}

/** Attributes that may stand in for a sensitive one, as a postal code does for ethnic origin; each once. */
export function proxyUses(
  definition: Segmentation,
  attributes: readonly Attribute[] = [],
): Pick<Attribute, 'owner' | 'key'>[] {
  const sensitivity = sensitivities(attributes);
  const uses = new Map<string, Pick<Attribute, 'owner' | 'key'>>();
  for (const reference of references(definition)) {
    if (reference.kind !== 'attribute') continue;
    const name = attributeName(reference);
    if (sensitivity.get(name) === 'proxy') uses.set(name, { owner: reference.owner, key: reference.key });
  }
  return [...uses.values()];
}

function sensitivities(attributes: readonly Attribute[]): Map<string, Attribute['sensitivity']> {
  const all = [...catalogue.map((entry) => entry.attribute), ...attributes];
  return new Map(all.map((attribute) => [attributeName(attribute), attribute.sensitivity]));
}

function* minorUses(definition: Segmentation, asOf: Date | undefined): Generator<SensitiveUse> {
  const { subject } = definition;
  if (definition.method === 'tiers' && subject === 'person' && definition.of === 'age') {
    for (const [i] of definition.segments.entries()) {
      const above = definition.segments[i - 1]?.atLeast;
      if (above !== undefined && above <= ADULT_AGE)
        yield { owner: 'person', key: 'age', why: 'minors', path: ['segments', i] };
    }
  }
  if (definition.method === 'rules') {
    for (const [i, { when, leaveWhen }] of definition.segments.entries()) {
      yield* minorsIn(when, subject, ['segments', i, 'when'], false, asOf);
      if (leaveWhen) yield* minorsIn(leaveWhen, subject, ['segments', i, 'leaveWhen'], false, asOf);
    }
  }
  if ('among' in definition && definition.among !== undefined)
    yield* minorsIn(definition.among, subject, ['among'], false, asOf);
}

function* minorsIn(
  condition: Condition,
  subject: SubjectType,
  path: Path,
  negated: boolean,
  asOf: Date | undefined,
): Generator<SensitiveUse> {
  const inner = (part: Condition, of: SubjectType, steps: Path, isNot = negated) =>
    minorsIn(part, of, [...path, ...steps], isNot, asOf);
  if ('all' in condition)
    for (const [i, part] of condition.all.entries()) yield* inner(part, subject, ['all', i]);
  else if ('any' in condition)
    for (const [i, part] of condition.any.entries()) yield* inner(part, subject, ['any', i]);
  else if ('not' in condition) yield* inner(condition.not, subject, ['not'], !negated);
  else if ('company' in condition) yield* inner(condition.company, 'company', ['company']);
  else if ('contacts' in condition) {
    if (condition.contacts.where) yield* inner(condition.contacts.where, 'person', ['contacts', 'where']);
  } else if ('attribute' in condition && subject === 'person') {
    const { attribute: key } = condition;
    if (key !== 'age' && key !== 'birth_date') return;
    if (holdsForMinorsOnly(condition, key, negated, asOf))
      yield { owner: 'person', key, why: 'minors', path: [...path, 'attribute'] };
  }
}

/** All tests must hold: one that only minors pass is enough. Negated, one must fail: only minors may fail any. */
function holdsForMinorsOnly(
  comparison: Comparison,
  key: 'age' | 'birth_date',
  negated: boolean,
  asOf: Date | undefined,
): boolean {
  const tests = testsOf(comparison);
  const judge = key === 'age' ? judgeAge : (test: Test, isNot: boolean) => judgeBirth(test, isNot, asOf);
  return negated ? tests.every((test) => judge(test, true)) : tests.some((test) => judge(test, false));
}

const isMinor = (value: unknown): boolean => Number(value) < ADULT_AGE;

/** Is the test passed (or, negated, failed) by nobody of 18 or more? */
function judgeAge({ operator, operand }: Test, negated: boolean): boolean {
  switch (operator) {
    case 'below':
      return !negated && operand <= ADULT_AGE;
    case 'atMost':
      return !negated && operand < ADULT_AGE;
    case 'between':
      return !negated && isMinor(operand[1]);
    case 'is':
      return !negated && isMinor(operand);
    case 'in':
      return !negated && operand.every(isMinor);
    case 'isNot':
      return negated && isMinor(operand);
    case 'notIn':
      return negated && operand.every(isMinor);
    case 'atLeast':
      return negated && operand <= ADULT_AGE;
    case 'above':
      return negated && operand < ADULT_AGE;
    default:
      return false;
  }
}

function judgeBirth({ operator, operand }: Test, negated: boolean, asOf: Date | undefined): boolean {
  const isRecent = (day: unknown) => asOf !== undefined && yearsBetween(String(day), asOf) < ADULT_AGE;
  switch (operator) {
    case 'inLast':
      return !negated && yearsOf(operand) <= ADULT_AGE;
    case 'notInLast':
      return negated && yearsOf(operand) <= ADULT_AGE;
    case 'after':
      return !negated && isRecent(operand);
    case 'on':
      return !negated && isRecent(operand);
    case 'between':
      return !negated && isRecent(operand[0]);
    case 'before':
      return negated && isRecent(operand);
    default:
      return false;
  }
}

function yearsOf(duration: string): number {
  const { amount, unit } = parseDuration(duration);
  return unit === 'year' ? amount : (amount * DAYS[unit]) / DAYS_A_YEAR;
}

/** NaN, which is below nothing, for words such as "yesterday": nobody was born then who has a record. */
function yearsBetween(day: string, asOf: Date): number {
  return (asOf.getTime() - Date.parse(`${day}T00:00:00Z`)) / 86_400_000 / DAYS_A_YEAR;
}
