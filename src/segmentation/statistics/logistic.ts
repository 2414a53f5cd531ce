import { Matrix, solve } from 'ml-matrix';
import { at, byte, float } from './vectors.ts';

export type LogisticFit = {
  intercept: number;
  coefficients: number[];
  logLikelihood: number;
  converged: boolean;
};

/**
 * Logistic regression with an L2 penalty (ridge / 2 times the sum of squared coefficients, never on the intercept)
 * by Newton's steps (IRLS; McCullagh & Nelder 1989, 4.4) with halving, so that separated data stay finite.
 * `features`: row after row, `columns` wide.
 */
export function fitLogistic(
  features: Float64Array,
  columns: number,
  isPositive: (row: number) => boolean,
  options: { ridge?: number; maxSteps?: number } = {},
): LogisticFit {
  const { ridge = 1, maxSteps = 50 } = options;
  const rows = columns === 0 ? 0 : features.length / columns;
  const target = Uint8Array.from({ length: rows }, (_, i) => (isPositive(i) ? 1 : 0));
  let weights = new Float64Array(columns + 1);
  let value = penalised(features, columns, target, weights, ridge);
  for (let step = 0; step < maxSteps; step++) {
    const direction = newtonDirection(features, columns, target, weights, ridge);
    let next: { weights: Float64Array<ArrayBuffer>; value: number } | undefined;
    for (let length = 1; length > 1e-6; length /= 2) {
      const moved = weights.map((w, j) => w + length * at(direction, j));
      const reached = penalised(features, columns, target, moved, ridge);
      if (reached >= value) {
        next = { weights: moved, value: reached };
        break;
      }
    }
    const gain = next ? next.value - value : 0;
    if (next) ({ weights, value } = next);
    if (gain <= 1e-10 * (Math.abs(value) + 1)) return result(features, columns, target, weights, true);
  }
  return result(features, columns, target, weights, false);
}

export function sigmoid(logOdds: number): number {
  return logOdds >= 0 ? 1 / (1 + Math.exp(-logOdds)) : Math.exp(logOdds) / (1 + Math.exp(logOdds));
}

function result(
  features: Float64Array,
  columns: number,
  target: Uint8Array,
  weights: Float64Array,
  converged: boolean,
): LogisticFit {
  const [intercept = 0, ...coefficients] = weights;
  return {
    intercept,
    coefficients,
    logLikelihood: penalised(features, columns, target, weights, 0),
    converged,
  };
}

function logOdds(features: Float64Array, columns: number, weights: Float64Array, row: number): number {
  let total = float(weights, 0);
  for (let j = 0; j < columns; j++) total += float(weights, j + 1) * float(features, row * columns + j);
  return total;
}

function penalised(
  features: Float64Array,
  columns: number,
  target: Uint8Array,
  weights: Float64Array,
  ridge: number,
): number {
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    const z = logOdds(features, columns, weights, i);
    // ln sigmoid(±z) without overflow
    const signed = byte(target, i) === 1 ? z : -z;
    total += signed >= 0 ? -Math.log1p(Math.exp(-signed)) : signed - Math.log1p(Math.exp(signed));
  }
  for (let j = 1; j <= columns; j++) total -= (ridge / 2) * float(weights, j) ** 2;
  return total;
}

function newtonDirection(
  features: Float64Array,
  columns: number,
  target: Uint8Array,
  weights: Float64Array,
  ridge: number,
): number[] {
  const size = columns + 1;
  const hessian = new Float64Array(size * size);
  const slope = new Float64Array(size);
  const row = new Float64Array(size);
  row[0] = 1;
  for (let i = 0; i < target.length; i++) {
    for (let j = 0; j < columns; j++) row[j + 1] = float(features, i * columns + j);
    const p = sigmoid(logOdds(features, columns, weights, i));
    const w = p * (1 - p);
    for (let a = 0; a < size; a++) {
      slope[a] = float(slope, a) + (byte(target, i) - p) * float(row, a);
      for (let b = 0; b <= a; b++)
        hessian[a * size + b] = float(hessian, a * size + b) + w * float(row, a) * float(row, b);
    }
  }
  const matrix = Matrix.zeros(size, size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      const own = a === b ? (a === 0 ? 1e-9 : ridge + 1e-9) : 0;
      matrix.set(a, b, float(hessian, a * size + b) + own);
      matrix.set(b, a, float(hessian, a * size + b) + own);
    }
    if (a > 0) slope[a] = float(slope, a) - ridge * float(weights, a);
  }
  return solve(matrix, Matrix.columnVector([...slope])).getColumn(0);
}
