import { z } from 'zod';
import type { SourceRecord } from '../../src/model/record.ts';
import type { Context, Page, PullRequest } from '../contract.ts';
import type { CsvConfig } from './config.ts';
import { type FileState, inspect } from './files.ts';
import { toRecord } from './records.ts';
import { readRows } from './rows.ts';
import { TABLES, type Table } from './tables.ts';

const PAGE_ROWS = 2_000;

/** Hashes of the files as last read, and, in the middle of a pull, the files still to read and the place in the first. */
const Cursor = z.object({
  hashes: z.record(z.string(), z.string()),
  todo: z.array(z.string()),
  at: z.object({ bytes: z.number(), line: z.number() }).nullable(),
});
type Cursor = z.infer<typeof Cursor>;

type Files = { table: Table; state: FileState }[];

/**
 * Reads the folder's files for one object. Every file is looked through before its first row is given, so a file
 * with an error gives no row at all. `changes` gives the rows of files whose content is another.
 */
export async function* pullCsv(
  context: Context<CsvConfig>,
  request: PullRequest,
): AsyncGenerator<Page, void, void> {
  const tables = TABLES[request.object] ?? [];
  // Files have no tombstones: what is no longer there is found by reading all ids.
  if (request.mode === 'deleted') return yield { records: [], cursor: request.cursor, done: true };
  const files = await inspectAll(context, tables);
  if (request.mode === 'ids') return yield await byIds(context, request, files);

  const properties = request.mode === 'links' ? 'none' : request.properties;
  const total = files.reduce((sum, file) => sum + file.state.rows, 0);
  const hashes = Object.fromEntries(files.map(({ table, state }) => [table.file, state.hash]));
  const cursor = start(request, hashes);
  for (const [index, name] of cursor.todo.entries()) {
    const file = files.find(({ table }) => table.file === name);
    if (file === undefined) continue;
    const from = index === 0 ? cursor.at : null;
    const todo = cursor.todo.slice(index);
    yield* pages(context, file, from, properties, (at) => ({ hashes, todo, at }), total);
  }
  yield { records: [], cursor: { hashes, todo: [], at: null }, done: true, total };
}

async function* pages(
  context: Context<CsvConfig>,
  { table, state }: Files[number],
  at: Cursor['at'],
  properties: readonly string[] | 'none',
  cursorAt: (at: Cursor['at']) => Cursor,
  total: number,
): AsyncGenerator<Page, void, void> {
  let records: SourceRecord[] = [];
  let place = at;
  const from = at === null ? undefined : { ...at, header: state.header };
  for await (const row of readRows(context.config.folder, table, { from, signal: context.signal })) {
    records.push(toRecord(row.values, table, state.updatedAt, properties));
    place = row.after;
    if (records.length < PAGE_ROWS) continue;
    yield { records, cursor: cursorAt(place), done: false, total };
    records = [];
  }
  if (records.length > 0) yield { records, cursor: cursorAt(place), done: false, total };
}

async function inspectAll(context: Context<CsvConfig>, tables: readonly Table[]): Promise<Files> {
  const files: Files = [];
  for (const table of tables) {
    const state = await inspect(context.config.folder, table, context.signal);
    if (state !== null) files.push({ table, state });
  }
  return files;
}

/** Where to begin: at the cursor's place if the files are still those it was made from. */
function start(request: PullRequest, hashes: Record<string, string>): Cursor {
  const names = Object.keys(hashes);
  const cursor = request.cursor === null ? null : Cursor.parse(request.cursor);
  if (cursor === null) return { hashes, todo: names, at: null };
  const changed = names.filter((name) => cursor.hashes[name] !== hashes[name]);
  const isUnderWay = cursor.todo.length > 0;
  if (request.mode !== 'changes' && changed.length > 0) return { hashes, todo: names, at: null };
  if (!isUnderWay) return { hashes, todo: request.mode === 'changes' ? changed : [], at: null };
  // A file that was replaced meanwhile is read from its start, before what was left.
  const isSameFile = !changed.includes(cursor.todo[0] ?? '');
  const todo = [...new Set([...cursor.todo, ...changed])];
  return { hashes, todo, at: isSameFile ? cursor.at : null };
}

async function byIds(context: Context<CsvConfig>, request: PullRequest, files: Files): Promise<Page> {
  const wanted = new Map((request.ids ?? []).map(({ id, kind }) => [id, kind]));
  const records: SourceRecord[] = [];
  for (const { table, state } of files) {
    for await (const row of readRows(context.config.folder, table, { signal: context.signal })) {
      const record = toRecord(row.values, table, state.updatedAt, request.properties);
      if (wanted.delete(record.id)) records.push(record);
    }
  }
  const now = new Date().toISOString();
  for (const [id, kind] of wanted) {
    records.push({
      object: request.object,
      id,
      kind,
      properties: {},
      createdAt: null,
      updatedAt: now,
      state: 'deleted',
      mergedInto: null,
    });
  }
  return { records, cursor: null, done: true };
}
