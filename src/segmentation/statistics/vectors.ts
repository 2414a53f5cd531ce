/** Reads one element; a missing one is a mistake of ours, so it throws instead of becoming NaN later. */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no element ${index} of ${values.length}`);
  return value;
}

/**
 * As `at`, for the innermost loops: one function a kind of array, because the engine specialises a function that
 * always sees the same kind, and `at` sees them all (measured: six times slower there). The index must be right.
 */
export function float(values: Float64Array, index: number): number {
  return values[index] as number;
}

export function int(values: Int32Array, index: number): number {
  return values[index] as number;
}

export function byte(values: Uint8Array, index: number): number {
  return values[index] as number;
}

export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += at(values, i);
  return total;
}

/** Arithmetic mean; 0 of an empty list. */
export function mean(values: ArrayLike<number>): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** Variance around the mean with divisor n - `ddof`; 0 where that is not positive. */
export function variance(values: ArrayLike<number>, ddof: 0 | 1 = 1): number {
  const divisor = values.length - ddof;
  if (divisor <= 0) return 0;
  const centre = mean(values);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += (at(values, i) - centre) ** 2;
  return total / divisor;
}

export function standardDeviation(values: ArrayLike<number>, ddof: 0 | 1 = 1): number {
  return Math.sqrt(variance(values, ddof));
}

/** Pearson's correlation; 0 where either side is constant (there is nothing to be tied to). */
export function correlation(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const centreLeft = mean(left);
  const centreRight = mean(right);
  let product = 0;
  let squareLeft = 0;
  let squareRight = 0;
  for (let i = 0; i < left.length; i++) {
    const dl = at(left, i) - centreLeft;
    const dr = at(right, i) - centreRight;
    product += dl * dr;
    squareLeft += dl * dl;
    squareRight += dr * dr;
  }
  const scale = Math.sqrt(squareLeft) * Math.sqrt(squareRight);
  return scale > 0 ? Math.max(-1, Math.min(1, product / scale)) : 0;
}

/** Quantile of ascending values, linear between order statistics (type 7 of R and the default of numpy). */
export function quantileOfSorted(sorted: ArrayLike<number>, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = at(sorted, below);
  const high = at(sorted, Math.min(below + 1, sorted.length - 1));
  return low + (position - below) * (high - low);
}

export function median(values: ArrayLike<number>): number {
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}

/** Average ranks from 1; equal values share the mean of their ranks. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => at(values, a) - at(values, b),
  );
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && at(values, at(order, end)) === at(values, at(order, start))) end++;
    for (let i = start; i < end; i++) ranks[at(order, i)] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
