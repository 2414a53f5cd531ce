import { InputError } from '../../errors.ts';
import { assessApplicability } from './applicability.ts';
import { pickTableRows } from './attribute-table.ts';
import { expectedPurchasesBgNbd, fitBgNbd, pAliveBgNbd } from './bg-nbd.ts';
import { placeOnAxes } from './cluster-axes.ts';
import { learnClusters } from './clusters.ts';
import { histogramOf } from './cut-points.ts';
import {
  type FileRow,
  findColumn,
  numberCell,
  requireColumn,
  requiredNumber,
  tableOf,
  unreadable,
} from './file-columns.ts';
import { expectedSpend, fitGammaGamma } from './gamma-gamma.ts';
import { type Holdout, holdoutTable } from './holdout.ts';
import { nearestCentroid } from './k-means.ts';
import { dayNumber, type LearnOptions } from './learn-options.ts';
import { expectedPurchasesMbgNbd, fitMbgNbd, pAliveMbgNbd } from './mbg-nbd.ts';
import { expectedPurchasesParetoNbd, fitParetoNbd, pAliveParetoNbd } from './pareto-nbd.ts';
import { pointsOf, squaredDistance } from './points.ts';
import type { Fit } from './purchase-fit.ts';
import type { PurchaseRow } from './purchases.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { learnRfm, type RfmValues, scoreRfm } from './rfm.ts';
import { gradeOf, learnScorecard } from './scorecard.ts';
import { probabilityOf, scoreRow } from './scorecard-points.ts';
import {
  type CustomerSummary,
  type PurchaseSummary,
  summarisePurchases,
  type Transaction,
} from './summary.ts';
import { at } from './vectors.ts';

/** What `learn` prints; parts that a method does not have are absent. */
export type LearnOutput = {
  method: LearnOptions['method'];
  /** Customers, rows or cases learned from. */
  n: number;
  parameters?: Record<string, number>;
  standardErrors?: Record<string, number>;
  logLikelihood?: number;
  converged?: boolean;
  warnings: string[];
  cutPoints?: { recency: number[]; frequency: number[]; monetary: number[] };
  segments?: { segment: string; size: number; revenue: number }[];
  holdout?: Holdout;
  clusters?: {
    k: number;
    inertia: number;
    silhouette: number | null;
    centers: number[][];
    sizes: number[];
    candidates?: { k: number; inertia: number; silhouette: number | null }[];
  };
  auc?: number;
  aucInterval?: [number, number];
};

/** One line per customer: its name, then one value per score. */
export type LearnedScores = { names: string[]; lines: Iterable<(string | number)[]> };
export type Learned = { output: LearnOutput; scores: LearnedScores };

/** Clusters are fitted on at most this many rows and then assigned to all. */
export const CLUSTER_FIT_ROWS = 50_000;
const YEAR = { day: 365, week: 52 } as const;

/**
 * Learns one method from the rows of a file. Pure: the same rows, options and seed give the same answer.
 * Throws InputError for anything that cannot be learned from, with the row or column in the message.
 */
export function learnFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  if (rows.length === 0) {
    throw new InputError('no-rows', 'The file has no rows. Nothing was learned.', {
      action: 'Give a CSV with a header and rows.',
    });
  }
  switch (options.method) {
    case 'rfm':
      return learnRfmFile(rows, options);
    case 'gamma-gamma':
      return learnSpendFile(rows, options);
    case 'clusters':
      return learnClustersFile(rows, options);
    case 'scorecard':
      return learnScorecardFile(rows, options);
    default:
      return learnPurchasesFile(rows, options);
  }
}

// Purchases

type NamedFit = {
  fit: Fit<string>;
  alive(row: PurchaseRow): number;
  expected(row: PurchaseRow, t: number): number;
};

function fitNamed(method: LearnOptions['method'], rows: readonly PurchaseRow[]): NamedFit {
  if (method === 'pareto-nbd') {
    const fit = fitParetoNbd(rows);
    return {
      fit,
      alive: (row) => pAliveParetoNbd(fit.parameters, row),
      expected: (row, t) => expectedPurchasesParetoNbd(fit.parameters, row, t),
    };
  }
  if (method === 'mbg-nbd') {
    const fit = fitMbgNbd(rows);
    return {
      fit,
      alive: (row) => pAliveMbgNbd(fit.parameters, row),
      expected: (row, t) => expectedPurchasesMbgNbd(fit.parameters, row, t),
    };
  }
  const fit = fitBgNbd(rows);
  return {
    fit,
    alive: (row) => pAliveBgNbd(fit.parameters, row),
    expected: (row, t) => expectedPurchasesBgNbd(fit.parameters, row, t),
  };
}

function learnPurchasesFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const { customers, holdoutLength, warnings } = purchasesOf(rows, options, ['frequency', 'recency', 't']);
  const { fit, alive, expected } = fitNamed(options.method, customers);
  const horizon = holdoutLength > 0 ? holdoutLength : YEAR[options.unit];
  const unitDays = options.unit === 'week' ? 7 : 1;
  const { reasons } = assessApplicability(
    customers.map(({ x, tx, T, zbar, gapVariation }) => ({
      x,
      zbar,
      gapVariation,
      observedDays: T * unitDays,
      activeDays: tx * unitDays,
    })),
  );
  // Spend takes no part in these models.
  const doubts = reasons.filter(({ code }) => code !== 'spend_tied_to_frequency' && code !== 'same_amounts');
  const holdout =
    holdoutLength > 0
      ? holdoutTable(customers.map((row) => ({ ...row, expected: expected(row, horizon) })))
      : undefined;
  return {
    output: {
      method: options.method,
      n: customers.length,
      ...fitParts(fit),
      warnings: [...warnings, ...fit.warnings, ...doubts.map((reason) => reason.message)],
      ...(holdout ? { holdout } : {}),
    },
    scores: {
      names: ['customer', 'p_alive', `expected_purchases_${horizon}_${options.unit}s`],
      lines: mapLines(customers, (row) => [row.customer, alive(row), expected(row, horizon)]),
    },
  };
}

function learnSpendFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const { customers, warnings } = purchasesOf(rows, options, ['frequency', 'monetary']);
  const spend = customers.map(({ x, zbar }) => ({ x, m: zbar }));
  const fit = fitGammaGamma(spend);
  return {
    output: {
      method: options.method,
      n: fit.customers,
      ...fitParts(fit),
      warnings: [...warnings, ...fit.warnings],
    },
    scores: {
      names: ['customer', 'expected_spend'],
      lines: mapLines(customers, ({ customer, x, zbar }) => [
        customer,
        expectedSpend(fit.parameters, { x, m: zbar }) ?? '',
      ]),
    },
  };
}

function fitParts(
  fit: Fit<string>,
): Pick<LearnOutput, 'parameters' | 'standardErrors' | 'logLikelihood' | 'converged'> {
  const { parameters, standardErrors, logLikelihood, converged } = fit;
  return { parameters, ...(standardErrors ? { standardErrors } : {}), logLikelihood, converged };
}

/** One summary a customer, from a file of transactions or one of summaries. */
function purchasesOf(
  rows: readonly FileRow[],
  options: LearnOptions,
  needed: readonly ('frequency' | 'recency' | 't' | 'monetary')[],
) {
  const header = Object.keys(at(rows, 0));
  const isSummary =
    needed.some((role) => options[role] !== undefined) ||
    (options.date === undefined && findColumn(header, 'date', undefined) === undefined);
  if (!isSummary) return transactionSummary(rows, header, options);
  const columns = new Map(needed.map((role) => [role, requireColumn(header, role, options[role])]));
  const name = findColumn(header, 'customer', options.customer);
  const cell = (row: FileRow, role: (typeof needed)[number], index: number) => {
    const column = columns.get(role);
    return column === undefined ? 0 : requiredNumber(row, column, index);
  };
  const customers = rows.map((row, index): CustomerSummary => {
    const x = cell(row, 'frequency', index);
    return {
      customer: name === undefined ? String(index + 1) : (row[name] ?? ''),
      x,
      tx: cell(row, 'recency', index),
      T: cell(row, 't', index),
      zbar: cell(row, 'monetary', index),
      holdoutX: 0,
      firstDay: 0,
      lastDay: 0,
      purchases: x + 1,
      revenue: 0,
      gapVariation: null,
    };
  });
  return { customers, holdoutLength: 0, warnings: [] as string[] };
}

function transactionSummary(
  rows: readonly FileRow[],
  header: readonly string[],
  options: LearnOptions,
): PurchaseSummary {
  const transactions = transactionsOf(rows, header, options);
  const lastDay = options.asOf ?? latest(transactions);
  const calibrationEnd = options.calibrationEnd ?? lastDay;
  const holdoutEnd = options.holdoutEnd ?? Math.max(calibrationEnd, lastDay);
  if (options.holdoutEnd !== undefined && options.holdoutEnd === options.calibrationEnd) {
    throw new InputError(
      'horizon',
      'The holdout is empty: it ends on the calibration end. Nothing was learned.',
      {
        action: 'Choose a later holdout end, or leave it out.',
      },
    );
  }
  const summary = summarisePurchases(transactions, { unit: options.unit, calibrationEnd, holdoutEnd });
  return summary;
}

