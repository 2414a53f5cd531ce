import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Moments,
  NO_MOMENTS,
  standardisedDifference,
  together,
  withoutPart,
} from '../../src/review/difference.ts';

function moments(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    n: values.length,
    mean,
    variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
  };
}

describe('moments', () => {
  it('of the rest are those of the whole without the part', () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(values, values, (part, rest) => {
        const found = withoutPart(moments([...part, ...rest]), moments(part));
        const expected = moments(rest);
        expect(found.n).toBe(expected.n);
        expect(found.mean).toBeCloseTo(expected.mean, 6);
        expect(found.variance).toBeCloseTo(expected.variance, 3);
      }),
    );
  });

  it('of two parts together are those of all', () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const found = together(moments(one), together(NO_MOMENTS, moments(other)));
        const expected = moments([...one, ...other]);
        expect(found.n).toBe(expected.n);
        expect(found.mean).toBeCloseTo(expected.mean, 6);
        expect(found.variance).toBeCloseTo(expected.variance, 3);
      }),
    );
  });

  it('differ by nothing where nothing varies', () => {
    expect(standardisedDifference(moments([1, 1]), moments([2, 2]))).toBeNull();
    expect(withoutPart(moments([1, 2]), moments([1, 2])).n).toBe(0);
  });
});
