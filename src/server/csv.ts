import { stringify } from 'csv-stringify/sync';
import type { Response } from 'express';

/** What spreadsheets take for the beginning of a formula; the wide signs are Japanese keyboards'. */
const FORMULA = /^[=+\-@\t\r\n\0＝＋－＠]/;

/** Begins a download of rows that are written as they are read. */
export function beginCsv(response: Response, fileName: string, head: readonly string[]): void {
  response.type('text/csv; charset=utf-8');
  response.setHeader('content-disposition', `attachment; filename="${fileName.replace(/[^\w.-]+/g, '-')}"`);
  writeCsv(response, [head]);
}

/** Cells that a spreadsheet would work out are written as text, with an apostrophe before them. */
export function writeCsv(response: Response, rows: readonly (readonly unknown[])[]): boolean {
  return response.write(
    stringify(
      rows.map((row) => row.map(safeCell)),
      { record_delimiter: '\r\n' },
    ),
  );
}

export function safeCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text =
    value instanceof Date ? value.toISOString() : Array.isArray(value) ? value.join('; ') : String(value);
  // A negative number is one, not a formula.
  return FORMULA.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
}
