import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { problem, readRows } from './rows.ts';
import type { Table } from './tables.ts';

/** A file as it was when it was looked through: its content's hash, and when it came to be. */
export type FileState = { hash: string; rows: number; updatedAt: string; header: string[] };

/**
 * Looks through a whole file: every row usable, no id twice. Null where the file is missing and may be.
 * `updatedAt` is the inode's change time: it goes forward even where a copy keeps an older modification time.
 */
export async function inspect(folder: string, table: Table, signal?: AbortSignal): Promise<FileState | null> {
  const found = await stat(join(folder, table.file)).catch(() => null);
  if (found === null && table.isOptional) return null;
  const hash = createHash('sha256');
  const lines = new Map<string, number>();
  let header: string[] = [];
  for await (const row of readRows(folder, table, { tap: (chunk) => hash.update(chunk), signal })) {
    header = row.header;
    const id = keyOf(row.values, table);
    const first = lines.get(id);
    if (first !== undefined) {
      const what = `"${id.slice(0, 60)}" is on line ${first} already`;
      throw problem(
        table,
        row.line,
        table.key,
        what,
        'Give each row an id of its own, or remove one of them.',
      );
    }
    lines.set(id, row.line);
  }
  return {
    hash: hash.digest('hex'),
    rows: lines.size,
    updatedAt: (found?.ctime ?? new Date()).toISOString(),
    header,
  };
}

export const keyOf = (values: Record<string, string>, table: Table): string => {
  const key = values[table.key] ?? '';
  return table.kind === 'attributes' ? key.toLowerCase() : key;
};
