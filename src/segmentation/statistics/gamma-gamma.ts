import { InputError } from '../../errors.ts';
import { type Fit, type FitOptions, type LikelihoodModel, maximise } from './purchase-fit.ts';
import { lnGammaRise, twoSidedP } from './special-functions.ts';
import { at, correlation, midranks } from './vectors.ts';

/** A customer's average spend `m` over `x` purchases; `weight` customers share the row. */
export type SpendRow = { x: number; m: number; weight?: number };

/** Spend per purchase is gamma(p, nu), nu is gamma(q, gamma) over customers; gamma in money. */
export type SpendParameters = { p: number; q: number; gamma: number };
export type SpendFit = Fit<keyof SpendParameters>;

type SpendData = { kinds: number[]; kind: number[]; m: number[]; weight: number[] };

/**
 * Gamma-Gamma model of spend. Source: Fader & Hardie 2013, brucehardie.com/notes/025.
 * Customers with no repeat purchase or no spend say nothing about it and are left out, with a warning for the latter.
 * Where the likelihood is greatest at q of 1 or less, everybody's mean has no bound: the fit is then held at the observed
 * mean, or with `unbounded` left where it is. Both are told.
 * Throws InputError `no-spend` under three usable customers, `negative-spend` for a negative amount.
 */
export function fitGammaGamma(
  rows: readonly SpendRow[],
  options: FitOptions & { unbounded?: boolean } = {},
): SpendFit {
  const warnings: string[] = [];
  const usable = rows.filter((row) => row.x > 0 && row.m > 0);
  const free = rows.filter((row) => row.x > 0 && row.m === 0).length;
  if (rows.some((row) => row.m < 0 || !Number.isFinite(row.m))) {
    throw new InputError(
      'negative-spend',
      'A customer has a negative or unreadable average spend. Nothing was learned.',
      {
        action: 'Net refunds against their purchases first; an average cannot be below zero.',
      },
    );
  }
  if (usable.length < 3) {
    throw new InputError(
      'no-spend',
      `Only ${usable.length} customers have repeat purchases with an amount. Nothing was learned.`,
      {
        action: 'Map the amount field, or give it more customers.',
      },
    );
  }
  if (free > 0)
    warnings.push(`${free} customers with repeat purchases worth 0 were left out of the spend model.`);
  const data = groupSpend(usable);
  // Around 1 whatever the currency; the geometric mean, as a few giants carry the other far away from everybody.
  let scale = Math.exp(weightedMean({ ...data, m: data.m.map(Math.log) }));
  const customers = data.weight.reduce((a, b) => a + b, 0);
  let fit = maximise(spendModel, scaledBy(data, scale), customers, STARTS, options);
  if (fit.parameters.q <= 1 && options.unbounded) {
    warnings.push(
      'Spend is so uneven that the model’s mean has no bound (q is not over 1), so the expected spend of some customers has none either.',
    );
  } else if (fit.parameters.q <= 1) {
    scale = weightedMean(data);
    fit = fitWithObservedMean(scaledBy(data, scale), customers);
    warnings.push(
      'Spend is so uneven that the model’s mean has no bound; it was held at the observed mean, so treat expected spend as a guess.',
    );
  }
  fit.parameters.gamma *= scale;
  if (fit.standardErrors) fit.standardErrors.gamma *= scale;
  fit.logLikelihood -= customers * Math.log(scale);
  const tie = spendFrequencyTie(usable);
  if (tie.tied) warnings.push(tie.message);
  return { ...fit, warnings: [...fit.warnings, ...warnings] };
}

const STARTS = [
  [5, 4, 0.6],
  [1, 2, 1],
];

/** p, and q above 1. */
const HELD_STARTS = [
  [5, 3],
  [1, 1],
];

const spendModel: LikelihoodModel<keyof SpendParameters, SpendData> = {
  names: ['p', 'q', 'gamma'],
  logLikelihood: (parameters, data) => {
    const constants = data.kinds.map((x) => constantOf(parameters, x));
    let total = 0;
    for (let i = 0; i < data.m.length; i++) {
      const kind = at(data.kind, i);
      const row = at(constants, kind) + rowLogLikelihood(parameters, at(data.kinds, kind), at(data.m, i));
      total += at(data.weight, i) * row;
    }
    return total;
  },
};

