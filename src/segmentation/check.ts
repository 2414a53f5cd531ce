import type { Attribute, AttributeOwner, AttributeType, SubjectType } from '../model/attribute.ts';
import { catalogue } from './catalogue.ts';
import { checkComparison } from './check-comparison.ts';
import { findCycle } from './check-cycles.ts';
import { rfmScores } from './compile-scores.ts';
import { aggregateOf, type Condition, type DealMeasure } from './condition.ts';
import type { Measure, Segmentation, TiersSegment } from './definition.ts';
import { isShorterThanDay } from './duration.ts';
import { type Feature, featureName } from './methods/features.ts';
import { scoreNames } from './methods.ts';
import { suggestion } from './nearest.ts';
import { Comparison, operatorTypes } from './operators.ts';
import { percentilesOf } from './percentile.ts';
import type { Path } from './references.ts';
import { ADULT_AGE, usesWithoutBasis } from './sensitive.ts';
import { checkRfmMap } from './statistics/rfm-maps.ts';

/** Something wrong in a definition, and where. */
export type Problem = { path: Path; message: string };

export type Known = {
  /** The tenant's own attributes; those of the catalogue are known besides. */
  attributes?: readonly Attribute[];
  /** Other segmentations that conditions may refer to, of both subjects. */
  segmentations?: readonly Segmentation[];
  /** Sensitive attributes, as `person.religion`, whose lawful basis an admin has recorded. */
  sensitiveAllowed?: ReadonlySet<string>;
};

type Find = (owner: AttributeOwner, key: string) => Attribute | undefined;

type Check = {
  find: Find;
  keysOf(owner: AttributeOwner): string[];
  segmentations: readonly Segmentation[];
  sensitiveAllowed: ReadonlySet<string>;
  problem(path: Path, message: string): void;
};

/** What the schema can't see: names, types, order, circles. Empty where the definition can be compiled. */
export function checkDefinition(definition: Segmentation, known: Known = {}): Problem[] {
  const problems: Problem[] = [];
  const attributes = [...catalogue.map((entry) => entry.attribute), ...(known.attributes ?? [])];
  const index = new Map(attributes.map((attribute) => [`${attribute.owner}.${attribute.key}`, attribute]));
  const others = (known.segmentations ?? []).filter((other) => other.key !== definition.key);
  const check: Check = {
    find: (owner, key) => index.get(`${owner}.${key}`),
    keysOf: (owner) => [...index.values()].filter((one) => one.owner === owner).map((one) => one.key),
    segmentations: [...others, definition],
    sensitiveAllowed: known.sensitiveAllowed ?? new Set(),
    problem: (path, message) => problems.push({ path, message }),
  };
  checkSegmentKeys(definition, check);
  checkMethod(definition, check);
  for (const { why, owner, key, path } of usesWithoutBasis(definition, known)) {
    if (why === 'minors')
      check.problem(
        path,
        `${owner}.${key} singles out people under ${ADULT_AGE}: an admin has to record the lawful basis for it first`,
      );
  }
  const cycle = findCycle(check.segmentations, definition.key);
  if (cycle !== null)
    check.problem(cycle.path, `segments build on each other in a circle: ${cycle.names.join(' -> ')}`);
  return problems;
}

function checkSegmentKeys(definition: Segmentation, check: Check): void {
  const seen = new Set<string>();
  for (const [i, { key }] of definition.segments.entries()) {
    if (seen.has(key)) check.problem(['segments', i, 'key'], `the key ${key} is used twice`);
    seen.add(key);
  }
  // A Salesforce multi-select picklist takes 4,099 characters for all values of a record together.
  const together = definition.segments.reduce((sum, { key }) => sum + key.length + 1, 0);
  if (definition.labels === 'many' && together > 4099) {
    check.problem(
      ['segments'],
      `all keys together have ${together} characters; Salesforce holds 4099 a record`,
    );
  }
}

