import { hypergeometric } from './hypergeometric.ts';
import { type Fit, type FitOptions, fitPurchases } from './purchase-fit.ts';
import type { GroupedPurchases, PurchaseRow } from './purchases.ts';
import { lnGammaRise, logAdd } from './special-functions.ts';
import { at, float, int } from './vectors.ts';

/**
 * The two beta-geometric/NBD models differ in one number: whether a customer may leave before the first repeat
 * purchase. `chances` is how many times more than x a customer stayed: 0 in BG/NBD, 1 in MBG/NBD.
 */
export type Chances = 0 | 1;

/** r, alpha: gamma distribution of purchase rates (alpha in time units); a, b: beta distribution of leaving. */
export type BetaGeometricParameters = { r: number; alpha: number; a: number; b: number };
export type BetaGeometricFit = Fit<keyof BetaGeometricParameters>;

export function fitBetaGeometric(
  rows: readonly PurchaseRow[],
  chances: Chances,
  options?: FitOptions,
): BetaGeometricFit {
  return fitPurchases(
    {
      names: ['r', 'alpha', 'a', 'b'],
      times: ['alpha'],
      starts: [
        [1, 5, 1, 3],
        [0.3, 1, 0.5, 1],
      ],
      logLikelihood: (parameters, data) => groupedLogLikelihood(parameters, data, chances),
    },
    rows,
    options,
  );
}

export function betaGeometricLogLikelihood(
  p: BetaGeometricParameters,
  row: PurchaseRow,
  chances: Chances,
): number {
  const known = constantOf(p, row.x, chances) - (p.r + row.x) * Math.log(p.alpha + row.T);
  return (row.weight ?? 1) * (known + logAdd(0, lnGoneOdds(p, row, chances)));
}

function groupedLogLikelihood(p: BetaGeometricParameters, data: GroupedPurchases, chances: Chances): number {
  const { r, alpha } = p;
  const constants = data.kinds.map((x) => constantOf(p, x, chances));
  const odds = data.kinds.map((x) => lnLeaveOdds(p, x, chances));
  let total = 0;
  for (let i = 0; i < data.x.length; i++) {
    const kind = int(data.kind, i);
    const shape = r + float(data.x, i);
    const end = Math.log(alpha + float(data.T, i));
    const leave = at(odds, kind);
    let row = at(constants, kind) - shape * end;
    if (leave !== Number.NEGATIVE_INFINITY)
      row += logAdd(0, leave + shape * (end - Math.log(alpha + float(data.tx, i))));
    total += float(data.weight, i) * row;
  }
  return total;
}

/** What depends on x alone. */
function constantOf({ r, alpha, a, b }: BetaGeometricParameters, x: number, chances: Chances): number {
  // The last two are ln[ B(a, b + stays) / B(a, b) ], which as a difference would lose its digits where a and b are huge.
  const stays = x + chances;
  return lnGammaRise(r, x) + r * Math.log(alpha) + lnGammaRise(b, stays) - lnGammaRise(a + b, stays);
}

/** ln[ B(a+1, b+x-1) / B(a, b+x) ]: leaving right after the x-th repeat, against staying. */
function lnLeaveOdds({ a, b }: BetaGeometricParameters, x: number, chances: Chances): number {
  return x === 0 && chances === 0 ? Number.NEGATIVE_INFINITY : Math.log(a) - Math.log(b + x - 1 + chances);
}

function lnGoneOdds(p: BetaGeometricParameters, { x, tx, T }: PurchaseRow, chances: Chances): number {
  // log1p keeps the digits where T and tx are close beside alpha
  return lnLeaveOdds(p, x, chances) + (p.r + x) * Math.log1p((T - tx) / (p.alpha + tx));
}

/** P(alive | x, tx, T). */
export function betaGeometricAlive(p: BetaGeometricParameters, row: PurchaseRow, chances: Chances): number {
  return Math.exp(-logAdd(0, lnGoneOdds(p, row, chances)));
}

/** E[Y(t) | x, tx, T]: purchases expected in the t after T. */
export function betaGeometricExpected(
  p: BetaGeometricParameters,
  row: PurchaseRow,
  t: number,
  chances: Chances,
): number {
  const alive = betaGeometricAlive(p, row, chances);
  if (t <= 0 || alive === 0) return 0;
  return alive * purchasesOfTheLiving({ ...p, alpha: p.alpha + row.T }, row.x, t, chances);
}

/**
 * (a+b+x-1)/(a-1) * (1 - (alpha/(alpha+t))^(r+x) 2F1(r+x, b+x; a+b+x-1; t/(alpha+t))), in Euler's form, whose
 * parameters stay small however many purchases there were. At a = 1 (and a + b + x = 1) it is 0/0 with a smooth
 * limit, taken as the mean of both sides.
 */
function purchasesOfTheLiving(p: BetaGeometricParameters, x: number, t: number, chances: Chances): number {
  const { r, alpha, a, b } = p;
  const c = a + b + x - 1 + chances;
  if (Math.abs(a - 1) < 1e-5 || Math.abs(c) < 1e-5) {
    const side = (shift: number) => purchasesOfTheLiving({ ...p, a: a + shift }, x, t, chances);
    return (side(1e-4) + side(-1e-4)) / 2;
  }
  if (a > ALIKE) return overLeaving(p, x, t, chances);
  const z = t / (alpha + t);
  const lnStay = -Math.log1p(t / alpha);
  const f = hypergeometric(a - 1, a + b - 1 + chances - r, c, z);
  return Math.max(0, (c / (a - 1)) * (1 - Math.exp((a - 1) * lnStay) * f));
}

/** From this a on customers leave with so like a chance that Euler's form overflows. */
const ALIKE = 50;

/**
 * The same as a mean over the chance p of leaving, which is beta(a, b + x): of (1 - (1 + p t / alpha)^-(r+x)) / p. Summed
 * over the log odds of p, where the density is smooth and falls off on both sides.
 */
function overLeaving(
  { r, alpha, a, b }: BetaGeometricParameters,
  x: number,
  t: number,
  chances: Chances,
): number {
  const stay = b + x + chances;
  const purchases = (p: number): number => -Math.expm1(-(r + x) * Math.log1p((p * t) / alpha)) / p;
  // Nearly everyone leaves at once; the tail of the density would be long.
  if (stay < 0.05) return purchases(a / (a + stay));
  const peak = Math.log(a / stay);
  const lnDensity = (u: number): number => -a * Math.log1p(Math.exp(-u)) - stay * Math.log1p(Math.exp(u));
  const top = lnDensity(peak);
  const step = Math.min(0.4, Math.sqrt(1 / a + 1 / stay) / 4);
  let mass = 0;
  let total = 0;
  for (const direction of [1, -1]) {
    for (let i = direction === 1 ? 0 : 1; ; i++) {
      const u = peak + direction * i * step;
      const density = Math.exp(lnDensity(u) - top);
      if (density < 1e-18) break;
      mass += density;
      total += density * purchases(1 / (1 + Math.exp(-u)));
    }
  }
  return total / mass;
}
