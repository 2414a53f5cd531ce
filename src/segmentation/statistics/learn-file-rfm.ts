import { histogramOf } from './cut-points.ts';
import { type FileRow, findColumn, requireColumn, requiredNumber } from './file-columns.ts';
import {
  impossibleRow,
  isSummaryFile,
  requireCustomers,
  requireSummaryColumns,
  transactionsOf,
} from './file-purchases.ts';
import type { LearnOptions } from './learn-options.ts';
import { type Learned, mapLines } from './learn-output.ts';
import { learnRfm, type RfmValues, scoreRfm } from './rfm.ts';
import { summarisePurchases } from './summary.ts';
import { at } from './vectors.ts';

/** rfm from a file of transactions or of summaries. */
export function learnRfmFile(rows: readonly FileRow[], options: LearnOptions): Learned {
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

/** Days since the last purchase, purchase days and revenue less refunds; from a summary file the columns as they are. */
function rfmValues(
  rows: readonly FileRow[],
  options: LearnOptions,
): { customers: (RfmValues & { customer: string })[]; warnings: string[] } {
  const header = Object.keys(at(rows, 0));
  const isNamed = options.frequency !== undefined || options.recency !== undefined;
  if (isSummaryFile(header, options)) {
    requireSummaryColumns(header, options);
    const recency = requireColumn(header, 'recency', options.recency);
    const frequency = requireColumn(header, 'frequency', options.frequency);
    const monetary = requireColumn(header, 'monetary', options.monetary);
    // Named without --t, recency is the time since the last purchase; found by itself, what its neighbour T says it is.
    const age = isNamed && options.t === undefined ? undefined : findColumn(header, 't', options.t);
    const name = findColumn(header, 'customer', options.customer);
    const customers = rows.map((row, index) => {
      const last = requiredNumber(row, recency, index);
      const since = age === undefined ? last : requiredNumber(row, age, index) - last;
      const orders = requiredNumber(row, frequency, index);
      if (since < 0) throw impossibleRow(index, `its last purchase is ${-since} in the future`);
      if (orders < 0) throw impossibleRow(index, `frequency ${orders}`);
      return {
        customer: name === undefined ? String(index + 1) : (row[name] ?? ''),
        recency: since,
        frequency: orders,
        monetary: requiredNumber(row, monetary, index),
      };
    });
    return { customers, warnings: [] };
  }
  const { transactions, fileEnd, warnings } = transactionsOf(rows, header, options);
  const asOf = options.asOf ?? options.calibrationEnd ?? fileEnd;
  const { customers, ...summary } = summarisePurchases(transactions, { unit: 'day', calibrationEnd: asOf });
  requireCustomers(customers, asOf);
  return {
    customers: customers.map(({ customer, lastDay, purchases, revenue }) => ({
      customer,
      recency: asOf - lastDay,
      frequency: purchases,
      monetary: revenue,
    })),
    warnings: [...warnings, ...summary.warnings],
  };
}