function checkMethod(definition: Segmentation, check: Check): void {
  const { subject } = definition;
  switch (definition.method) {
    case 'rules':
      for (const [i, segment] of definition.segments.entries()) {
        checkCondition(segment.when, subject, ['segments', i, 'when'], check);
        if (segment.leaveWhen)
          checkCondition(segment.leaveWhen, subject, ['segments', i, 'leaveWhen'], check);
      }
      return;
    case 'tiers':
      checkMeasure(definition.of, subject, ['of'], ['number', 'money'], check);
      checkAmong(definition, check);
      checkTiers(definition, check);
      return;
    case 'rfm':
      checkMeasure(definition.recency, subject, ['recency'], ['date', 'datetime'], check);
      checkMeasure(definition.frequency, subject, ['frequency'], ['number', 'money'], check);
      checkMeasure(definition.monetary, subject, ['monetary'], ['number', 'money'], check);
      checkRfm(definition, check);
      return;
    case 'lifetime_value':
    case 'churn':
      checkDeals({ count: true, where: { ...definition.where, won: true } }, subject, [], check);
      if (subject === 'company' && definition.scope !== undefined)
        check.problem(['scope'], 'a company has only its own deals: leave the scope out');
      if (isShorterThanDay(definition.horizon))
        check.problem(['horizon'], 'purchases are foreseen by the day: give days, weeks, months or years');
      checkTiers(definition, check);
      return;
    case 'clusters':
      checkFeatures(definition.of, subject, check);
      checkAmong(definition, check);
      checkClusters(definition, check);
      return;
    case 'scorecard':
      checkScorecard(definition, check);
      return;
    case 'lookalike':
      checkSegmentName(definition.seed, subject, ['seed'], check);
      checkFeatures(definition.of, subject, check);
      checkAmong(definition, check);
      checkTiers(definition, check);
  }
}

/** Who is divided must be known before anything is learned. */
function checkAmong(definition: Extract<Segmentation, { among?: Condition }>, check: Check): void {
  if (definition.among) checkCondition(definition.among, definition.subject, ['among'], check);
  if (percentilesOf(definition).length > 0) {
    check.problem(['among'], "who is divided can't depend on a percentage; use a fixed number");
  }
}

function checkFeatures(features: readonly Feature[], subject: SubjectType, check: Check): void {
  const seen = new Set<string>();
  for (const [i, feature] of features.entries()) {
    const path = ['of', i];
    const name = featureName(feature, i);
    if (seen.has(name)) check.problem(path, `${name} is listed twice`);
    seen.add(name);
    if (typeof feature === 'string') checkAttribute(subject, feature, path, check);
    else if ('deals' in feature) checkDeals(feature.deals, subject, [...path, 'deals'], check);
    else if (subject === 'company')
      check.problem(path, 'the subject is the company itself: leave "company" out');
    else checkAttribute('company', feature.company, [...path, 'company'], check);
  }
}

function checkScorecard(definition: Extract<Segmentation, { method: 'scorecard' }>, check: Check): void {
  const { subject, cases, of, points = [], segments } = definition;
  checkFeatures(of, subject, check);
  if (of.length === 0 && points.length === 0)
    check.problem(['of'], 'list attributes to learn from under "of", or give "points" by hand');
  for (const [i, feature] of of.entries()) {
    const isTotal = typeof feature === 'string' && check.find(subject, feature)?.source === 'computed';
    if (cases === undefined && (isTotal || (typeof feature === 'object' && 'deals' in feature)))
      check.problem(['of', i], 'it is worked out from deals, whose outcome is to be foretold');
  }
  if (cases !== undefined) {
    checkCondition(cases.won, subject, ['cases', 'won'], check);
    checkCondition(cases.lost, subject, ['cases', 'lost'], check);
    if (cases.at !== undefined) checkMeasure(cases.at, subject, ['cases', 'at'], ['date', 'datetime'], check);
  }
  if (subject === 'company' && definition.scope !== undefined)
    check.problem(['scope'], 'a company has only its own deals: leave the scope out');
  for (const [i, { when }] of points.entries()) checkCondition(when, subject, ['points', i, 'when'], check);
  checkAmong(definition, check);
  const marks = segments.map(({ atLeast }) => atLeast);
  if (marks.every((mark) => mark === undefined)) {
    if (segments.length > 4)
      check.problem(['segments'], 'at most four grades are learned; give each but the last an atLeast');
  } else {
    for (const [i, mark] of marks.entries()) {
      const above = marks[i - 1];
      if (mark === undefined && i < marks.length - 1)
        check.problem(['segments', i], 'only the last grade may be without atLeast');
      if (mark !== undefined && above !== undefined && mark >= above)
        check.problem(['segments', i, 'atLeast'], 'grades go from high to low');
    }
  }
}

