import { lnGamma } from './special-functions.ts';
import { at } from './vectors.ts';

const MAX_TERMS = 200_000;
const TOLERANCE = 1e-16;

/**
 * Gauss's 2F1(a, b; c; z) for real arguments, z < 1.
 *
 * Pfaff's transformation takes z < 0 into (0, 1); Euler's makes c - a - b positive so that the series converges
 * up to z = 1; near 1 the connection formula 15.8.4 of DLMF is used where it loses no digits.
 * Source: DLMF 15.2.1, 15.8.1, 15.8.4. Throws RangeError for z >= 1 or c = 0, -1, -2, ...
 */
export function hypergeometric(a: number, b: number, c: number, z: number): number {
  if (!(z < 1)) throw new RangeError(`2F1 needs z < 1, got ${z}`);
  if (c <= 0 && Number.isInteger(c)) throw new RangeError(`2F1 has a pole at c = ${c}`);
  if (z === 0 || a === 0 || b === 0) return 1;
  if (z < 0) return (1 - z) ** -a * hypergeometric(a, c - b, c, z / (z - 1));
  const excess = c - a - b;
  if (z > 0.9 && canConnect(a, b, c)) return connected(a, b, c, z);
  if (excess < 0) return (1 - z) ** excess * series(c - a, c - b, c, z);
  return series(a, b, c, z);
}

/**
 * 2F1(1, b; c; z) for c > b >= 0 and 0 <= z < 1 by Gauss's continued fraction, which never overflows. Very near z = 1 it
 * would take thousands of steps; there, DLMF 15.8.4 has one short series and a closed form.
 * Source: DLMF 15.7.1 with one parameter 0.
 */
export function hypergeometricOne(b: number, c: number, z: number): number {
  if (z === 0 || b === 0) return 1;
  // c/F = t0 - u1 z/(t1 - u2 z/(t2 - ...)), t_n = c' + n with c' = c - 1; evaluated from the front (Lentz)
  const base = c - 1;
  if (base <= 0) return series(1, b, c, z);
  if (1 - z < NEAR_ONE && b * (1 - z) < 0.5 && Math.abs(base - b - Math.round(base - b)) > 0.02)
    return connectedOne(b, c, z);
  let fraction = base;
  let front = fraction;
  let back = 0;
  for (let n = 1; n < MAX_TERMS; n++) {
    const half = n >> 1;
    const u = n % 2 === 1 ? (b + half) * (base + half) : half * (base - b + half);
    back = 1 / nonZero(base + n - u * z * back);
    front = nonZero(base + n - (u * z) / front);
    const step = front * back;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return base / fraction;
}

const NEAR_ONE = 0.01;

/** c - b - 1 is no whole number; with one parameter 1, the second of the two series is a power of z. */
function connectedOne(b: number, c: number, z: number): number {
  const excess = c - 1 - b;
  let term = 1;
  let near = 1;
  for (let n = 0; n < MAX_TERMS; n++) {
    term *= ((b + n) / (1 - excess + n)) * (1 - z);
    near += term;
    if (n > excess && Math.abs(term) <= TOLERANCE * Math.abs(near)) break;
  }
  const lnFar =
    excess * Math.log1p(-z) - (c - 1) * Math.log(z) + lnGamma(c) - lnGamma(b) - lnGamma(excess + 1);
  return ((c - 1) / excess) * near - (Math.PI / Math.sin(Math.PI * excess)) * Math.exp(lnFar);
}

function series(a: number, b: number, c: number, z: number): number {
  let term = 1;
  let total = 1;
  for (let n = 0; n < MAX_TERMS; n++) {
    term *= ((a + n) / (c + n)) * ((b + n) / (n + 1)) * z;
    total += term;
    if (term === 0) break;
    const settled = n > -a && n > -b && n > -c;
    if (settled && Math.abs(term) <= TOLERANCE * Math.abs(total)) break;
  }
  return total;
}

function canConnect(a: number, b: number, c: number): boolean {
  const excess = c - a - b;
  const moderate = Math.max(Math.abs(a), Math.abs(b), Math.abs(c)) < 30;
  return moderate && Math.abs(excess - Math.round(excess)) > 0.01;
}

function connected(a: number, b: number, c: number, z: number): number {
  const excess = c - a - b;
  const near = gammaRatio([c, excess], [c - a, c - b]) * series(a, b, 1 - excess, 1 - z);
  const far = gammaRatio([c, -excess], [a, b]) * series(c - a, c - b, 1 + excess, 1 - z);
  return near + (1 - z) ** excess * far;
}

/** Product of Gamma(top) over product of Gamma(bottom), with signs; 0 where a bottom one has a pole. */
function gammaRatio(top: readonly [number, number], bottom: readonly [number, number]): number {
  if (bottom.some((v) => v <= 0 && Number.isInteger(v))) return 0;
  const ln = lnGamma(at(top, 0)) + lnGamma(at(top, 1)) - lnGamma(at(bottom, 0)) - lnGamma(at(bottom, 1));
  const sign = [...top, ...bottom].reduce((s, v) => s * gammaSign(v), 1);
  return sign * Math.exp(ln);
}

function gammaSign(x: number): number {
  return x > 0 || Math.floor(x) % 2 === 0 ? 1 : -1;
}

function nonZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}
