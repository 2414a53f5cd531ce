import type { SubjectType } from '../model/attribute.ts';
import { checkCondition, checkDeals, checkMeasure } from './check-condition.ts';
import { type Check, checkAttribute, checkSegmentName } from './check-names.ts';
import { rfmScores } from './compile-scores.ts';
import type { Condition } from './condition.ts';
import type { Segmentation, TiersSegment } from './definition.ts';
import { isShorterThanDay } from './duration.ts';
import { type Feature, featureName } from './methods/features.ts';
import { percentilesOf } from './percentile.ts';
import { checkRfmMap } from './statistics/rfm-maps.ts';

export function checkMethod(definition: Segmentation, check: Check): void {
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