/** Gamma(px+q) / (Gamma(px) Gamma(q)) and gamma^q, in logarithms. */
function constantOf({ p, q, gamma }: SpendParameters, x: number): number {
  return lnGammaRise(p * x, q) - lnGammaRise(1, q) + Math.log(q) + q * Math.log(gamma) + p * x * Math.log(x);
}

function rowLogLikelihood({ p, q, gamma }: SpendParameters, x: number, m: number): number {
  return (p * x - 1) * Math.log(m) - (p * x + q) * Math.log(gamma + m * x);
}

/**
 * The same model with everybody's mean, p gamma / (q - 1), held at the one observed: 1, as the data are scaled. A free
 * q just above 1 would promise any amount to those who bought little.
 */
function fitWithObservedMean(data: SpendData, customers: number): SpendFit {
  const held: LikelihoodModel<'p' | 'q', SpendData> = {
    names: ['p', 'q'],
    logLikelihood: ({ p, q }, rows) => spendModel.logLikelihood({ p, q: 1 + q, gamma: q / p }, rows),
  };
  const { parameters, logLikelihood, warnings } = maximise(held, data, customers, HELD_STARTS, {
    standardErrors: false,
  });
  const { p, q } = parameters;
  return { parameters: { p, q: 1 + q, gamma: q / p }, logLikelihood, converged: false, customers, warnings };
}

/**
 * E[M | m, x]: the customer's own average pulled towards everybody's, the less the more purchases there are.
 * `null` where the model has no finite mean (px + q <= 1).
 */
export function expectedSpend({ p, q, gamma }: SpendParameters, { x, m }: SpendRow): number | null {
  const divisor = p * x + q - 1;
  return divisor > 0 ? (p * (gamma + m * x)) / divisor : null;
}

/**
 * The model's premise: spend does not depend on frequency. Spearman's rank correlation of x and m among repeat
 * buyers with its p-value; `tied` where it is both sure (p < .01) and strong enough to matter (|rho| >= .3).
 */
export function spendFrequencyTie(rows: readonly SpendRow[]): {
  rho: number;
  pValue: number;
  tied: boolean;
  message: string;
} {
  const usable = rows.filter((row) => row.x > 0 && row.m > 0);
  const n = usable.length;
  const rho = correlation(midranks(usable.map((row) => row.x)), midranks(usable.map((row) => row.m)));
  // Fisher's z with the variance of Fieller, Hartley & Pearson 1957 for ranks
  const pValue =
    n > 3 ? twoSidedP(Math.atanh(Math.min(0.999999, Math.abs(rho))) * Math.sqrt((n - 3) / 1.06)) : 1;
  const tied = pValue < 0.01 && Math.abs(rho) >= 0.3;
  const message = `Spend ${rho > 0 ? 'rises' : 'falls'} with frequency (rank correlation ${rho.toFixed(2)}); expected spend leans the wrong way for frequent buyers.`;
  return { rho, pValue, tied, message };
}

function groupSpend(rows: readonly SpendRow[]): SpendData {
  const groups = new Map<string, Required<SpendRow>>();
  for (const { x, m, weight = 1 } of rows) {
    const group = groups.get(`${x}|${m}`);
    if (group) group.weight += weight;
    else groups.set(`${x}|${m}`, { x, m, weight });
  }
  const merged = [...groups.values()];
  const kinds = [...new Set(merged.map((row) => row.x))];
  const kindOf = new Map(kinds.map((x, i) => [x, i]));
  return {
    kinds,
    kind: merged.map((row) => kindOf.get(row.x) ?? 0),
    m: merged.map((row) => row.m),
    weight: merged.map((row) => row.weight),
  };
}

function scaledBy(data: SpendData, scale: number): SpendData {
  return { ...data, m: data.m.map((m) => m / scale) };
}

function weightedMean({ m, weight }: SpendData): number {
  const total = weight.reduce((a, b) => a + b, 0);
  return m.reduce((sum, value, i) => sum + value * at(weight, i), 0) / total;
}
