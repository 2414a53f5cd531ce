import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import { InputError } from '../../src/errors.ts';
import { COLUMN_CHECKS, type Table } from './tables.ts';

/** A place between two rows. `bytes` from the start of the file, `line` the last one before it. */
export type Place = { bytes: number; line: number };

/** One data row, by column; `line` is where it begins, `after` the place to go on from. */
export type Row = { values: Record<string, string>; line: number; after: Place };

const MAX_ROW_BYTES = 1024 * 1024;

const Parsed = z.object({
  record: z.array(z.string()),
  info: z.object({ bytes: z.number(), lines: z.number() }),
});

/**
 * The rows of a file from `from` on, streamed, each checked against the table. Throws InputError with file, line,
 * column and mend at the first row that can't be used. `tap` sees the raw bytes.
 */
export async function* readRows(
  folder: string,
  table: Table,
  options: { from?: Place & { header: string[] }; tap?: (chunk: Buffer) => void; signal?: AbortSignal } = {},
): AsyncGenerator<Row & { header: string[] }, void, void> {
  const path = join(folder, table.file);
  const from = options.from ?? { bytes: 0, line: 0 };
  let header = options.from?.header;
  let before: Place = from;
  const parser = parse({
    info: true,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_ROW_BYTES,
  });
  const source = createReadStream(path, { start: from.bytes, signal: options.signal });
  const pumped = pump(source, parser, table, path, options.tap);
  try {
    for await (const item of parser) {
      const { record, info } = Parsed.parse(item);
      const after = { bytes: from.bytes + info.bytes, line: from.line + info.lines };
      // The parser names the last line; those before it hold line breaks within values.
      const line = after.line - record.join('').split('\n').length + 1;
      before = after;
      if (header === undefined) {
        header = checkedHeader(record, table);
        continue;
      }
      yield { values: checkedRow(record, header, line, table), line, after, header };
    }
    await pumped;
    if (header === undefined) throw problem(table, 1, '', 'the file is empty', mendHeader(table));
  } catch (error) {
    if (error instanceof CsvError) throw fromParser(error, table, before.line, header);
    throw error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

/** Feeds the parser, and stops at the first byte that is not UTF-8. */
async function pump(
  source: ReturnType<typeof createReadStream>,
  parser: ReturnType<typeof parse>,
  table: Table,
  path: string,
  tap: ((chunk: Buffer) => void) | undefined,
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const closed = new AbortController();
  parser.once('close', () => closed.abort());
  try {
    for await (const chunk of source) {
      const bytes = z.instanceof(Buffer).parse(chunk);
      tap?.(bytes);
      decoder.decode(bytes, { stream: true });
      if (parser.destroyed) return;
      // An error of the parser reaches who reads from it.
      if (!parser.write(bytes)) await once(parser, 'drain', { signal: closed.signal }).catch(() => undefined);
    }
    decoder.decode();
    parser.end();
  } catch (error) {
    const isText = error instanceof TypeError;
    parser.destroy(isText ? await notUtf8(path, table) : missingFile(error, table, path));
  }
}

function missingFile(error: unknown, table: Table, path: string): Error {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error))
    return error instanceof Error ? error : new Error(String(error));
  if (error.code !== 'ENOENT') {
    return new InputError('csv_unreadable', `${path} can't be read: ${error.message}.`, {
      action: `${table.file} must be a file that the user who runs Segment Sync may read.`,
      cause: error,
    });
  }
  return new InputError('csv_missing', `There is no file ${path}.`, {
    action: `Put ${table.file} there; with no rows to give, its first line alone is enough: ${Object.keys(table.columns).join(',')}.`,
    cause: error,
  });
}

/** Reads the file again, line by line, to say where the first byte is that is not UTF-8. */
async function notUtf8(path: string, table: Table): Promise<InputError> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  try {
    for await (const chunk of createReadStream(path)) {
      let rest = z.instanceof(Buffer).parse(chunk);
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        decoder.decode(rest.subarray(0, end + 1), { stream: true });
        line += 1;
        rest = rest.subarray(end + 1);
      }
      decoder.decode(rest, { stream: true });
    }
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
  }
  return problem(table, line, '', 'the text is not UTF-8', 'Save the file as "CSV UTF-8".');
}

function checkedHeader(record: string[], table: Table): string[] {
  const header = record.map((name) => name.trim());
  const missing = Object.keys(table.columns).filter((column) => !header.includes(column));
  if (missing.length > 0) {
    const what = `there is no column ${missing.map((name) => `"${name}"`).join(', ')} (found: ${header.join(', ').slice(0, 300)})`;
    throw problem(table, 1, missing[0] ?? '', what, mendHeader(table));
  }
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice !== undefined) {
    throw problem(table, 1, twice, 'the column is there twice', 'Rename or remove one of them.');
  }
  return header;
}

const mendHeader = (table: Table) =>
  `The first line must name the columns, separated by commas: ${Object.keys(table.columns).join(',')}; values may be empty, more columns are welcome.`;

function checkedRow(record: string[], header: string[], line: number, table: Table): Record<string, string> {
  if (record.length !== header.length) {
    const what = `the row has ${record.length} values for ${header.length} columns`;
    throw problem(table, line, '', what, 'Put values that contain commas or line breaks in double quotes.');
  }
  const values: Record<string, string> = Object.create(null);
  for (const [index, name] of header.entries()) {
    const value = (record[index] ?? '').trim();
    const check = COLUMN_CHECKS[table.columns[name] ?? 'text'];
    if (!check.accepts(value)) {
      throw problem(table, line, name, `"${value.slice(0, 60)}" ${check.what}`, check.mend);
    }
    values[name] = value;
  }
  return values;
}

function fromParser(
  error: CsvError,
  table: Table,
  lineBefore: number,
  header: string[] | undefined,
): InputError {
  const index = 'index' in error && typeof error.index === 'number' ? error.index : -1;
  const column = header?.[index] ?? '';
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    const mend = 'Shorten it, and check that every opening double quote is closed.';
    return problem(table, lineBefore + 1, column, 'the row is longer than 1 MB', mend);
  }
  const mend = 'Close every double quote, and write a quote inside a value as two ("").';
  return problem(table, lineBefore + 1, column, `the row can't be read (${error.code})`, mend);
}

export function problem(table: Table, line: number, column: string, what: string, mend: string): InputError {
  const where = `${table.file}, line ${line}${column === '' ? '' : `, column "${column}"`}`;
  return new InputError('csv_unusable', `${where}: ${what}. Nothing was changed.`, { action: mend });
}
