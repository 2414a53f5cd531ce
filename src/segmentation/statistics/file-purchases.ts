import { InputError } from '../../errors.ts';
import {
  type FileRow,
  findColumn,
  numberCell,
  requireColumn,
  requiredNumber,
  unreadable,
} from './file-columns.ts';
import { dayNumber, type LearnOptions } from './learn-options.ts';
import { type CustomerSummary, summarisePurchases, type Transaction } from './summary.ts';
import { at } from './vectors.ts';

export type FilePurchases = { customers: CustomerSummary[]; holdoutLength: number; warnings: string[] };

/** One summary a customer, from a file of transactions or one of summaries. */
export function purchasesOf(
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
  return { customers, holdoutLength: 0, warnings: [] };
}

function transactionSummary(
  rows: readonly FileRow[],
  header: readonly string[],
  options: LearnOptions,
): FilePurchases {
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
  return summarisePurchases(transactions, { unit: options.unit, calibrationEnd, holdoutEnd });
}

export function transactionsOf(
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

/** The last day of any purchase. */
export function latest(transactions: readonly Transaction[]): number {
  return transactions.reduce((last, { day }) => Math.max(last, day), Number.NEGATIVE_INFINITY);
}
