import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttributeTable } from '../../../src/segmentation/statistics/attribute-table.ts';
import {
  areaUnderCurve,
  brierScore,
  calibrationByDecile,
  liftAt,
} from '../../../src/segmentation/statistics/classification-quality.ts';
import { evidenceTrend } from '../../../src/segmentation/statistics/evidence-trend.ts';
import { idealProfile } from '../../../src/segmentation/statistics/ideal-profile.ts';
import { fitLogistic } from '../../../src/segmentation/statistics/logistic.ts';
import { findLookalikes } from '../../../src/segmentation/statistics/lookalike.ts';
import { randomFrom } from '../../../src/segmentation/statistics/random.ts';
import { gradeOf, learnScorecard, type Scorecard } from '../../../src/segmentation/statistics/scorecard.ts';
import { isLeakSuspect } from '../../../src/segmentation/statistics/scorecard-leaks.ts';
import {
  fitPoints,
  probabilityOf,
  scoreRow,
  scoreSubject,
} from '../../../src/segmentation/statistics/scorecard-points.ts';
import {
  chanceOf,
  learnWoe,
  readIv,
  woeOf,
} from '../../../src/segmentation/statistics/weight-of-evidence.ts';

/** Deals won more often by software companies with many employees; `noise` says nothing. */
function deals(rows: number, seed = 1) {
  const random = randomFrom(seed);
  const industry = Array.from({ length: rows }, () =>
    random.uniform() < 0.4 ? 'software' : random.uniform() < 0.5 ? 'retail' : 'health',
  );
  const employees = Array.from({ length: rows }, () =>
    random.uniform() < 0.1 ? null : Math.round(Math.exp(4 + random.normal())),
  );
  const noise = Array.from({ length: rows }, () => random.normal());
  const won = industry.map((value, i) => {
    const logOdds = -1 + (value === 'software' ? 1.2 : 0) + 0.6 * Math.log((employees[i] ?? 50) / 50);
    return random.uniform() < 1 / (1 + Math.exp(-logOdds));
  });
  const table: AttributeTable = {
    rows,
    columns: [
      { name: 'industry', kind: 'category', values: industry },
      { name: 'employees', kind: 'number', values: employees },
      { name: 'noise', kind: 'number', values: noise },
    ],
  };
  return { table, won: (row: number) => won[row] ?? false };
}

function learned(card: ReturnType<typeof learnScorecard>): Scorecard {
  if (card.kind !== 'learned') throw new Error(card.reason);
  return card;
}

describe('weight of evidence', () => {
  const table: AttributeTable = {
    rows: 100,
    columns: [
      {
        name: 'channel',
        kind: 'category',
        values: Array.from({ length: 100 }, (_, i) => (i < 60 ? 'web' : 'fair')),
      },
    ],
  };

  test('is what one gets by hand', () => {
    // web: 40 won, 20 lost; fair: 10 won, 30 lost
    const [channel] = learnWoe(table, (i) => i < 40 || i >= 90);
    const web = Math.log(40 / 50 / (20 / 50));
    const fair = Math.log(10 / 50 / (30 / 50));
    expect(channel?.bins.map((bin) => bin.woe)).toEqual([expect.closeTo(web, 12), expect.closeTo(fair, 12)]);
    expect(channel?.iv).toBeCloseTo(0.4 * web - 0.4 * fair, 12);
    expect(channel?.reading).toBe('suspicious');
    if (channel)
      expect([woeOf(channel, 'web'), woeOf(channel, 'post'), woeOf(channel, null)]).toEqual([web, 0, 0]);
  });

  test('an empty cell counts half a case and stays finite; constants are left out', () => {
    const [channel] = learnWoe(table, (i) => i < 60);
    expect(channel?.bins.every((bin) => Number.isFinite(bin.woe))).toBe(true);
    expect(
      learnWoe({ rows: 3, columns: [{ name: 'a', kind: 'number', values: [1, 1, 1] }] }, (i) => i === 0),
    ).toEqual([]);
    expect([0.01, 0.05, 0.2, 0.4, 0.6].map(readIv)).toEqual([
      'useless',
      'weak',
      'medium',
      'strong',
      'suspicious',
    ]);
  });
});

