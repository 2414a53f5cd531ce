import {
  type BetaGeometricFit,
  type BetaGeometricParameters,
  betaGeometricAlive,
  betaGeometricExpected,
  betaGeometricLogLikelihood,
  fitBetaGeometric,
} from './beta-geometric.ts';
import type { FitOptions } from './purchase-fit.ts';
import type { PurchaseRow } from './purchases.ts';

const CHANCES = 0;

/**
 * BG/NBD: customers buy at random and may leave after each repeat purchase. One-time buyers always count as
 * alive; MBG/NBD mends that. Source: Fader, Hardie & Lee 2005, doi 10.1287/mksc.1040.0098; stable form of the
 * likelihood: Fader & Hardie 2013, brucehardie.com/notes/027.
 */
export function fitBgNbd(rows: readonly PurchaseRow[], options?: FitOptions): BetaGeometricFit {
  return fitBetaGeometric(rows, CHANCES, options);
}

/** ln L of one customer (times its weight). */
export function logLikelihoodBgNbd(p: BetaGeometricParameters, row: PurchaseRow): number {
  return betaGeometricLogLikelihood(p, row, CHANCES);
}

/** P(still a customer | x, tx, T). */
export function pAliveBgNbd(p: BetaGeometricParameters, row: PurchaseRow): number {
  return betaGeometricAlive(p, row, CHANCES);
}

/** Purchases expected of this customer in the t after T. */
export function expectedPurchasesBgNbd(p: BetaGeometricParameters, row: PurchaseRow, t: number): number {
  return betaGeometricExpected(p, row, t, CHANCES);
}
