import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SeenIds } from './repeats.ts';
import { problem, readRows } from './rows.ts';
import type { Table } from './tables.ts';

/** A file as it was when it was looked through: its content's hash, and when it came to be. */
export type FileState = { hash: string; rows: number; updatedAt: string; header: string[] };

/**
 * Looks through a whole file: every row usable, no id twice. Null where the file is missing and may be.
 * `updatedAt` is the inode's change time: it goes forward even where a copy keeps an older modification time.
 */
export async function inspect(folder: string, table: Table, signal?: AbortSignal): Promise<FileState | null> {
  const path = join(folder, table.file);
  const found = await stat(path, { bigint: true }).catch(() => null);
  if (found === null && table.isOptional) return null;
  const version = found === null ? '' : `${found.ino}/${found.size}/${found.ctimeNs}`;
  const known = INSPECTED.get(path);
  if (known !== undefined && known.version === version) return known.state;
  const state = await lookThrough(folder, table, found?.ctime ?? new Date(), signal);
  if (INSPECTED.size >= MOST_KEPT) INSPECTED.clear();
  INSPECTED.set(path, { version, state });
  return state;
}

/** A large file is pulled in many slices: it is looked through once for as long as it stays the same. */
const INSPECTED = new Map<string, { version: string; state: FileState }>();
const MOST_KEPT = 100;

/** Reads the file once, and once more where an id seems to be there twice: memory does not grow with the file. */
async function lookThrough(
  folder: string,
  table: Table,
  updatedAt: Date,
  signal: AbortSignal | undefined,
): Promise<FileState> {
  const hash = createHash('sha256');
  const seen = new SeenIds();
  const suspects = new Set<string>();
  let header: string[] = [];
  let rows = 0;
  for await (const row of readRows(folder, table, { tap: (chunk) => hash.update(chunk), signal })) {
    header = row.header;
    rows += 1;
    const id = keyOf(row.values, table);
    if (seen.add(id)) suspects.add(id);
  }
  if (suspects.size > 0) await refuseRepeats(folder, table, suspects, signal);
  return { hash: hash.digest('hex'), rows, updatedAt: updatedAt.toISOString(), header };
}

/** @throws InputError where one of the suspects is there twice */
async function refuseRepeats(
  folder: string,
  table: Table,
  suspects: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lines = new Map<string, number>();
  for await (const row of readRows(folder, table, { signal })) {
    const id = keyOf(row.values, table);
    if (!suspects.has(id)) continue;
    const first = lines.get(id);
    if (first !== undefined) {
      const what = `"${id.slice(0, 60)}" is on line ${first} already`;
      const mend = 'Give each row an id of its own, or remove one of them.';
      throw problem(table, row.line, table.key, what, mend);
    }
    lines.set(id, row.line);
  }
}

export const keyOf = (values: Record<string, string>, table: Table): string => {
  const key = values[table.key] ?? '';
  return table.kind === 'attributes' ? key.toLowerCase() : key;
};
