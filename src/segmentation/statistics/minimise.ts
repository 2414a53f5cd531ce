import { at } from './vectors.ts';

/** The lowest point found; `converged` is false where the steps ran out before the point settled. */
export type Minimum = { point: number[]; value: number; converged: boolean; evaluations: number };

type Objective = (point: readonly number[]) => number;

/**
 * Minimises a smooth function from each start and returns the best: quasi-Newton (BFGS with central differences;
 * Nocedal & Wright 2006, ch. 6 and 8.1), then Nelder-Mead from there where it has not settled.
 * The function should be of order one (a mean log-likelihood) and its parameters too (logarithms);
 * it may return Infinity outside its domain.
 */
export function minimise(objective: Objective, starts: readonly (readonly number[])[]): Minimum {
  let evaluations = 0;
  const counted: Objective = (point) => {
    evaluations++;
    const value = objective(point);
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  let best: Minimum | undefined;
  for (const start of starts) {
    const found = quasiNewton(counted, start);
    if (best === undefined || found.value < best.value - 1e-10) best = found;
    else if (found.converged && found.value <= best.value + 1e-10) best.converged = true;
  }
  if (best === undefined) throw new RangeError('minimise needs at least one start');
  if (!best.converged) {
    const simplex = nelderMead(counted, best.point);
    const polished = quasiNewton(counted, simplex.point);
    best = polished.value <= simplex.value ? polished : simplex;
  }
  return { ...best, evaluations };
}

/** Central differences, step 1e-4 in each parameter (they are logarithms, so this is relative). */
function gradient(objective: Objective, point: readonly number[], step = 1e-4): number[] {
  return point.map((_, i) => {
    const up = point.map((v, j) => (j === i ? v + step : v));
    const down = point.map((v, j) => (j === i ? v - step : v));
    return (objective(up) - objective(down)) / (2 * step);
  });
}

function quasiNewton(objective: Objective, start: readonly number[], maxSteps = 200): Minimum {
  const size = start.length;
  let point = [...start];
  let value = objective(point);
  if (!Number.isFinite(value))
    return { point, value: Number.POSITIVE_INFINITY, converged: false, evaluations: 0 };
  let slope = gradient(objective, point);
  let inverse = identity(size);
  for (let step = 0; step < maxSteps; step++) {
    if (norm(slope) < 1e-7) return { point, value, converged: true, evaluations: 0 };
    let direction = multiply(inverse, slope).map((v) => -v);
    if (dot(direction, slope) >= 0) {
      inverse = identity(size);
      direction = slope.map((v) => -v);
    }
    // In logarithms a step over 2 is a factor of 7: further than the quadratic can be trusted.
    const longest = Math.max(...direction.map(Math.abs));
    const trust = longest > 2 ? 2 / longest : 1;
    const moved = search(objective, point, value, direction, dot(direction, slope), trust);
    if (moved === undefined) {
      return { point, value, converged: norm(slope) < 1e-4, evaluations: 0 };
    }
    const nextSlope = gradient(objective, moved.point);
    if (!nextSlope.every(Number.isFinite)) return { ...moved, converged: false, evaluations: 0 };
    inverse = updated(inverse, difference(moved.point, point), difference(nextSlope, slope));
    const gain = value - moved.value;
    point = moved.point;
    value = moved.value;
    slope = nextSlope;
    if (gain < 1e-13 && norm(slope) < 1e-5) return { point, value, converged: true, evaluations: 0 };
  }
  return { point, value, converged: false, evaluations: 0 };
}

/** Armijo's rule with halving; nothing where no step along the direction goes down. */
function search(
  objective: Objective,
  point: readonly number[],
  value: number,
  direction: readonly number[],
  descent: number,
  first: number,
): { point: number[]; value: number } | undefined {
  for (let length = first; length > 1e-10; length /= 2) {
    const candidate = point.map((v, i) => v + length * at(direction, i));
    const reached = objective(candidate);
    if (reached <= value + 1e-4 * length * descent && reached < value)
      return { point: candidate, value: reached };
  }
  return undefined;
}

function updated(inverse: number[][], move: number[], turn: number[]): number[][] {
  const curvature = dot(move, turn);
  if (curvature <= 1e-14) return inverse;
  const projected = multiply(inverse, turn);
  const scale = (1 + dot(turn, projected) / curvature) / curvature;
  return inverse.map((row, i) =>
    row.map(
      (v, j) =>
        v +
        scale * at(move, i) * at(move, j) -
        (at(projected, i) * at(move, j) + at(move, i) * at(projected, j)) / curvature,
    ),
  );
}

/** Nelder & Mead 1965 with the usual coefficients (1, 2, 1/2, 1/2). */
function nelderMead(objective: Objective, start: readonly number[], maxSteps = 2000): Minimum {
  type Vertex = { point: number[]; value: number };
  const vertex = (point: number[]): Vertex => ({ point, value: objective(point) });
  let simplex = [vertex([...start])];
  for (let i = 0; i < start.length; i++) simplex.push(vertex(start.map((v, j) => (j === i ? v + 0.3 : v))));
  for (let step = 0; step < maxSteps; step++) {
    simplex.sort((a, b) => a.value - b.value);
    const best = at(simplex, 0);
    const worst = at(simplex, simplex.length - 1);
    const second = at(simplex, simplex.length - 2);
    const spread = Math.max(...worst.point.map((v, i) => Math.abs(v - at(best.point, i))));
    if (worst.value - best.value < 1e-12 && spread < 1e-6)
      return { ...best, converged: true, evaluations: 0 };
    const centre = start.map((_, i) => {
      let total = 0;
      for (const v of simplex) if (v !== worst) total += at(v.point, i);
      return total / start.length;
    });
    const along = (factor: number) => vertex(centre.map((c, i) => c + factor * (at(worst.point, i) - c)));
    const reflected = along(-1);
    const kept = simplex.slice(0, -1);
    if (reflected.value < best.value) {
      const expanded = along(-2);
      simplex = [...kept, expanded.value < reflected.value ? expanded : reflected];
    } else if (reflected.value < second.value) {
      simplex = [...kept, reflected];
    } else {
      const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
      if (contracted.value < Math.min(reflected.value, worst.value)) simplex = [...kept, contracted];
      else simplex = simplex.map((v) => vertex(v.point.map((p, i) => (p + at(best.point, i)) / 2)));
    }
  }
  simplex.sort((a, b) => a.value - b.value);
  return { ...at(simplex, 0), converged: false, evaluations: 0 };
}

function identity(size: number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)));
}

function multiply(matrix: number[][], vector: readonly number[]): number[] {
  return matrix.map((row) => dot(row, vector));
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((total, v, i) => total + v * at(right, i), 0);
}

function difference(left: readonly number[], right: readonly number[]): number[] {
  return left.map((v, i) => v - at(right, i));
}

function norm(vector: readonly number[]): number {
  return Math.max(...vector.map(Math.abs));
}
