import type { Scope } from '../compile-condition.ts';
import { localDay } from '../window.ts';
import {
  dividedScore,
  type PurchaseFit,
  type PurchaseModel,
  type PurchaseSegmentation,
  purchaseScores,
} from './purchase-definition.ts';
import { purchaseFilter, whyNotPurchases } from './purchase-learn.ts';
import { LONGEST_GAP } from './purchase-scores.ts';
import { float, type PurchaseTable, tablePlaceSql, tableSql } from './purchase-table.ts';

const NOTHING = 'null::double precision';

/** Powers of e beyond this leave what a double holds; Postgres would stop there with an error. */
const EXP_MAX = 650;

export type Customer = { days: string; first: string; last: string; x: string; repeatRevenue: string };

/** What was bought until today, as expressions. */
export function customerOf(definition: PurchaseSegmentation, scope: Scope): Customer {
  const until = scope.base.bindings.bind(localDay(scope.calendar), 'date');
  const { days, first, last, again } = scope.base.purchaseDays({
    scope: definition.scope === 'involved' ? 'involved' : 'own',
    filter: [...purchaseFilter(definition, scope), `d.closed_at <= ${until}`].join(' and '),
    until,
    isAll: Object.keys(definition.where ?? {}).length === 0,
  });
  return { days, first, last, x: `(${days} - 1)`, repeatRevenue: again };
}

/** All scores, null for those who never bought. */
export function compilePurchaseScores(
  definition: PurchaseSegmentation,
  model: PurchaseModel,
  scope: Scope,
): Record<string, string> {
  const { fit } = model;
  if (fit === null)
    return Object.fromEntries(purchaseScores[definition.method].map((name) => [name, NOTHING]));
  const today = scope.base.bindings.bind(localDay(scope.calendar), 'date');
  const customer = customerOf(definition, scope);
  const weeks = (from: string, to: string): string => `((${to} - ${from}) / ${float(7)})`;
  const T = weeks(customer.first, today);
  const tx = weeks(customer.first, customer.last);
  const x = scope.helper('x', `${customer.x}::double precision`);
  const place = tablePlaceSql(fit.expected, T);
  const s = scope.helper('s', place.s(place.y));
  const y = `((${s} + 1) * ${float(fit.expected.span / 2)})`;
  const alive =
    definition.model === 'pareto_nbd'
      ? paretoAlive(fit.parameters, scope, x, tx, T)
      : betaGeometricAlive(definition.model, fit.parameters, customer.x, tx, T);
  const pAlive = scope.helper('p_alive', alive);
  const read = (name: string, table: PurchaseTable): string =>
    tableSql(table, { x, y, s, repeats: customer.x }, () => ({
      array: scope.base.bindings.bind(table.rows.flat(), 'double precision[]'),
      place: (row) => scope.helper(`row_${name}`, row),
    }));
  const { r = 0, alpha = 0 } = fit.parameters;
  const gap = `7 * (${float(alpha)} + ${T}) * (exp(least(${float(Math.LN2)} / (${float(r)} + ${x}), 50)) - 1)`;
  const scores: Record<string, string> = {
    p_alive: pAlive,
    expected_purchases: `${pAlive} * ${read('expected', fit.expected)}`,
    next_purchase_days: `case when ${pAlive} >= 0.5 then least(${gap}, ${LONGEST_GAP}) end`,
  };
  if (definition.method === 'churn') return scores;
  const spend = spendSql(fit.spend, x, customer.repeatRevenue);
  const margin = float(definition.margin);
  return {
    ...scores,
    expected_spend: spend === NOTHING ? NOTHING : `case when ${x} is not null then ${spend} end`,
    value:
      spend === NOTHING ? NOTHING : `${pAlive} * ${read('value', fit.discounted)} * ${spend} * ${margin}`,
  };
}

/** Who may have a label at all, and the score that the tiers divide; null where nobody gets one. */
export function dividedPurchases(
  definition: PurchaseSegmentation,
  model: PurchaseModel,
  scope: Scope,
): string | null {
  if (whyNotPurchases(model) !== null) return null;
  return scope.score(`${definition.key}.${dividedScore[definition.method]}`);
}