describe('evidence drawn to its trend', () => {
  const bins = (counts: [number, number][]) =>
    counts.map(([positives, negatives]) => ({ positives, negatives }));
  const raw = (counts: [number, number][]) => counts.map(([p, n]) => Math.log(p / n));

  test('is the trend where chance explains the rest, and is as seen where there are many cases', () => {
    const few: [number, number][] = [
      [5, 10],
      [6, 9],
      [9, 8],
      [8, 8],
      [10, 5],
    ];
    const drawn = evidenceTrend(bins(few), raw(few))?.drawn ?? [];
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(drawn).not.toEqual(raw(few));
    const many: [number, number][] = [
      [9000, 3000],
      [3000, 9000],
      [3000, 9000],
      [9000, 3000],
    ];
    const kept = evidenceTrend(bins(many), raw(many))?.drawn ?? [];
    for (const [i, value] of kept.entries()) expect(value).toBeCloseTo(raw(many)[i] ?? 0, 2);
    expect(evidenceTrend(bins(few.slice(0, 2)), raw(few.slice(0, 2)))).toBeNull();
  });

  test('lies between the line and what was seen, and a common factor moves all alike', () => {
    const count = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(count, count), { minLength: 3, maxLength: 10 }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        (counts, shift) => {
          const [seen, trend] = [raw(counts), evidenceTrend(bins(counts), raw(counts))];
          const moved = evidenceTrend(
            bins(counts),
            seen.map((value) => value + shift),
          );
          const [low, high] = [Math.min(...seen), Math.max(...seen)];
          const width = high - low + 1e-9;
          trend?.drawn.forEach((value, i) => {
            expect(value).toBeGreaterThan(low - width);
            expect(value).toBeLessThan(high + width);
            expect(moved?.drawn[i]).toBeCloseTo(value + shift, 6);
          });
          expect(trend?.chance).toBeGreaterThanOrEqual(0);
          expect(trend?.chance).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('evidence and chance', () => {
  const numbers = (values: number[]): AttributeTable => ({
    rows: values.length,
    columns: [{ name: 'a', kind: 'number', values }],
  });

  test('the chance of evidence is the p of the chi-square of its table', () => {
    // scipy.stats.chi2_contingency([[30, 20], [22, 28], [18, 32]], correction=False): scipy 1.10.1
    const values = Array.from({ length: 150 }, (_, i) => ['x', 'y', 'z'][Math.floor(i / 50)] ?? '');
    const won = (i: number) => i % 50 < ([30, 22, 18][Math.floor(i / 50)] ?? 0);
    const [attribute] = learnWoe({ rows: 150, columns: [{ name: 'a', kind: 'category', values }] }, won);
    expect(attribute && chanceOf(attribute)).toBeCloseTo(0.04978706836786397, 8);
  });

  test.each([
    [100, 5],
    [160, 8],
    [4000, 10],
  ])('numbers of %i cases are cut into %i bins', (rows, bins) => {
    const values = Array.from({ length: rows }, (_, i) => i);
    expect(learnWoe(numbers(values), (i) => i % 2 === 0)[0]?.bins).toHaveLength(bins);
  });

  test('what chance could tell gets no points, and that is said', () => {
    const random = randomFrom(11);
    const toss = Array.from({ length: 400 }, () => random.normal());
    const signal = Array.from({ length: 400 }, () => random.normal());
    const won = signal.map((v) => random.uniform() < 1 / (1 + Math.exp(-v)));
    const card = learned(
      learnScorecard(
        {
          rows: 400,
          columns: [
            { name: 'toss', kind: 'number', values: toss },
            { name: 'signal', kind: 'number', values: signal },
          ],
        },
        (i) => won[i] ?? false,
      ),
    );
    expect(card.attributes.map(({ column }) => column)).toEqual(['signal']);
    expect(card.warnings).toContain('toss tells no more than chance would and got no points.');
  });
});

describe('logistic regression', () => {
  test('without penalty, one binary feature gives the odds ratio of the table', () => {
    // 30 of 40 against 10 of 40
    const features = Float64Array.from({ length: 80 }, (_, i) => (i < 40 ? 1 : 0));
    const fit = fitLogistic(features, 1, (i) => i < 30 || i >= 70, { ridge: 0 });
    expect(fit.converged).toBe(true);
    expect(fit.intercept).toBeCloseTo(Math.log(10 / 30), 6);
    expect(fit.coefficients[0]).toBeCloseTo(Math.log(9), 6);
    expect(fit.logLikelihood).toBeCloseTo(2 * (30 * Math.log(0.75) + 10 * Math.log(0.25)), 6);
  });

  test('separated and constant features stay finite', () => {
    const features = Float64Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? (i < 40 ? 1 : -1) : 7));
    const fit = fitLogistic(features, 2, (i) => i < 20);
    expect([fit.intercept, ...fit.coefficients].every(Number.isFinite)).toBe(true);
    expect(fit.coefficients[0]).toBeGreaterThan(1);
  });
});

describe('quality', () => {
  test("AUC counts ties half and has DeLong's interval", () => {
    expect(areaUnderCurve([0.1, 0.4, 0.35, 0.8], [false, false, true, true])?.value).toBeCloseTo(0.75, 12);
    expect(areaUnderCurve([1, 1, 1, 1], [true, false, true, false])).toEqual({
      value: 0.5,
      low: 0.5,
      high: 0.5,
    });
    expect(areaUnderCurve([1, 2], [true, true])).toBeNull();
  });

  test('AUC is the share of pairs in order, and turning scores round turns it round', () => {
    const cases = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), {
      minLength: 2,
      maxLength: 40,
    });
    fc.assert(
      fc.property(cases, (pairs) => {
        const scores = pairs.map(([score]) => score);
        const outcomes = pairs.map(([, outcome]) => outcome);
        const auc = areaUnderCurve(scores, outcomes);
        fc.pre(auc !== null);
        let total = 0;
        let count = 0;
        for (const [p, won] of pairs) {
          for (const [n, lost] of pairs) {
            if (!won || lost) continue;
            count++;
            total += p > n ? 1 : p === n ? 0.5 : 0;
          }
        }
        expect(auc?.value).toBeCloseTo(total / count, 10);
        expect(
          areaUnderCurve(
            scores.map((s) => -s),
            outcomes,
          )?.value,
        ).toBeCloseTo(1 - total / count, 10);
      }),
      { seed: 12 },
    );
  });

  test('Brier, lift and calibration', () => {
    expect(brierScore([1, 0, 0.5], [true, false, true])).toBeCloseTo(0.25 / 3, 12);
    expect(liftAt([9, 8, 1, 1], [true, true, false, false], 0.5)).toBe(2);
    expect(liftAt([1, 1, 1, 1], [true, true, false, false], 0.25)).toBe(1);
    expect(liftAt([1], [false], 0.5)).toBeNull();
    const bins = calibrationByDecile(
      Array.from({ length: 100 }, (_, i) => i / 100),
      Array.from({ length: 100 }, (_, i) => i >= 50),
    );
    expect(bins).toHaveLength(10);
    expect(bins[9]).toMatchObject({ count: 10, observed: 1 });
  });
});

describe('scorecard', () => {
  const { table, won } = deals(2000);
  const card = learned(learnScorecard(table, won));

  test('finds what matters and passes over noise', () => {
    expect(card.attributes.map((attribute) => attribute.column).sort()).toEqual(['employees', 'industry']);
    expect(card.validation.auc?.value).toBeGreaterThan(0.65);
    expect(card.validation).toMatchObject({ verdict: 'useful', split: 'cross_validation', cases: 2000 });
    expect(card.validation.brier).toBeLessThan(card.validation.baseBrier);
    expect(card.validation.liftTop10).toBeGreaterThan(1.3);
    for (const bin of card.validation.calibration)
      expect(Math.abs(bin.expected - bin.observed)).toBeLessThan(0.12);
  });

  test('points add up, 20 of them double the odds, and every subject has a grade', () => {
    const software = scoreSubject(card.attributes, (column) => (column === 'industry' ? 'software' : 200));
    const retail = scoreSubject(card.attributes, (column) => (column === 'industry' ? 'retail' : 5));
    expect(software).toBeGreaterThan(retail);
    const points = card.attributes.map(({ bins }) => bins.map((bin) => bin.points));
    expect(points.flat().every(Number.isInteger)).toBe(true);
    const odds = (score: number) =>
      probabilityOf(score, card.intercept) / (1 - probabilityOf(score, card.intercept));
    expect(odds(70) / odds(50)).toBeCloseTo(2, 9);
    expect(gradeOf(999, card.grades)).toBe('A');
    expect(gradeOf(-999, card.grades)).toBe('D');
  });

  test('an unseen choice and an unknown attribute cost nothing', () => {
    expect(scoreSubject(card.attributes, () => 'zoo')).toBe(50);
  });

  test('with times, the last cases are kept for the check', () => {
    const times = Array.from({ length: 2000 }, (_, i) => i);
    expect(learned(learnScorecard(table, won, { times })).validation).toMatchObject({
      split: 'time',
      cases: 600,
      verdict: 'useful',
    });
  });

  test('no later cases to judge it on: no AUC, and that is said', () => {
    const fit = learned(learnScorecard(table, won, { times: Array.from({ length: 2000 }, () => 1) }));
    expect(fit.validation).toMatchObject({ auc: null, verdict: 'unknown' });
    expect(fit.warnings.join()).toContain('could not be checked');
  });

  test('chance is called chance, but for about one time in thirty', () => {
    const verdicts = Array.from({ length: 12 }, (_, seed) => {
      const random = randomFrom(seed + 20);
      const coins = Array.from({ length: 300 }, () => random.uniform() < 0.5);
      const { columns } = deals(300, seed + 20).table;
      return learned(learnScorecard({ rows: 300, columns }, (i) => coins[i] ?? false));
    });
    const fair = verdicts.filter(({ validation }) => validation.verdict === 'no_better_than_chance');
    expect(fair.length).toBeGreaterThanOrEqual(11);
    expect(fair[0]?.warnings.join()).toContain('no better than chance');
  });

  test('on few cases of a steady rise it comes near plain logistic regression', () => {
    const made = (rows: number, seed: number) => {
      const random = randomFrom(seed);
      const values = Array.from({ length: 5 }, () => Array.from({ length: rows }, () => random.normal()));
      const odds = (i: number) => values.reduce((sum, own, j) => sum + (0.8 - 0.15 * j) * (own[i] ?? 0), 0);
      const won = Array.from({ length: rows }, (_, i) => random.uniform() < 1 / (1 + Math.exp(-odds(i))));
      const columns = values.map((own, j) => ({ name: `x${j}`, kind: 'number' as const, values: own }));
      const features = Float64Array.from(
        { length: rows * 5 },
        (_, at) => values[at % 5]?.[Math.floor(at / 5)] ?? 0,
      );
      return { table: { rows, columns }, won, features };
    };
    const gaps = [1, 2, 3, 4, 5, 6].map((seed) => {
      const [past, later] = [made(300, seed), made(2_000, seed + 100)];
      const card = fitPoints(past.table, (i) => past.won[i] ?? false);
      const plain = fitLogistic(past.features, 5, (i) => past.won[i] ?? false);
      const auc = (score: (i: number) => number) =>
        areaUnderCurve(
          later.won.map((_, i) => score(i)),
          later.won,
        )?.value ?? 0;
      const linear = (i: number) =>
        plain.coefficients.reduce((sum, w, j) => sum + w * (later.features[i * 5 + j] ?? 0), 0);
      return auc(linear) - auc((i) => scoreRow(card.attributes, later.table, i));
    });
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeLessThan(0.035);
  });

  test('under ten events a parameter the points are set by hand', () => {
    const few = deals(40);
    const result = learnScorecard(few.table, few.won);
    expect(result).toMatchObject({ kind: 'by_hand', reason: expect.stringContaining('under 10 each') });
    if (result.kind !== 'by_hand') throw new Error('learned from too little');
    expect(result.reason).toMatch(/choose one \(alone, \w+ tells most\), or set the points by hand\.$/);
  });

  test('attributes that know the answer are named', () => {
    expect(
      ['deal_stage', 'close_date', 'owner_id', 'lost_reason', 'amount', 'industry', 'employees'].map(
        isLeakSuspect,
      ),
    ).toEqual([true, true, true, true, true, false, false]);
    const leaky: AttributeTable = {
      rows: 2000,
      columns: [
        ...table.columns,
        {
          name: 'deal_stage',
          kind: 'category',
          values: Array.from({ length: 2000 }, (_, i) => (won(i) ? 'closed' : 'open')),
        },
      ],
    };
    const safe = learned(learnScorecard(leaky, won));
    expect(safe.warnings[0]).toContain('deal_stage may be known only after the outcome and were left out');
    const warned = learned(learnScorecard(leaky, won, { leaks: 'warn' }));
    expect(warned.warnings.join()).toContain('suspiciously well');
    expect(warned.validation.auc?.value).toBe(1);
  });

  test('all won is refused by name', () => {
    expect(() => learnScorecard(table, () => true)).toThrow(expect.objectContaining({ code: 'one-outcome' }));
  });

  test('the profile says in words what won customers share', () => {
    const { sentences } = idealProfile(table, won);
    expect(sentences.join()).toMatch(/industry is software: [\d.]+% against [\d.]+%/);
    expect(sentences.join()).not.toContain('noise');
  });
});

describe('lookalike', () => {
  const { table } = deals(3000, 3);
  const industry = table.columns[0]?.values ?? [];

  test('ranks those like the seed first and leaves the seed out', () => {
    const isSeed = (row: number) => industry[row] === 'software' && row < 500;
    const { ranked, card } = findLookalikes(table, isSeed);
    expect(card.kind).toBe('learned');
    expect(ranked.some(({ row }) => isSeed(row))).toBe(false);
    expect(ranked.slice(0, 100).every(({ row }) => industry[row] === 'software')).toBe(true);
  });

  test('a handful of seeds is refused', () => {
    expect(() => findLookalikes(table, (row) => row < 5)).toThrow(
      expect.objectContaining({ code: 'too-few-seeds' }),
    );
  });
});
