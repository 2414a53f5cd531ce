import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import { InputError } from '../../src/errors.ts';

export const LABELS_FILE = 'labels.csv';
/** The first column's name is what makes a labels.csv ours. */
const KEY = 'segment_sync_id';

/** What to write of one record: column -> its cell, '' for none. */
export type LabelRow = { email: string; cells: Record<string, string> };

const Line = z.record(z.string(), z.string());

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The columns of the labels.csv that is there; null for no file. Throws where the file is not ours. */
export async function labelColumns(folder: string): Promise<string[] | null> {
  const path = join(folder, LABELS_FILE);
  const source = createReadStream(path);
  const parser = source.on('error', (error) => parser.destroy(error)).pipe(parse({ bom: true, to: 1 }));
  try {
    for await (const line of parser) {
      const header = z.array(z.string()).parse(line);
      if (header[0] === KEY) return header.slice(2);
      break;
    }
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  } finally {
    source.destroy();
  }
  throw new InputError('labels_not_ours', `${path} was not written by Segment Sync; it stays as it is.`, {
    action: 'Move or rename that file.',
  });
}

/**
 * Puts rows into labels.csv: those there are kept or replaced, new ones added, rows without any label left out.
 * The new file replaces the old one in one step, on disk before it does.
 */
export async function mergeLabels(folder: string, rows: Map<string, LabelRow>): Promise<void> {
  const there = await labelColumns(folder);
  const written = [...rows.values()].flatMap((row) => Object.keys(row.cells));
  const columns = [...new Set([...(there ?? []), ...written])];
  const path = join(folder, LABELS_FILE);
  const temporary = `${path}.new`;
  try {
    await pipeline(
      merged(path, there !== null, rows, columns),
      stringify({ header: true, columns: [KEY, 'email', ...columns], escape_formulas: true }),
      createWriteStream(temporary),
    );
    const file = await open(temporary, 'r+');
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function* merged(path: string, isThere: boolean, rows: Map<string, LabelRow>, columns: string[]) {
  const left = new Map(rows);
  const hasLabel = (line: Record<string, string>) => columns.some((column) => (line[column] ?? '') !== '');
  if (isThere) {
    for await (const item of createReadStream(path).pipe(parse({ columns: true, bom: true }))) {
      const line = mapValues(Line.parse(item), unescapeFormula);
      const row = left.get(line[KEY] ?? '');
      left.delete(line[KEY] ?? '');
      const next =
        row === undefined ? line : { ...line, email: row.email || (line.email ?? ''), ...row.cells };
      if (hasLabel(next)) yield next;
    }
  }
  for (const [id, row] of left) {
    const line = { [KEY]: id, email: row.email, ...row.cells };
    if (hasLabel(line)) yield line;
  }
}

const mapValues = (line: Record<string, string>, change: (value: string) => string) =>
  Object.fromEntries(Object.entries(line).map(([name, value]) => [name, change(value)]));

/** A spreadsheet would run a cell that begins like a formula; csv-stringify puts a quote before it. */
const unescapeFormula = (value: string) =>
  /^'[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(value) ? value.slice(1) : value;
