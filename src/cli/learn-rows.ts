import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { InputError } from '../errors.ts';
import type { FileRow } from '../segmentation/statistics/file-columns.ts';

const HEAD_BYTES = 64 * 1024;
const MAX_ROW_BYTES = 1024 * 1024;

/**
 * The rows of a CSV with a header, by column: commas, semicolons or tabs, whichever its first line holds most of; UTF-8,
 * or UTF-16 with its mark. Throws InputError `file-unreadable`, `csv-unreadable`, `csv-encoding`, `csv-header`.
 */
export async function readRows(path: string): Promise<FileRow[]> {
  const head = await readHead(path);
  const rows: FileRow[] = [];
  const parser = parse({
    columns: (names: string[]) => checkedHeader(names, path),
    delimiter: delimiterOf(head),
    bom: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: MAX_ROW_BYTES,
  });
  try {
    await pipeline(
      createReadStream(path),
      (source: AsyncIterable<Buffer>) => (isUtf16(head) ? source : checkedUtf8(source, path)),
      parser,
      async (source: AsyncIterable<FileRow>) => {
        for await (const row of source) rows.push(row);
      },
    );
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw fromParser(cause, path);
  }
  return rows;
}

/** The beginning of the file; read first, since an error while opening would surface as one of the CSV. */
async function readHead(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw new InputError('file-unreadable', `The file ${path} can't be opened.`, {
      action: 'Check its path and permissions.',
      cause,
    });
  }
}

function isUtf16(head: Buffer): boolean {
  return head[0] === 0xff && head[1] === 0xfe;
}

function delimiterOf(head: Buffer): string {
  const text = head.toString(isUtf16(head) ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
  const header = (text.trimStart().split(/[\r\n]/)[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (delimiter: string) => header.split(delimiter).length;
  return [';', '\t'].reduce((best, other) => (count(other) > count(best) ? other : best), ',');
}

/** Two names in another encoding would become one customer with the same unreadable letters. */
async function* checkedUtf8(source: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for await (const chunk of source) {
    try {
      decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new InputError(
        'csv-encoding',
        `The file ${path} is not UTF-8, from line ${line} on or soon after. Nothing was learned.`,
        { action: 'Save it as "CSV UTF-8".', cause },
      );
    }
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, end + 1)) line++;
    yield chunk;
  }
}

function checkedHeader(names: string[], path: string): string[] {
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new InputError(
    'csv-header',
    `The file ${path} has two columns called ${twice}. Nothing was learned.`,
    { action: 'Rename or remove one of them.' },
  );
}

function fromParser(cause: CsvError, path: string): InputError {
  const why =
    cause.code === 'CSV_MAX_RECORD_SIZE'
      ? `line ${cause.lines ?? 1} begins a row of over 1 MB; is a double quote left open?`
      : cause.message;
  return new InputError(
    'csv-unreadable',
    `The file ${path} is no readable CSV: ${why}. Nothing was learned.`,
    {
      action: 'Save it as CSV with commas, a header line and quotes around text with commas.',
      cause,
    },
  );
}
