import { expect, it } from 'vitest';
import { medianOf, rateMetric } from '../../src/review/metrics.ts';

it.each<[{ value: number; n: number }[], number | undefined]>([
  [[], undefined],
  [[{ value: 3, n: 1 }], 3],
  [
    [
      { value: 9, n: 1 },
      { value: 1, n: 1 },
    ],
    5,
  ],
  [
    [
      { value: 9, n: 2 },
      { value: 1, n: 1 },
    ],
    9,
  ],
  [
    [
      { value: 2, n: 5 },
      { value: 1, n: 5 },
    ],
    1.5,
  ],
])('the median of %j is %s', (histogram, median) => {
  expect(medianOf(histogram)?.median).toBe(median);
});

it('a rate tells nothing under 10, and too few under 30', () => {
  expect(rateMetric('retention', { successes: 3, trials: 9 }, [])).toMatchObject({
    trials: null,
    rate: null,
    tooFew: true,
  });
  expect(rateMetric('retention', { successes: 3, trials: 29 }, [])).toMatchObject({
    trials: 29,
    tooFew: true,
  });
  expect(rateMetric('retention', { successes: 3, trials: 30 }, [])).toMatchObject({
    rate: { value: 0.1 },
    tooFew: false,
  });
  expect(rateMetric('retention', { successes: 0, trials: 0 }, [])).toMatchObject({ trials: 0, rate: null });
});