/** 1 / (1 + e^g), g the log odds of having left: ln(a / (b + x)) + (r + x) ln((alpha + T) / (alpha + tx)). */
function betaGeometricAlive(
  model: 'mbg_nbd' | 'bg_nbd',
  parameters: PurchaseFit['parameters'],
  x: string,
  tx: string,
  T: string,
): string {
  const { r = 0, alpha = 0, a = 0, b = 0 } = parameters;
  const chances = model === 'mbg_nbd' ? 0 : 1;
  const since = `ln((${float(alpha)} + ${T}) / (${float(alpha)} + ${tx}))`;
  const odds = `${float(Math.log(a))} - ln(${float(b - chances)} + ${x}) + (${float(r)} + ${x}) * ${since}`;
  const alive = `1 / (1 + exp(greatest(least(${odds}, ${EXP_MAX}), -${EXP_MAX})))`;
  // In BG/NBD nobody leaves before the first repeat purchase.
  return model === 'mbg_nbd'
    ? `case when ${x} is not null then ${alive} end`
    : `case when ${x} = 0 then ${float(1)} when ${x} > 0 then ${alive} end`;
}

/**
 * 1 / (1 + I), I the odds of having left: the integral over the moment u from tx to T of
 * s/(beta+u) ((beta+T)/(beta+u))^s ((alpha+T)/(alpha+u))^(r+x). In ln(o + u), o the smaller of alpha and beta, it is
 * so smooth that sixteen of Gauss's points give ten digits wherever P(alive) is not 0 to the eye.
 */
function paretoAlive(
  parameters: PurchaseFit['parameters'],
  scope: Scope,
  x: string,
  tx: string,
  T: string,
): string {
  const { r = 0, alpha = 0, s = 0, beta = 0 } = parameters;
  const o = Math.min(alpha, beta);
  const from = scope.helper('from', `ln(${float(o)} + ${tx})`);
  const to = scope.helper('to', `ln(${float(o)} + ${T})`);
  const end = scope.helper(
    'end',
    `${float(Math.log(s))} + ${float(s)} * ln(${float(beta)} + ${T}) + (${float(r)} + ${x}) * ln(${float(alpha)} + ${T})`,
  );
  const terms = GAUSS_POINTS.map(([point, weight], i) => {
    const at = scope.helper(`u${i}`, `(${from} + ${float(point)} * (${to} - ${from}))`);
    const plus = (own: number): string => (own === o ? at : `ln(exp(${at}) + ${float(own - o)})`);
    const power = `${end} + ${at} - ${float(s + 1)} * ${plus(beta)} - (${float(r)} + ${x}) * ${plus(alpha)}`;
    return `${float(weight)} * exp(greatest(least(${power}, ${EXP_MAX}), -${EXP_MAX}))`;
  });
  return `case when ${x} is not null then 1 / (1 + (${to} - ${from}) * (${terms.join(' + ')})) end`;
}

function spendSql(spend: PurchaseFit['spend'], x: string, repeatRevenue: string): string {
  if (spend === null) return NOTHING;
  if ('amount' in spend) return float(spend.amount);
  const { p, q, gamma } = spend;
  return `(${float(p)} * (${float(gamma)} + ${repeatRevenue}) / (${float(p)} * ${x} + ${float(q - 1)}))`;
}

/** Points in (0, 1) and weights of Gauss's rule with sixteen points (Abramowitz & Stegun, table 25.4). */
const GAUSS_POINTS: readonly [number, number][] = (
  [
    [0.0950125098376374, 0.1894506104550685],
    [0.2816035507792589, 0.1826034150449236],
    [0.4580167776572274, 0.1691565193950025],
    [0.6178762444026438, 0.1495959888165767],
    [0.755404408355003, 0.1246289712555339],
    [0.8656312023878318, 0.0951585116824928],
    [0.9445750230732326, 0.0622535239386479],
    [0.9894009349916499, 0.0271524594117541],
  ] as const
).flatMap(([point, weight]): [number, number][] => [
  [(1 - point) / 2, weight / 2],
  [(1 + point) / 2, weight / 2],
]);
