import { hypergeometricOne } from './hypergeometric.ts';
import { type Fit, type FitOptions, fitPurchases } from './purchase-fit.ts';
import type { GroupedPurchases, PurchaseRow } from './purchases.ts';
import { lnGammaRise, logAdd, logSubtract } from './special-functions.ts';
import { at, float, int } from './vectors.ts';

/** r, alpha: gamma distribution of purchase rates; s, beta: gamma distribution of leaving rates (alpha, beta in time units). */
export type ParetoParameters = { r: number; alpha: number; s: number; beta: number };
export type ParetoFit = Fit<keyof ParetoParameters>;

/**
 * Pareto/NBD: customers buy at random and may leave at any moment.
 * Source: Schmittlein, Morrison & Colombo 1987; Fader & Hardie, brucehardie.com/notes/009.
 */
export function fitParetoNbd(rows: readonly PurchaseRow[], options?: FitOptions): ParetoFit {
  return fitPurchases(
    {
      names: ['r', 'alpha', 's', 'beta'],
      times: ['alpha', 'beta'],
      starts: [
        [0.7, 4, 0.7, 4],
        [1, 2, 0.5, 8],
      ],
      logLikelihood: groupedLogLikelihood,
    },
    rows,
    options,
  );
}

/** ln L of one customer (times its weight). */
export function logLikelihoodParetoNbd(p: ParetoParameters, row: PurchaseRow): number {
  return (row.weight ?? 1) * (constantOf(p, row.x) + rowLogLikelihood(p, row.x, row.tx, row.T));
}

function groupedLogLikelihood(p: ParetoParameters, data: GroupedPurchases): number {
  const constants = data.kinds.map((x) => constantOf(p, x));
  let total = 0;
  for (let i = 0; i < data.x.length; i++) {
    const row =
      at(constants, int(data.kind, i)) +
      rowLogLikelihood(p, float(data.x, i), float(data.tx, i), float(data.T, i));
    total += float(data.weight, i) * row;
  }
  return total;
}

function constantOf({ r, alpha, s, beta }: ParetoParameters, x: number): number {
  return lnGammaRise(r, x) + r * Math.log(alpha) + s * Math.log(beta);
}

function rowLogLikelihood(p: ParetoParameters, x: number, tx: number, T: number): number {
  const alive = -(p.r + x) * Math.log(p.alpha + T) - p.s * Math.log(p.beta + T);
  return logAdd(alive, lnGone(p, x, tx, T));
}

/** ln[ s/(r+s+x) A0 ]: left somewhere between tx and T. */
function lnGone(p: ParetoParameters, x: number, tx: number, T: number): number {
  return Math.log(p.s / (p.r + p.s + x)) + logSubtract(lnA(p, x, tx), lnA(p, x, T));
}

/**
 * ln of one half of A0 at time t. Euler's transformation turns the 2F1 of the papers into 2F1(1, ., ., z) with
 * powers of (alpha + t) and (beta + t) before it, so nothing overflows and both orders of alpha, beta are quick.
 */
function lnA({ r, alpha, s, beta }: ParetoParameters, x: number, t: number): number {
  const c = r + s + x + 1;
  const lnAlpha = Math.log(alpha + t);
  const lnBeta = Math.log(beta + t);
  if (alpha >= beta) {
    return (
      -(r + x) * lnAlpha - s * lnBeta + Math.log(hypergeometricOne(r + x, c, (alpha - beta) / (alpha + t)))
    );
  }
  return (
    (1 - r - x) * lnAlpha -
    (1 + s) * lnBeta +
    Math.log(hypergeometricOne(s + 1, c, (beta - alpha) / (beta + t)))
  );
}

/** P(still a customer | x, tx, T). */
export function pAliveParetoNbd(p: ParetoParameters, { x, tx, T }: PurchaseRow): number {
  const alive = -(p.r + x) * Math.log(p.alpha + T) - p.s * Math.log(p.beta + T);
  return Math.exp(alive - logAdd(alive, lnGone(p, x, tx, T)));
}

/** Purchases expected of this customer in the t after T. */
export function expectedPurchasesParetoNbd(p: ParetoParameters, row: PurchaseRow, t: number): number {
  if (t <= 0) return 0;
  const rate = (p.r + row.x) / (p.alpha + row.T);
  return rate * lifeExpected(p.s, p.beta + row.T, t) * pAliveParetoNbd(p, row);
}

/** beta/(s-1) * (1 - (beta/(beta+t))^(s-1)): time alive expected within t; its limit at s = 1 is beta ln(1 + t/beta). */
function lifeExpected(s: number, beta: number, t: number): number {
  const ln = Math.log1p(t / beta);
  return s === 1 ? beta * ln : (-beta * Math.expm1(-(s - 1) * ln)) / (s - 1);
}