function checkClusters(definition: Extract<Segmentation, { method: 'clusters' }>, check: Check): void {
  const { k = definition.segments.length } = definition;
  const [from, to] = typeof k === 'number' ? [k, k] : k;
  if (from > to) check.problem(['k'], 'write the smaller number of groups first');
  if (to > definition.segments.length)
    check.problem(['k'], `there may be ${to} groups, but there are ${definition.segments.length} segments`);
}

function checkTiers(definition: { segments: readonly TiersSegment[] }, check: Check): void {
  let above: { atLeast: number | undefined; topPercent: number | undefined } | null = null;
  for (const [i, { atLeast, topPercent }] of definition.segments.entries()) {
    const path = ['segments', i];
    if (atLeast !== undefined && topPercent !== undefined)
      check.problem(path, 'give atLeast or topPercent, not both');
    const isLast = i === definition.segments.length - 1;
    if (atLeast === undefined && topPercent === undefined && !isLast) {
      check.problem(path, 'only the last tier may be without atLeast or topPercent');
    }
    if (above?.atLeast !== undefined && atLeast !== undefined && atLeast >= above.atLeast) {
      check.problem(
        [...path, 'atLeast'],
        'tiers go from high to low: atLeast must be lower than in the tier above',
      );
    }
    if (above?.topPercent !== undefined && topPercent !== undefined && topPercent <= above.topPercent) {
      check.problem(
        [...path, 'topPercent'],
        'topPercent counts the tiers above too: it must be higher than there',
      );
    }
    above = { atLeast, topPercent };
  }
}

function checkRfm(definition: Extract<Segmentation, { method: 'rfm' }>, check: Check): void {
  for (const name of rfmScores) {
    const cuts = definition.cutPoints?.[name] ?? [];
    if (cuts.some((cut, i) => i > 0 && cut < (cuts[i - 1] ?? cut))) {
      check.problem(['cutPoints', name], 'list the cut points from low to high');
    }
  }
  const { uncovered, hidden } = checkRfmMap({
    key: definition.key,
    name: definition.name,
    segments: definition.segments,
  });
  const [hole] = uncovered;
  if (hole !== undefined) {
    check.problem(
      ['segments'],
      `the map leaves ${uncovered.length} of 125 score combinations without a segment, such as r ${hole.r}, f ${hole.f}, m ${hole.m}`,
    );
  }
  for (const key of hidden) {
    const index = definition.segments.findIndex((segment) => segment.key === key);
    check.problem(
      ['segments', index, 'areas'],
      `earlier segments take everyone from ${key}; put narrow segments first`,
    );
  }
}

function checkMeasure(
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

/** Where a condition stands decides which kinds may stand in it. */
type Place = 'subject' | 'company' | 'contacts';

function checkCondition(
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

function checkAttribute(owner: AttributeOwner, key: string, path: Path, check: Check): Attribute | undefined {
  const attribute = check.find(owner, key);
  if (attribute === undefined) {
    check.problem(path, `there is no attribute ${key} of a ${owner}${suggestion(key, check.keysOf(owner))}`);
  } else if (attribute.sensitivity === 'sensitive' && !check.sensitiveAllowed.has(`${owner}.${key}`)) {
    check.problem(path, `${key} is sensitive: an admin has to record the lawful basis for its use first`);
  }
  return attribute;
}

function checkDeals(
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

function checkSegmentName(name: string, subject: SubjectType, path: Path, check: Check): void {
  const same = check.segmentations.filter((other) => other.subject === subject);
  const names = same.flatMap((other) => other.segments.map(({ key }) => `${other.key}.${key}`));
  if (!names.includes(name))
    check.problem(path, `there is no segment ${name} of a ${subject}${suggestion(name, names)}`);
}

function checkScoreName(name: string, subject: SubjectType, path: Path, check: Check): void {
  const names = check.segmentations
    .filter((other) => other.subject === subject)
    .flatMap((other) => scoreNames(other).map((score) => `${other.key}.${score}`));
  if (!names.includes(name))
    check.problem(path, `there is no score ${name} of a ${subject}${suggestion(name, names)}`);
}