function transactionsOf(
  rows: readonly FileRow[],
  header: readonly string[],
  options: LearnOptions,
): Transaction[] {
  const customer = requireColumn(header, 'customer', options.customer);
  const date = requireColumn(header, 'date', options.date);
  const amount = findColumn(header, 'amount', options.amount);
  return rows.map((row, index) => {
    const text = row[date] ?? '';
    const day = dayNumber(text);
    if (day === undefined) throw unreadable(date, index, text, 'a date such as 1997-09-30');
    const name = (row[customer] ?? '').trim();
    if (name === '') throw unreadable(customer, index, '', 'the name of a customer');
    return { customer: name, day, amount: amount === undefined ? 0 : numberCell(row, amount, index) };
  });
}

function latest(transactions: readonly Transaction[]): number {
  return transactions.reduce((last, { day }) => Math.max(last, day), Number.NEGATIVE_INFINITY);
}

// RFM

function learnRfmFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const { customers, warnings } = rfmValues(rows, options);
  const model = learnRfm({
    recency: histogramOf(customers.map(({ recency }) => recency)),
    frequency: histogramOf(customers.map(({ frequency }) => frequency)),
    monetary: histogramOf(customers.map(({ monetary }) => monetary)),
  });
  const totals = new Map(model.map.segments.map(({ key }) => [key, { segment: key, size: 0, revenue: 0 }]));
  for (const values of customers) {
    const total = totals.get(scoreRfm(model, values).segment);
    if (total === undefined) continue;
    total.size++;
    total.revenue += values.monetary;
  }
  return {
    output: {
      method: 'rfm',
      n: customers.length,
      warnings: [...warnings, ...model.warnings],
      cutPoints: model.cutPoints,
      // Sums of cents in binary carry a tail of noise.
      segments: [...totals.values()].map((total) => ({
        ...total,
        revenue: Number(total.revenue.toFixed(6)),
      })),
    },
    scores: {
      names: ['customer', 'r', 'f', 'm', 'segment'],
      lines: mapLines(customers, (values) => {
        const { r, f, m, segment } = scoreRfm(model, values);
        return [values.customer, r, f, m, segment];
      }),
    },
  };
}

/** Days since the last purchase, purchase days and revenue; from a summary file the columns as they are. */
function rfmValues(
  rows: readonly FileRow[],
  options: LearnOptions,
): { customers: (RfmValues & { customer: string })[]; warnings: string[] } {
  const header = Object.keys(at(rows, 0));
  if (options.frequency !== undefined || options.recency !== undefined) {
    const recency = requireColumn(header, 'recency', options.recency);
    const frequency = requireColumn(header, 'frequency', options.frequency);
    const monetary = requireColumn(header, 'monetary', options.monetary);
    const age = options.t === undefined ? undefined : requireColumn(header, 't', options.t);
    const name = findColumn(header, 'customer', options.customer);
    const customers = rows.map((row, index) => {
      const last = requiredNumber(row, recency, index);
      return {
        customer: name === undefined ? String(index + 1) : (row[name] ?? ''),
        recency: age === undefined ? last : requiredNumber(row, age, index) - last,
        frequency: requiredNumber(row, frequency, index),
        monetary: requiredNumber(row, monetary, index),
      };
    });
    return { customers, warnings: [] };
  }
  const transactions = transactionsOf(rows, header, options);
  const asOf = options.asOf ?? options.calibrationEnd ?? latest(transactions);
  const { customers, warnings } = summarisePurchases(transactions, { unit: 'day', calibrationEnd: asOf });
  return {
    customers: customers.map(({ customer, lastDay, purchases, revenue }) => ({
      customer,
      recency: asOf - lastDay,
      frequency: purchases,
      monetary: revenue,
    })),
    warnings,
  };
}

// Clusters and scorecard

function learnClustersFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const header = Object.keys(at(rows, 0));
  const name = findColumn(header, 'customer', options.customer);
  const columns = chosenColumns(header, options.columns, [name]);
  const warnings: string[] = [];
  const table = tableOf(rows, columns, warnings);
  const sample = sampleIndices(rows.length, CLUSTER_FIT_ROWS, randomFrom(options.seed));
  const isSampled = sample.length < rows.length;
  if (isSampled)
    warnings.push(`Learned from a random ${sample.length} of ${rows.length} rows; all rows were assigned.`);
  const learned = learnClusters(isSampled ? pickTableRows(table, sample) : table, {
    k: options.k,
    scale: options.scale,
    seed: options.seed,
    starts: isSampled ? 5 : 25,
  });
  const points = placeOnAxes(table, learned.model.axes);
  const centroids = pointsOf(learned.model.centroids);
  const labels = isSampled
    ? Int32Array.from({ length: points.rows }, (_, i) => nearestCentroid(points, i, centroids))
    : learned.labels;
  const sizes = learned.model.centroids.map(() => 0);
  let inertia = 0;
  labels.forEach((c, i) => {
    sizes[c] = at(sizes, c) + 1;
    inertia += squaredDistance(points, i, centroids, c);
  });
  return {
    output: {
      method: 'clusters',
      n: rows.length,
      warnings: [...warnings, ...learned.warnings],
      clusters: {
        k: learned.chosen.k,
        inertia,
        silhouette: learned.chosen.silhouette,
        centers: learned.clusters.map(({ center }) => center),
        sizes,
        ...(learned.candidates.length > 1
          ? {
              candidates: learned.candidates.map(({ k, inertia: own, silhouette }) => ({
                k,
                inertia: own,
                silhouette,
              })),
            }
          : {}),
      },
    },
    scores: {
      names: ['customer', 'cluster'],
      lines: mapLines(rows, (row, i) => [
        name === undefined ? String(i + 1) : (row[name] ?? ''),
        at(labels, i),
      ]),
    },
  };
}

const WON = ['1', 'true', 'yes', 'won'];
const LOST = ['0', 'false', 'no', 'lost'];

function learnScorecardFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const header = Object.keys(at(rows, 0));
  const target = requireColumn(header, 'target', options.target);
  const name = findColumn(header, 'customer', options.customer);
  const date = options.date === undefined ? undefined : requireColumn(header, 'date', options.date);
  const outcomes = rows.map((row, index) => {
    const text = (row[target] ?? '').trim().toLowerCase();
    if (!WON.includes(text) && !LOST.includes(text))
      throw unreadable(target, index, text, `one of ${[...WON, ...LOST].join(', ')}`);
    return WON.includes(text);
  });
  const times =
    date === undefined
      ? undefined
      : rows.map((row, index) => {
          const day = dayNumber(row[date] ?? '');
          if (day === undefined) throw unreadable(date, index, row[date] ?? '', 'a date such as 1997-09-30');
          return day;
        });
  const warnings: string[] = [];
  const table = tableOf(rows, chosenColumns(header, options.columns, [name, target, date]), warnings);
  const card = learnScorecard(table, (row) => at(outcomes, row), {
    times,
    seed: options.seed,
    leaks: 'warn',
  });
  if (card.kind === 'by_hand') {
    return {
      output: {
        method: 'scorecard',
        n: rows.length,
        converged: false,
        warnings: [...warnings, card.reason, ...card.warnings],
      },
      scores: { names: ['customer'], lines: [] },
    };
  }
  const { auc } = card.validation;
  const coefficients = card.attributes.map(({ column, option, coefficient }): [string, number] => [
    option === undefined ? column : `${column}=${option}`,
    coefficient,
  ]);
  return {
    output: {
      method: 'scorecard',
      n: rows.length,
      parameters: { intercept: card.intercept, ...Object.fromEntries(coefficients) },
      logLikelihood: card.logLikelihood,
      converged: card.converged,
      warnings: [...warnings, ...card.warnings],
      ...(auc ? { auc: auc.value, aucInterval: [auc.low, auc.high] } : {}),
    },
    scores: {
      names: ['customer', 'score', 'probability', 'grade'],
      lines: mapLines(rows, (row, i) => {
        const score = scoreRow(card.attributes, table, i);
        return [
          name === undefined ? String(i + 1) : (row[name] ?? ''),
          score,
          probabilityOf(score, card.intercept),
          gradeOf(score, card.grades),
        ];
      }),
    },
  };
}

function chosenColumns(
  header: readonly string[],
  chosen: readonly string[] | undefined,
  others: readonly (string | undefined)[],
): string[] {
  if (chosen === undefined) return header.filter((column) => !others.includes(column));
  return chosen.map((column) => requireColumn(header, 'columns', column));
}

/** Lines are made as they are written: a million of them never stand in memory together. */
function* mapLines<Row>(
  rows: readonly Row[],
  line: (row: Row, index: number) => (string | number)[],
): Generator<(string | number)[]> {
  let index = 0;
  for (const row of rows) yield line(row, index++);
}
