import { InputError } from '../../errors.ts';
import type { AttributeTable, TableColumn } from './attribute-table.ts';

/** One row of a file with a header: text by column name. */
export type FileRow = Record<string, string>;

/** Names that a column usually has, for when none is given. */
const USUAL: Record<string, readonly string[]> = {
  customer: ['customerid', 'customer', 'contactid', 'id'],
  date: ['date', 'orderdate', 'invoicedate', 'closedate'],
  amount: ['amount', 'revenue', 'value'],
  frequency: ['frequency', 'x'],
  recency: ['recency', 'tx'],
  t: ['t', 'age'],
  monetary: ['monetaryvalue', 'monetary', 'zbar', 'm'],
};

/** Customer_ID, customer id and CustomerID are one name. */
function plainName(column: string): string {
  return column.toLowerCase().replace(/[\s_-]/g, '');
}

/** The column that plays a role: the one named, else one with a usual name, else undefined. */
export function findColumn(
  header: readonly string[],
  role: string,
  named: string | undefined,
): string | undefined {
  if (named === undefined) {
    const usual = USUAL[role] ?? [];
    return usual
      .map((name) => header.find((column) => plainName(column) === name))
      .find((column) => column !== undefined);
  }
  if (header.includes(named)) return named;
  throw new InputError('column-missing', `The file has no column ${named}. Nothing was learned.`, {
    action: `Its columns are: ${header.join(', ')}.`,
  });
}

export function requireColumn(header: readonly string[], role: string, named: string | undefined): string {
  const column = findColumn(header, role, named);
  if (column !== undefined) return column;
  throw new InputError('column-unnamed', `Which column holds the ${role}? Nothing was learned.`, {
    action: `Name it with --${role}; the columns are: ${header.join(', ')}.`,
  });
}

/** A number of a cell; null where it is empty. Throws InputError `cell-unreadable` naming the row. */
export function numberCell(row: FileRow, column: string, index: number): number | null {
  const text = (row[column] ?? '').trim();
  if (text === '') return null;
  const value = numberOf(text);
  if (value !== undefined) return value;
  throw unreadable(column, index, text, `a number such as 12.50 (up to ${LARGEST})`);
}

/** Larger ones are no measurements, and their squares and sums would overflow. */
const LARGEST = 1e15;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;

/** Undefined for anything but a decimal number: neither NaN nor 0x10, and nothing over 1e15. */
function numberOf(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Math.abs(value) <= LARGEST ? value : undefined;
}

export function requiredNumber(row: FileRow, column: string, index: number): number {
  const value = numberCell(row, column, index);
  if (value === null) throw unreadable(column, index, '', 'a number');
  return value;
}

export function unreadable(column: string, index: number, text: string, wanted: string): InputError {
  return new InputError(
    'cell-unreadable',
    `Row ${index + 1}: ${column} is "${text}", not ${wanted}. Nothing was learned.`,
    {
      action: 'Correct the row or leave it out.',
    },
  );
}

/** How programs write an unknown number. In a column of choices they may mean something (Namibia is NA). */
const UNKNOWN_NUMBER = /^(na|n\/a|nan|null|none|-|\.|\?)$/i;

/**
 * The chosen columns as typed attributes: numbers where nine of ten values are, not counting those that stand for an
 * unknown number (others count as unknown and are told), else choices; empty cells are unknown.
 */
export function tableOf(
  rows: readonly FileRow[],
  columns: readonly string[],
  warnings: string[],
): AttributeTable {
  return { rows: rows.length, columns: columns.map((name) => columnOf(rows, name, warnings)) };
}

function columnOf(rows: readonly FileRow[], name: string, warnings: string[]): TableColumn {
  const texts = rows.map((row) => {
    const text = (row[name] ?? '').trim();
    return text === '' ? null : text;
  });
  const known = texts.filter((text) => text !== null && !UNKNOWN_NUMBER.test(text));
  const numeric = known.filter((text) => text !== null && numberOf(text) !== undefined).length;
  if (numeric === 0 || numeric < 0.9 * known.length) {
    if (numeric > known.length / 2)
      warnings.push(
        `${name}: ${known.length - numeric} of ${known.length} values are no numbers, so it counts as a column of choices.`,
      );
    return { name, kind: 'category', values: texts };
  }
  if (numeric < known.length)
    warnings.push(`${name}: ${known.length - numeric} values are no numbers and count as unknown.`);
  const values = texts.map((text) => (text === null ? null : (numberOf(text) ?? null)));
  return { name, kind: 'number', values };
}

/** The columns asked for, or all but those that play another part. */
export function chosenColumns(
  header: readonly string[],
  chosen: readonly string[] | undefined,
  others: readonly (string | undefined)[],
): string[] {
  if (chosen === undefined) return header.filter((column) => !others.includes(column));
  return [...new Set(chosen)].map((column) => requireColumn(header, 'columns', column));
}
