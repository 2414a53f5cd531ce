import { z } from 'zod';
import { InputError } from '../../errors.ts';
import type { AttributeIndex } from '../attribute-index.ts';
import { compileDealFilter, type Scope } from '../compile-condition.ts';
import { mayProfile, shuffledBy } from '../may-profile.ts';
import { percentileCut } from '../percentile.ts';
import { assessApplicability } from '../statistics/applicability.ts';
import { fitBgNbd } from '../statistics/bg-nbd.ts';
import { histogramOf } from '../statistics/cut-points.ts';
import { fitGammaGamma } from '../statistics/gamma-gamma.ts';
import { holdoutTable } from '../statistics/holdout.ts';
import { fitMbgNbd } from '../statistics/mbg-nbd.ts';
import { fitParetoNbd } from '../statistics/pareto-nbd.ts';
import type { Fit, FitOptions } from '../statistics/purchase-fit.ts';
import { type PurchaseRow, samplePurchases } from '../statistics/purchases.ts';
import { type CustomerSummary, summarisePurchases, type Transaction } from '../statistics/summary.ts';
import {
  dividedScore,
  type PurchaseFit,
  type PurchaseModel,
  type PurchaseSegmentation,
} from './purchase-definition.ts';
import {
  DAYS_PER_UNIT,
  discountedPurchases,
  horizonWeeks,
  processOf,
  scorePurchases,
} from './purchase-scores.ts';
import { type OfPurchases, tabulate } from './purchase-table.ts';

/** Parameters settle long before a million customers; a sample keeps learning short and its memory bounded. */
const LEARN_CUSTOMERS = 50_000;
/** Companies may have thousands of deals each: a sample ends where it has so many. */
const LEARN_DEALS = 500_000;
/** Each row of Pareto/NBD costs a hypergeometric function; with so many, standard errors are as published (on 2,357). */
const PARETO_CUSTOMERS = 3_000;

/**
 * One row a customer with all won deals that count: `{ days, amounts, total }`, days since 1970-01-01, and how many
 * customers there are in all.
 */
export function planPurchases(
  definition: PurchaseSegmentation,
  scope: Scope,
  request: { schema: string; attributes: AttributeIndex },
): string {
  const { schema } = request;
  const { subject } = definition;
  const source =
    definition.scope === 'involved'
      ? `${schema}.deal_person dp join ${schema}.deal d on d.id = dp.deal_id`
      : `${schema}.deal d`;
  const owner =
    definition.scope === 'involved' ? 'dp.person_id' : subject === 'company' ? 'd.company_id' : 'd.person_id';
  const filter = [...purchaseFilter(definition, scope), 'd.closed_at is not null'].join(' and ');
  const gate = mayProfile(subject, request.attributes, (key) => `s."${key}"`);
  return `with buyer as (
  select b.id, b.deals from (select ${owner} as id, count(*) as deals from ${source} where ${filter} and ${owner} is not null group by 1) b
  join ${schema}.${subject} s on s.id = b.id and ${gate}
), sampled as (
  select id, deals from buyer order by ${shuffledBy('id')} limit ${LEARN_CUSTOMERS}
), chosen as (
  select id from (select id, sum(deals) over (order by ${shuffledBy('id')}) - deals as before from sampled) s
  where before < ${LEARN_DEALS}
)
select array_agg(d.closed_at - date '1970-01-01' order by d.closed_at, d.id) as days,
  array_agg(d.revenue::double precision order by d.closed_at, d.id) as amounts,
  (select count(*)::double precision from buyer) as total
from ${source} join chosen c on c.id = ${owner}
where ${filter}
group by c.id order by c.id`;
}

/** Won deals that count, and what the definition asks of them besides; over alias `d`. */
export function purchaseFilter(definition: PurchaseSegmentation, scope: Scope): string[] {
  return compileDealFilter({ ...definition.where, won: true }, scope);
}

const Row = z.object({
  days: z.array(z.number().int()),
  amounts: z.array(z.number().nullable()),
  total: z.number(),
});

/** @param today the day of the learning, since 1970-01-01 */
export function learnPurchases(
  definition: PurchaseSegmentation,
  rows: readonly unknown[],
  asOf: Date,
  today: number,
): PurchaseModel {
  const read = rows.map((row) => Row.parse(row));
  const { customers, warnings } = summarisePurchases(transactionsOf(read), {
    unit: 'week',
    calibrationEnd: today,
  });
  const suited = assessApplicability(
    customers.map(({ x, tx, T, zbar, gapVariation }) => ({
      x,
      zbar,
      gapVariation,
      observedDays: T * DAYS_PER_UNIT,
      activeDays: tx * DAYS_PER_UNIT,
    })),
  );
  const reasons: { code: string; message: string }[] = [...suited.reasons];
  const isSample = (read[0]?.total ?? 0) > read.length;
  if (isSample) warnings.push(`Learned from a sample of ${read.length} of ${read[0]?.total} customers.`);
  const fit = suited.purchases ? tryFit(definition, customers, reasons, warnings) : null;
  const model: PurchaseModel = {
    method: definition.method,
    asOf: asOf.toISOString(),
    customers: customers.length,
    repeatCustomers: customers.filter(({ x }) => x > 0).length,
    isSample,
    confidence: fit === null ? 'none' : fit.converged ? suited.confidence : 'low',
    fit,
    reasons,
    holdout: fit === null ? null : checkOnHoldout(definition, read, today),
    cutPoints: {},
    warnings,
  };
  if (fit === null) return model;
  const topPercents = definition.segments.filter(({ topPercent }) => topPercent !== undefined);
  if (topPercents.length > 0) {
    const score = dividedScore[definition.method];
    const values = customers.flatMap((row) => scorePurchases(definition, fit, row)[score] ?? []);
    const histogram = histogramOf(values);
    for (const { key, topPercent = 0 } of topPercents)
      model.cutPoints[key] = percentileCut(histogram, topPercent, 'top');
  }
  return model;
}

