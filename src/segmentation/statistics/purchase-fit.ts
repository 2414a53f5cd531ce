import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { InputError } from '../../errors.ts';
import { minimise } from './minimise.ts';
import { type GroupedPurchases, groupPurchases, type PurchaseRow, samplePurchases } from './purchases.ts';
import { at } from './vectors.ts';

/** A model whose positive parameters are found by maximum likelihood. */
export type LikelihoodModel<Name extends string, Data> = {
  names: readonly Name[];
  /** Total over all customers; -Infinity where impossible. */
  logLikelihood(parameters: Record<Name, number>, data: Data): number;
};

export type Fit<Name extends string> = {
  parameters: Record<Name, number>;
  /** Standard errors by the delta method; absent where the likelihood is flat in some direction. */
  standardErrors?: Record<Name, number>;
  logLikelihood: number;
  converged: boolean;
  customers: number;
  warnings: string[];
};

export type FitOptions = { standardErrors?: boolean };

/** Beyond e^±12 a parameter says only "as large (small) as you like"; the search stops there. */
const EDGE = 12;

/** Maximises a likelihood over ln(parameters) from several starts (natural values, in the order of `names`). */
export function maximise<Name extends string, Data>(
  model: LikelihoodModel<Name, Data>,
  data: Data,
  customers: number,
  starts: readonly (readonly number[])[],
  options: FitOptions = {},
): Fit<Name> {
  const named = (logs: readonly number[]) => fromLogs(model.names, logs);
  const objective = (logs: readonly number[]) =>
    logs.some((v) => Math.abs(v) > EDGE)
      ? Number.POSITIVE_INFINITY
      : -model.logLikelihood(named(logs), data) / customers;
  const best = minimise(
    objective,
    starts.map((start) => start.map(Math.log)),
  );
  const warnings: string[] = [];
  const atEdge = model.names.filter((_, i) => Math.abs(at(best.point, i)) > EDGE - 3);
  if (atEdge.length > 0) {
    warnings.push(
      `The data do not pin down ${atEdge.join(', ')}: customers differ too little, or there are too few.`,
    );
  } else if (!best.converged) {
    warnings.push('The fit did not settle; its parameters are the best point found.');
  }
  const fit: Fit<Name> = {
    parameters: named(best.point),
    logLikelihood: -best.value * customers,
    converged: best.converged && atEdge.length === 0,
    customers,
    warnings,
  };
  if (options.standardErrors === false || !fit.converged) return fit;
  return { ...fit, ...curvature(model.names, objective, best.point, customers) };
}

function curvature<Name extends string>(
  names: readonly Name[],
  objective: (point: readonly number[]) => number,
  point: readonly number[],
  customers: number,
): Pick<Fit<Name>, 'standardErrors'> {
  const step = 1e-3;
  const moved = (i: number, di: number, j: number, dj: number) =>
    objective(point.map((v, k) => v + (k === i ? di : 0) + (k === j ? dj : 0)));
  const hessian = point.map((_, i) =>
    point.map(
      (_, j) =>
        (customers *
          (moved(i, step, j, step) -
            moved(i, step, j, -step) -
            moved(i, -step, j, step) +
            moved(i, -step, j, -step))) /
        (4 * step * step),
    ),
  );
  if (!hessian.flat().every(Number.isFinite)) return {};
  const symmetric = new Matrix(hessian);
  const eigenvalues = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues;
  if (Math.min(...eigenvalues) < 1e-6 * Math.max(...eigenvalues)) return {};
  // Of the logarithms of the parameters.
  const covariance = inverse(symmetric).to2DArray();
  const errors = point.map((v, i) => Math.exp(v) * Math.sqrt(at(at(covariance, i), i)));
  return { standardErrors: record(names, errors) };
}

/**
 * Fits a model of purchases. Times are scaled to a mean T of 10, so that the starts suit any unit.
 * Throws InputError where no maximum exists: `too-few-customers`, `no-repeat-purchases`, `no-observation-time`.
 */
export function fitPurchases<Name extends string>(
  model: LikelihoodModel<Name, GroupedPurchases> & {
    times: readonly Name[];
    starts: readonly (readonly number[])[];
  },
  rows: readonly PurchaseRow[],
  options: FitOptions = {},
): Fit<Name> {
  checkLearnable(rows);
  let weighted = 0;
  let customers = 0;
  for (const { T, weight = 1 } of rows) {
    weighted += T * weight;
    customers += weight;
  }
  const scale = weighted / customers / 10;
  const data = groupPurchases(rows, scale);
  const fit = maximise(model, data, data.customers, startsFor(model, rows, data, scale), options);
  for (const name of model.times) {
    fit.parameters[name] *= scale;
    if (fit.standardErrors) fit.standardErrors[name] *= scale;
  }
  // Densities are per unit of time, once for each repeat purchase.
  let repeats = 0;
  for (let i = 0; i < data.x.length; i++) repeats += at(data.x, i) * at(data.weight, i);
  fit.logLikelihood -= repeats * Math.log(scale);
  return fit;
}

/** Beyond this many different rows the search for a start is done on a sample of half as many. */
const PILOT_ABOVE = 10_000;

/** The model's own starts; for many rows, one start that a fit of a sample has found already. */
function startsFor<Name extends string>(
  model: LikelihoodModel<Name, GroupedPurchases> & { starts: readonly (readonly number[])[] },
  rows: readonly PurchaseRow[],
  data: GroupedPurchases,
  scale: number,
): readonly (readonly number[])[] {
  if (data.x.length <= PILOT_ABOVE) return model.starts;
  const pilot = groupPurchases(samplePurchases(rows, PILOT_ABOVE / 2, 1), scale);
  if (!pilot.x.some((x) => x > 0)) return model.starts;
  const { parameters } = maximise(model, pilot, pilot.customers, model.starts, { standardErrors: false });
  return [model.names.map((name) => parameters[name])];
}

function checkLearnable(rows: readonly PurchaseRow[]): void {
  const refuse = (code: string, message: string, action: string) => {
    throw new InputError(code, `${message} Nothing was learned.`, { action });
  };
  if (rows.length < 3) {
    refuse(
      'too-few-customers',
      `A purchase model needs several customers, got ${rows.length}.`,
      'Give it more customers, or use fixed tiers.',
    );
  }
  if (!rows.some((row) => row.T > 0)) {
    refuse(
      'no-observation-time',
      'All customers first bought on the last day of observation.',
      'Choose a later date as the end.',
    );
  }
  if (!rows.some((row) => row.x > 0)) {
    refuse(
      'no-repeat-purchases',
      'No customer bought twice.',
      'Use tiers or rules; these models need repeat purchases.',
    );
  }
}

function fromLogs<Name extends string>(
  names: readonly Name[],
  logs: readonly number[],
): Record<Name, number> {
  return record(
    names,
    logs.map((v) => Math.exp(v)),
  );
}

function record<Name extends string>(
  names: readonly Name[],
  values: readonly number[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, at(values, i)])) as Record<Name, number>;
}
