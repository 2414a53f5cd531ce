import type { Field, FieldType } from './fields.ts';
import type { Value } from './table.ts';

/** Bulk API 2.0 jobs: their states over time, and the CSV they speak. */

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';

export type JobTiming = { startedAt: number | null; delayMs: number; fails: boolean };

/** Half the delay is spent waiting, half working. */
export function stateAt({ startedAt, delayMs, fails }: JobTiming, now: number): JobState {
  if (startedAt === null) return 'Open';
  const elapsed = now - startedAt;
  if (elapsed < delayMs / 2) return 'UploadComplete';
  if (elapsed < delayMs) return 'InProgress';
  return fails ? 'Failed' : 'JobComplete';
}

const cell = (value: unknown) => `"${String(value ?? '').replaceAll('"', '""')}"`;

/** Every cell in quotes, a line feed after every line, as Salesforce writes it. */
/**
 * A cell of a query's results: numbers with a fraction are doubles, written as Java does, 12345678 as 1.2345678E7.
 * https://help.salesforce.com/s/articleView?id=000385889
 */
export function cellOf({ type }: Field, value: Value): Value {
  if (typeof value !== 'number' || !DOUBLES.has(type)) return value;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
  }
  return Number.isInteger(value) ? `${value}.0` : value;
}

const DOUBLES = new Set<FieldType>(['double', 'currency', 'percent']);

export function csvLine(values: unknown[]): string {
  return `${values.map(cell).join(',')}\n`;
}
