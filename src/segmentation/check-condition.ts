import type { AttributeType, SubjectType } from '../model/attribute.ts';
import { checkComparison } from './check-comparison.ts';
import { type Check, checkAttribute, checkScoreName, checkSegmentName } from './check-names.ts';
import { aggregateOf, type Condition, type DealMeasure } from './condition.ts';
import type { Measure } from './definition.ts';
import { Comparison, operatorTypes } from './operators.ts';
import type { Path } from './references.ts';

/** Where a condition stands decides which kinds may stand in it. */
type Place = 'subject' | 'company' | 'contacts';

export function checkCondition(
  condition: Condition,
  subject: SubjectType,
  path: Path,
  check: Check,
  place: Place = 'subject',
): void {
  const inner = (part: Condition, ...steps: Path): void =>
    checkCondition(part, subject, [...path, ...steps], check, place);
  if ('all' in condition) for (const [i, part] of condition.all.entries()) inner(part, 'all', i);
  else if ('any' in condition) for (const [i, part] of condition.any.entries()) inner(part, 'any', i);
  else if ('not' in condition) inner(condition.not, 'not');
  else if ('attribute' in condition) {
    const attribute = checkAttribute(subject, condition.attribute, [...path, 'attribute'], check);
    if (attribute) checkComparison(attribute.type, condition, path, check.problem, place !== 'contacts');
  } else if ('segment' in condition) {
    if (place === 'contacts') check.problem(path, 'people inside contacts can be chosen by attributes only');
    else checkSegmentName(condition.segment, subject, [...path, 'segment'], check);
  } else if ('score' in condition && place !== 'contacts') {
    checkScoreName(condition.score, subject, [...path, 'score'], check);
    checkComparison('number', condition, path, check.problem, false);
  } else if (place !== 'subject') {
    check.problem(
      path,
      `${place === 'company' ? 'company takes attributes, segments and scores only' : 'contacts takes attributes only'}; ${hint(condition)}`,
    );
  } else if ('deals' in condition) {
    const type = checkDeals(condition.deals, subject, [...path, 'deals'], check);
    if (type) checkComparison(type, condition.deals, [...path, 'deals'], check.problem, false);
  } else if ('company' in condition) {
    if (subject === 'company') check.problem(path, 'the subject is the company itself: leave "company" out');
    else checkCondition(condition.company, 'company', [...path, 'company'], check, 'company');
  } else if ('contacts' in condition) {
    if (subject === 'person') check.problem([...path, 'contacts'], 'only companies have contacts');
    const { where } = condition.contacts;
    if (where) checkCondition(where, 'person', [...path, 'contacts', 'where'], check, 'contacts');
    checkComparison('number', condition.contacts, [...path, 'contacts'], check.problem, false);
  }
}

function hint(condition: Condition): string {
  return 'deals' in condition
    ? 'for deals of the company write "deals" with "scope: company"'
    : 'put it outside';
}

export function checkMeasure(
  measure: Measure,
  subject: SubjectType,
  path: Path,
  types: readonly AttributeType[],
  check: Check,
): void {
  const type = measureType(measure, subject, path, check);
  if (type !== undefined && !types.includes(type)) {
    check.problem(path, `this is a ${type}; ${path.join('.')} takes a ${types.join(' or ')}`);
  }
}

/** The type of what is measured; undefined where there is no such thing, which is noted. */
function measureType(
  measure: Measure,
  subject: SubjectType,
  path: Path,
  check: Check,
): AttributeType | undefined {
  if (typeof measure === 'string') return checkAttribute(subject, measure, path, check)?.type;
  if ('deals' in measure) return checkDeals(measure.deals, subject, [...path, 'deals'], check);
  checkScoreName(measure.score, subject, [...path, 'score'], check);
  return 'number';
}

export function checkDeals(
  measure: DealMeasure,
  subject: SubjectType,
  path: Path,
  check: Check,
): AttributeType | undefined {
  if (subject === 'company' && measure.scope !== undefined && measure.scope !== 'company') {
    check.problem([...path, 'scope'], 'a company has only its own deals: leave the scope out');
  }
  for (const [key, value] of Object.entries(measure.where ?? {})) {
    const attribute = checkAttribute('deal', key, [...path, 'where', key], check);
    const comparison = typeof value === 'object' ? value : Comparison.parse({ is: value });
    if (attribute) checkComparison(attribute.type, comparison, [...path, 'where', key], check.problem, false);
  }
  const { aggregate, attribute: key } = aggregateOf(measure);
  if (key === null) return 'number';
  const attribute = checkAttribute('deal', key, [...path, aggregate], check);
  if (attribute === undefined) return undefined;
  const { type } = attribute;
  const isNumber = operatorTypes.atLeast.includes(type);
  const isOrdered = isNumber || operatorTypes.before.includes(type);
  const fits =
    aggregate === 'sum' || aggregate === 'average'
      ? isNumber
      : aggregate === 'min' || aggregate === 'max'
        ? isOrdered
        : true;
  if (!fits) check.problem([...path, aggregate], `${key} is a ${type}, which has no ${aggregate}`);
  return fits ? type : undefined;
}