/** Why nobody gets a label; null where the model can be used. */
export function whyNotPurchases(model: PurchaseModel): string | null {
  const needsSpend = model.method === 'lifetime_value';
  if (model.fit !== null && (!needsSpend || model.fit.spend !== null)) return null;
  return model.reasons.map(({ message }) => message).join(' ');
}

function tryFit(
  definition: PurchaseSegmentation,
  customers: readonly CustomerSummary[],
  reasons: { code: string; message: string }[],
  warnings: string[],
): PurchaseFit | null {
  try {
    const fit = fitProcess(definition.model, customers);
    warnings.push(...fit.warnings);
    const spend = definition.method === 'lifetime_value' ? learnSpend(customers, reasons, warnings) : null;
    const { parameters, standardErrors, logLikelihood, converged } = fit;
    return { parameters, standardErrors, logLikelihood, converged, spend, ...tables(definition, parameters) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    reasons.push({ code: error.code, message: `${error.message} ${error.action}` });
    return null;
  }
}

function fitProcess(
  model: PurchaseSegmentation['model'],
  rows: readonly PurchaseRow[],
  options?: FitOptions,
): Fit<string> {
  if (model === 'pareto_nbd') return fitParetoNbd(samplePurchases(rows, PARETO_CUSTOMERS, 1), options);
  return model === 'mbg_nbd' ? fitMbgNbd(rows, options) : fitBgNbd(rows, options);
}

function learnSpend(
  customers: readonly CustomerSummary[],
  reasons: readonly { code: string }[],
  warnings: string[],
): PurchaseFit['spend'] {
  const repeaters = customers.filter(({ x, zbar }) => x > 0 && zbar > 0);
  const [first] = repeaters;
  if (reasons.some(({ code }) => code === 'same_amounts') && first) return { amount: first.zbar };
  if (reasons.some(({ code }) => code === 'spend_tied_to_frequency')) return null;
  const fit = fitGammaGamma(repeaters.map(({ x, zbar }) => ({ x, m: zbar })));
  warnings.push(...fit.warnings);
  return fit.parameters;
}

function tables(
  definition: PurchaseSegmentation,
  parameters: Record<string, number>,
): Pick<PurchaseFit, 'expected' | 'discounted'> {
  const process = processOf(definition.model, parameters);
  const isPareto = definition.model === 'pareto_nbd';
  const { r = 0, alpha = 0, beta = Number.POSITIVE_INFINITY } = parameters;
  const place = { shape: r, offset: Math.min(alpha, beta), horizon: horizonWeeks(definition) };
  // Who bought this very moment is sure to be there, or as sure as the first chance to leave allows.
  const ofLiving =
    (total: (expected: (weeks: number) => number) => number): OfPurchases =>
    (x, T) => {
      const row = { x, tx: T, T };
      return total((weeks) => process.expected(row, weeks)) / process.alive(row);
    };
  const expected = tabulate(
    ofLiving((of) => of(place.horizon)),
    place,
    !isPareto,
  );
  const isDiscounted = definition.method === 'lifetime_value' && definition.discount > 0;
  const discounted = isDiscounted
    ? tabulate(
        ofLiving((of) => discountedPurchases(definition, of)),
        place,
        !isPareto,
      )
    : expected;
  if (!(expected.error < 1e-3 && discounted.error < 1e-3)) {
    throw new InputError('fit-unusable', 'The parameters found are too extreme to reckon with.', {
      action: 'Use rules on recency and frequency.',
    });
  }
  return { expected, discounted };
}

const LONGEST_HOLDOUT = 26 * DAYS_PER_UNIT;
const SHORTEST_HOLDOUT = 4 * DAYS_PER_UNIT;

/** Fits again without the last part of the history (a third, at most 26 weeks) and compares with what came. */
function checkOnHoldout(
  definition: PurchaseSegmentation,
  rows: readonly z.infer<typeof Row>[],
  today: number,
): PurchaseModel['holdout'] {
  const past = rows.flatMap(({ days }) => (days[0] !== undefined && days[0] <= today ? [days[0]] : []));
  const first = past.reduce((least, day) => Math.min(least, day), today);
  const length = Math.min(LONGEST_HOLDOUT, Math.floor((today - first) / 3));
  if (length < SHORTEST_HOLDOUT) return null;
  const calibrationEnd = today - length;
  const { customers, holdoutLength } = summarisePurchases(transactionsOf(rows), {
    unit: 'week',
    calibrationEnd,
    holdoutEnd: today,
  });
  try {
    const { parameters } = fitProcess(definition.model, customers, { standardErrors: false });
    const process = processOf(definition.model, parameters);
    const table = holdoutTable(
      customers.map((row) => ({ ...row, expected: process.expected(row, holdoutLength) })),
    );
    return Number.isFinite(table.expected) ? { calibrationEnd: dayText(calibrationEnd), ...table } : null;
  } catch (error) {
    // Too little was known by then: there is nothing to compare with.
    if (error instanceof InputError) return null;
    throw error;
  }
}

function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function* transactionsOf(rows: readonly z.infer<typeof Row>[]): Generator<Transaction> {
  for (const [i, { days, amounts }] of rows.entries()) {
    for (const [j, day] of days.entries()) yield { customer: String(i), day, amount: amounts[j] ?? null };
  }
}
