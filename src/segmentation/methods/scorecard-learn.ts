import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { compileCondition, compileDealFilter, type Scope } from '../compile-condition.ts';
import { mayProfile, shuffledBy } from '../may-profile.ts';
import { idealProfile } from '../statistics/ideal-profile.ts';
import { learnScorecard, type Scorecard } from '../statistics/scorecard.ts';
import { at } from '../statistics/vectors.ts';
import { localDay } from '../window.ts';
import type { FeatureRequest } from './cluster-learn.ts';
import { featureColumns, featureSelect, featureTable } from './features.ts';
import type { Card, ScorecardModel, ScorecardSegmentation } from './scorecard-definition.ts';

const LEARN_CASES = 20_000;

/** One row a subject whose past went one way or the other: `{ f0, f1, ..., won, day }`. */
export function planScorecard(
  definition: ScorecardSegmentation,
  scope: Scope,
  request: FeatureRequest,
): string {
  const columns = featureColumns(definition.of, scope);
  const { won, lost, day } =
    definition.cases === undefined ? dealCases(definition, scope) : ownCases(definition.cases, scope);
  const gate = mayProfile(definition.subject, request.attributes, (key) => scope.base.own(key).sql);
  return `select ${featureSelect(columns)}, (${won}) is true as won, (${day})::double precision as day
from (\n${request.nested()}\n) l
where ((${won}) or (${lost})) and ${gate}
order by ${shuffledBy('l.id')}
limit ${LEARN_CASES}`;
}

type Cases = { won: string; lost: string; day: string };

/** Who has won deals that count, since the first of them; else who has lost ones, at the last. */
function dealCases(definition: ScorecardSegmentation, scope: Scope): Cases {
  const by = definition.subject === 'company' ? 'company' : (definition.scope ?? 'credited');
  const today = scope.base.bindings.bind(localDay(scope.calendar), 'date');
  const when = (filter: Parameters<typeof compileDealFilter>[0], aggregate: string): string => {
    const parts = [...compileDealFilter(filter, scope), `d.closed_at <= ${today}`];
    return scope.base.aggregate(by, aggregate, parts.join(' and '));
  };
  const wonAt = when({ won: true }, 'min(d.closed_at)');
  const lostAt = when({ closed: true, won: false }, 'max(d.closed_at)');
  return {
    won: `${wonAt} is not null`,
    lost: `${lostAt} is not null`,
    day: `coalesce(${wonAt}, ${lostAt}) - date '1970-01-01'`,
  };
}

function ownCases(cases: NonNullable<ScorecardSegmentation['cases']>, scope: Scope): Cases {
  const at = cases.at === undefined ? null : scope.base.own(cases.at).sql;
  return {
    won: compileCondition(cases.won, scope),
    lost: compileCondition(cases.lost, scope),
    day: at === null ? 'null' : `(${at})::date - date '1970-01-01'`,
  };
}

const Row = z.looseObject({ won: z.boolean(), day: z.number().nullable() });

export function learnCard(
  definition: ScorecardSegmentation,
  rows: readonly unknown[],
  asOf: Date,
): ScorecardModel {
  const read = rows.map((row) => Row.parse(row));
  const table = featureTable(definition.of, read);
  const isWon = (row: number): boolean => at(read, row).won;
  const times = read.flatMap(({ day }) => day ?? []);
  const hand = definition.points === undefined ? 'nobody' : 'by_hand';
  const model: ScorecardModel = {
    method: 'scorecard',
    asOf: asOf.toISOString(),
    cases: read.length,
    won: read.filter(({ won }) => won).length,
    card: null,
    use: hand,
    reason: null,
    profile: [],
    suggestions: [],
    warnings: [],
  };
  const without = (reason: string, more: Partial<ScorecardModel> = {}): ScorecardModel => {
    const warnings = [...model.warnings, ...(more.warnings ?? []), ...(hand === 'by_hand' ? [reason] : [])];
    return { ...model, ...more, reason: hand === 'nobody' ? reason : null, warnings };
  };
  try {
    const card = learnScorecard(table, isWon, {
      seed: 1,
      ...(times.length === read.length ? { times } : {}),
      leaks: 'exclude',
    });
    const profile = idealProfile(table, isWon).sentences.slice(0, 10);
    if (card.kind === 'by_hand') {
      const { suggestions, warnings } = card;
      return without(`Too little to learn from: ${card.reason}`, { profile, suggestions, warnings });
    }
    const { warnings } = card;
    const learned = { card: cardOf(card), profile, warnings };
    if (card.validation.verdict === 'no_better_than_chance') return without(notBetter(card), learned);
    return { ...model, ...learned, use: 'learned' };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return without(`${error.message} ${error.action}`);
  }
}

export function cardOf({ attributes, intercept, grades, validation, converged }: Scorecard): Card {
  return { attributes, intercept, grades, validation, converged };
}

export function notBetter({ validation }: Pick<Scorecard, 'validation'>): string {
  const { auc, cases } = validation;
  const interval = auc === null ? '' : ` (AUC ${auc.low.toFixed(2)} to ${auc.high.toFixed(2)})`;
  return `On ${cases} cases that it had not seen, the score is no better than chance${interval}.`;
}
