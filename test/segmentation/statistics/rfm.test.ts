import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fixedCuts,
  histogramOf,
  rankCuts,
  scoreOf,
} from '../../../src/segmentation/statistics/cut-points.ts';
import { learnRfm, scoreRfm } from '../../../src/segmentation/statistics/rfm.ts';
import {
  checkRfmMap,
  RFM_GRID,
  type RfmMap,
  rfmSegmentOf,
} from '../../../src/segmentation/statistics/rfm-maps.ts';
import { quantileOfSorted } from '../../../src/segmentation/statistics/vectors.ts';

const cutsOf = (values: number[]) => rankCuts(histogramOf(values), 5);

describe('cut points', () => {
  test('are the quantiles of R and numpy', () => {
    expect(cutsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).cuts).toEqual(
      [2.8, 4.6, 6.4, 8.2].map((v) => expect.closeTo(v, 12)),
    );
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const sorted = Float64Array.from(values).sort();
        cutsOf(values).cuts.forEach((cut, i) => {
          expect(cut).toBeCloseTo(quantileOfSorted(sorted, (i + 1) / 5), 6);
        });
      }),
      { seed: 6 },
    );
  });

  test('equal values share a score, larger ones never score lower, and scores run from 1 to 5', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1 }), (values) => {
        const { cuts, used } = cutsOf(values);
        expect(cuts).toHaveLength(4);
        const scores = values.toSorted((a, b) => a - b).map((value) => scoreOf(value, cuts));
        expect(scores).toEqual(scores.toSorted((a, b) => a - b));
        expect([...new Set(scores)]).toEqual(used);
        expect(scores.every((score) => score >= 1 && score <= 5)).toBe(true);
        values.forEach((value) => {
          expect(scoreOf(value, cuts, 'low')).toBe(6 - scoreOf(value, cuts));
        });
      }),
      { seed: 7 },
    );
  });

  test('where most bought once, scores are skipped and that is said', () => {
    const values = [...Array<number>(70).fill(1), ...Array<number>(20).fill(2), ...Array<number>(10).fill(9)];
    const { cuts, used, warnings } = rankCuts(histogramOf(values), 5, 'frequency');
    expect(cuts).toEqual([1, 1, 1, 2]);
    expect(used).toEqual([1, 4, 5]);
    expect(warnings).toEqual(['frequency: only 3 of 5 scores are in use, because many have the same value.']);
    expect(cutsOf([7, 7, 7]).warnings.join()).toContain('all values are equal');
  });

  test('cents count: values a cent over a cut point score higher', () => {
    const { cuts } = fixedCuts([10, 20, 30, 40], histogramOf([5]));
    expect([10, 10.01, 40, 40.01].map((value) => scoreOf(value, cuts))).toEqual([1, 2, 4, 5]);
  });

  test.each([
    ['nobody', () => cutsOf([]), 'no-values'],
    ['NaN', () => cutsOf([1, Number.NaN]), 'values-unreadable'],
    ['falling thresholds', () => fixedCuts([3, 2], histogramOf([1])), 'cut-points-order'],
  ])('%s is refused by name', (_, act, code) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

/**
 * Recency x mean of frequency and monetary, after Putler's table, whose ranges overlap. Its usual order leaves
 * Can't lose, New and Promising empty, so here the narrow segments come first; Lost, which Hibernating would hide,
 * is held to the lowest corner.
 */
const VALUE_MAP: RfmMap = {
  key: 'value',
  name: 'Recency, frequency and value',
  segments: [
    { key: 'cant_lose', name: "Can't lose them", areas: [{ r: [1, 1], fm: [4, 5] }], attention: 'at_risk' },
    { key: 'promising', name: 'Promising', areas: [{ r: [3, 4], fm: [1, 1] }] },
    { key: 'new', name: 'New customers', areas: [{ r: [5, 5], fm: [1, 1] }], attention: 'new' },
    { key: 'lost', name: 'Lost', areas: [{ r: [1, 1], fm: [1, 1.5] }] },
    { key: 'champions', name: 'Champions', areas: [{ r: [4, 5], fm: [4, 5] }] },
    {
      key: 'hibernating',
      name: 'Hibernating',
      areas: [
        { r: [1, 2], fm: [1, 1.5] },
        { r: [1, 1], fm: [2, 2] },
      ],
    },
    {
      key: 'about_to_sleep',
      name: 'About to sleep',
      areas: [{ r: [2, 3], fm: [1, 2] }],
      attention: 'at_risk',
    },
    {
      key: 'need_attention',
      name: 'Need attention',
      areas: [{ r: [2, 3], fm: [2, 3] }],
      attention: 'at_risk',
    },
    { key: 'potential_loyalist', name: 'Potential loyalists', areas: [{ r: [3, 5], fm: [1, 3] }] },
    { key: 'at_risk', name: 'At risk', areas: [{ r: [1, 2], fm: [2, 5] }], attention: 'at_risk' },
    { key: 'loyal', name: 'Loyal customers', areas: [{ r: [2, 5], fm: [3, 5] }] },
  ],
};

describe('maps', () => {
  test('the grid covers all 125 cells exactly once', () => {
    expect(checkRfmMap(RFM_GRID)).toEqual({ uncovered: [], overlapping: [], hidden: [] });
  });

  test.each([
    ['55', 'champions'],
    ['54', 'champions'],
    ['45', 'loyal'],
    ['34', 'loyal'],
    ['53', 'potential_loyalist'],
    ['42', 'potential_loyalist'],
    ['51', 'new'],
    ['41', 'promising'],
    ['33', 'need_attention'],
    ['32', 'about_to_sleep'],
    ['31', 'about_to_sleep'],
    ['25', 'cant_lose'],
    ['14', 'at_risk'],
    ['23', 'at_risk'],
    ['12', 'hibernating'],
    ['21', 'hibernating'],
  ])('R and F of %s are %s', (rf, key) => {
    expect(rfmSegmentOf(RFM_GRID, Number(rf[0]), Number(rf[1]), 3)?.key).toBe(key);
  });

  test('a map by the mean of frequency and money, down to halves, covers everyone and hides no segment', () => {
    const { uncovered, hidden } = checkRfmMap(VALUE_MAP);
    expect({ uncovered, hidden }).toEqual({ uncovered: [], hidden: [] });
  });

  test('a map with holes, or one that hides a segment, is refused', () => {
    const map = (segments: RfmMap['segments']): RfmMap => ({ key: 'own', name: 'Own', segments });
    const histogram = histogramOf([1, 2, 3]);
    const learn = (own: RfmMap) => () =>
      learnRfm({ recency: histogram, frequency: histogram, monetary: histogram }, { map: own });
    expect(learn(map([{ key: 'top', name: 'Top', areas: [{ r: [4, 5] }] }]))).toThrow(
      expect.objectContaining({ code: 'rfm-map-holes' }),
    );
    const hiding = map([
      { key: 'all', name: 'All', areas: [{}] },
      { key: 'top', name: 'Top', areas: [{ r: [5, 5] }] },
    ]);
    expect(learn(hiding)).toThrow(expect.objectContaining({ code: 'rfm-map-hidden' }));
  });
});

test('recent, frequent and generous customers are champions; long gone single buyers hibernate', () => {
  const customers = Array.from({ length: 50 }, (_, i) => ({
    recency: 1 + i * 7,
    frequency: 50 - i,
    monetary: 5000 - i,
  }));
  const model = learnRfm({
    recency: histogramOf(customers.map((c) => c.recency)),
    frequency: histogramOf(customers.map((c) => c.frequency)),
    monetary: histogramOf(customers.map((c) => c.monetary)),
  });
  expect(scoreRfm(model, { recency: 1, frequency: 50, monetary: 5000 })).toEqual({
    r: 5,
    f: 5,
    m: 5,
    segment: 'champions',
  });
  expect(scoreRfm(model, { recency: 999, frequency: 0, monetary: 0 })).toEqual({
    r: 1,
    f: 1,
    m: 1,
    segment: 'hibernating',
  });
  expect(model.warnings).toEqual([]);
});
