/** How many, their mean, and the population variance. */
export type Moments = { n: number; mean: number; variance: number };

export const NO_MOMENTS: Moments = { n: 0, mean: 0, variance: 0 };

/** The moments of two parts together (Chan, Golub & LeVeque 1979). */
export function together(one: Moments, other: Moments): Moments {
  if (one.n === 0) return other;
  if (other.n === 0) return one;
  const n = one.n + other.n;
  const apart = other.mean - one.mean;
  const squares = one.variance * one.n + other.variance * other.n + (apart ** 2 * one.n * other.n) / n;
  return { n, mean: one.mean + (apart * other.n) / n, variance: squares / n };
}

/** The moments of a whole without one of its parts. */
export function withoutPart(whole: Moments, part: Moments): Moments {
  const n = whole.n - part.n;
  if (n <= 0) return { n: 0, mean: Number.NaN, variance: Number.NaN };
  const mean = (whole.mean * whole.n - part.mean * part.n) / n;
  // `together`, turned round: the squares of the whole less those of the part and between the two.
  const between = ((part.mean - mean) ** 2 * part.n * n) / whole.n;
  const squares = whole.variance * whole.n - part.variance * part.n - between;
  return { n, mean, variance: Math.max(0, squares / n) };
}

/** Difference of two means in pooled standard deviations; null where nothing varies or a side is empty. */
export function standardisedDifference(members: Moments, others: Moments): number | null {
  if (members.n === 0 || others.n === 0) return null;
  const spread = Math.sqrt((members.variance + others.variance) / 2);
  const difference = members.mean - others.mean;
  return spread > 0 && Number.isFinite(difference / spread) ? difference / spread : null;
}
