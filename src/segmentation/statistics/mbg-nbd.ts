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

const CHANCES = 1;

/**
 * MBG/NBD: as BG/NBD, but a customer may leave right after the first purchase too, so that one-time buyers fade.
 * Source: Batislam, Denizel & Filiztekin 2007, doi 10.1016/j.ijresmar.2006.12.005.
 */
export function fitMbgNbd(rows: readonly PurchaseRow[], options?: FitOptions): BetaGeometricFit {
  return fitBetaGeometric(rows, CHANCES, options);
}

/** ln L of one customer (times its weight). */
export function logLikelihoodMbgNbd(p: BetaGeometricParameters, row: PurchaseRow): number {
  return betaGeometricLogLikelihood(p, row, CHANCES);
}

/** P(still a customer | x, tx, T). */
export function pAliveMbgNbd(p: BetaGeometricParameters, row: PurchaseRow): number {
  return betaGeometricAlive(p, row, CHANCES);
}

/** Purchases expected of this customer in the t after T. */
export function expectedPurchasesMbgNbd(p: BetaGeometricParameters, row: PurchaseRow, t: number): number {
  return betaGeometricExpected(p, row, t, CHANCES);
}
