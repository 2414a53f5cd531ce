import { InputError } from '../../errors.ts';
import {
  type FileRow,
  findColumn,
  numberCell,
  requireColumn,
  requiredNumber,
  unreadable,
} from './file-columns.ts';
import { dayNumber, dayText, type LearnOptions } from './learn-options.ts';
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
  if (!isSummaryFile(header, options)) return transactionSummary(rows, header, options);
  requireSummaryColumns(header, options);
  const columns = new Map(needed.map((role) => [role, requireColumn(header, role, options[role])]));
  const name = findColumn(header, 'customer', options.customer);
  const cell = (row: FileRow, role: (typeof needed)[number], index: number) => {
    const column = columns.get(role);
    return column === undefined ? 0 : requiredNumber(row, column, index);
  };
  const customers = rows.map((row, index): CustomerSummary => {
    const x = cell(row, 'frequency', index);
    if (x < 0 || !Number.isInteger(x)) throw impossibleRow(index, `frequency ${x}`);
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

/** One row a customer: columns of a summary are named, or none looks like a date. */
export function isSummaryFile(header: readonly string[], options: LearnOptions): boolean {
  const { frequency, recency, t, monetary, date } = options;
  if ([frequency, recency, t, monetary].some((named) => named !== undefined)) return true;
  return date === undefined && findColumn(header, 'date', undefined) === undefined;
}

/** Throws InputError `column-unnamed` for a file that shows neither purchases nor what customers add up to. */
export function requireSummaryColumns(header: readonly string[], options: LearnOptions): void {
  if (findColumn(header, 'frequency', options.frequency) !== undefined) return;
  throw new InputError(
    'column-unnamed',
    'Which column holds the date of each purchase, or the frequency of each customer? Nothing was learned.',
    { action: `Name it with --date or --frequency; the columns are: ${header.join(', ')}.` },
  );
}

export function impossibleRow(index: number, what: string): InputError {
  return new InputError(
    'purchase-row',
    `Customer row ${index + 1} is impossible: ${what}. Nothing was learned.`,
    { action: 'Correct the row or leave it out.' },
  );
}

function transactionSummary(
  rows: readonly FileRow[],
  header: readonly string[],
  options: LearnOptions,
): FilePurchases {
  const { transactions, fileEnd, warnings } = transactionsOf(rows, header, options);
  const lastDay = options.asOf ?? fileEnd;
  const calibrationEnd = options.calibrationEnd ?? lastDay;
  const holdoutEnd = options.holdoutEnd ?? Math.max(calibrationEnd, lastDay);
  if (options.asOf !== undefined && calibrationEnd > options.asOf) {
    throw new InputError(
      'calibration-end',
      `The calibration ends on ${dayText(calibrationEnd)}, after the analysis date ${dayText(options.asOf)}. Nothing was learned.`,
      {
        action: 'Choose an earlier calibration end, or leave the analysis date out.',
      },
    );
  }
  if (options.holdoutEnd !== undefined && options.holdoutEnd === options.calibrationEnd) {
    throw new InputError(
      'horizon',
      'The holdout is empty: it ends on the calibration end. Nothing was learned.',
      {
        action: 'Choose a later holdout end, or leave it out.',
      },
    );
  }
  if (holdoutEnd > calibrationEnd && holdoutEnd > fileEnd) {
    warnings.push(
      `The file ends on ${dayText(fileEnd)}, before the holdout does (${dayText(holdoutEnd)}): what customers did after that is missing from its actual purchases.`,
    );
  }
  const summary = summarisePurchases(transactions, { unit: options.unit, calibrationEnd, holdoutEnd });
  requireCustomers(summary.customers, calibrationEnd);
  return { ...summary, warnings: [...warnings, ...summary.warnings] };
}

/** Throws InputError `no-purchases` where nobody bought anything by the last day. */
export function requireCustomers(customers: readonly unknown[], lastDay: number): void {
  if (customers.length > 0) return;
  throw new InputError(
    'no-purchases',
    `No row is a purchase up to ${dayText(lastDay)}: all are later, or refunds. Nothing was learned.`,
    {
      action: 'Check the dates given, and that purchases have positive amounts.',
    },
  );
}

/** The rows as purchases, the last day of any of them, and what is odd about them. */
export function transactionsOf(
  rows: readonly FileRow[],
  header: readonly string[],
  options: LearnOptions,
): { transactions: Transaction[]; fileEnd: number; warnings: string[] } {
  const customer = requireColumn(header, 'customer', options.customer);
  const date = requireColumn(header, 'date', options.date);
  const amount = findColumn(header, 'amount', options.amount);
  const warnings: string[] = [];
  if (amount === undefined && (options.method === 'rfm' || options.method === 'gamma-gamma'))
    warnings.push('No column holds the amount, so every purchase counts as 0; name it with --amount.');
  const { today = Number.POSITIVE_INFINITY } = options;
  let fileEnd = Number.NEGATIVE_INFINITY;
  let later = 0;
  const transactions = rows.map((row, index) => {
    const text = row[date] ?? '';
    const day = dayNumber(text);
    if (day === undefined) throw unreadable(date, index, text, 'a date such as 1997-09-30');
    const name = (row[customer] ?? '').trim();
    if (name === '') throw unreadable(customer, index, '', 'the name of a customer');
    fileEnd = Math.max(fileEnd, day);
    if (day > today) later++;
    return { customer: name, day, amount: amount === undefined ? 0 : numberCell(row, amount, index) };
  });
  if (later > 0 && options.asOf === undefined) {
    warnings.push(
      `${later} rows are dated after today, the last on ${dayText(fileEnd)}; give --as-of to leave them out.`,
    );
  }
  return { transactions, fileEnd, warnings };
}
