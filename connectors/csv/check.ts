import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { AppError } from '../../src/errors.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { CheckItem, Context, Property } from '../contract.ts';
import type { CsvConfig } from './config.ts';
import { inspect } from './files.ts';
import { TABLES, type Table } from './tables.ts';

/** Looks through all files, and names what is missing or wrong with its line and mend. */
export async function checkCsv(
  context: Context<CsvConfig>,
  needs: { properties: { object: ObjectType; name: string }[]; write: boolean },
): Promise<CheckItem[]> {
  const items: CheckItem[] = [];
  const columns: Partial<Record<ObjectType, Set<string>>> = {};
  for (const table of Object.values(TABLES).flat()) {
    const { item, header } = await checkFile(context, table);
    if (item !== undefined) items.push(item);
    columns[table.object] = new Set([...(columns[table.object] ?? []), ...header]);
  }
  for (const { object, name } of needs.properties) {
    if (columns[object]?.has(name) || DERIVED.has(name)) continue;
    items.push({
      code: 'column_missing',
      ok: false,
      level: 'warning',
      message: `No ${object} file has a column "${name}".`,
      action: `Add the column, or map another one.`,
    });
  }
  if (needs.write) items.push(await checkFolder(context.config.folder));
  return items;
}

const DERIVED = new Set(['won', 'closed']);

async function checkFile(
  context: Context<CsvConfig>,
  table: Table,
): Promise<{ item?: CheckItem; header: string[] }> {
  try {
    const state = await inspect(context.config.folder, table, context.signal);
    if (state === null) return { header: [] };
    const message = `${table.file}: ${state.rows.toLocaleString('en')} rows, all readable.`;
    return {
      item: { code: 'file_readable', ok: true, level: 'error', message, action: '' },
      header: state.header,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, action } = error;
    return { item: { code, ok: false, level: 'error', message, action }, header: [] };
  }
}

async function checkFolder(folder: string): Promise<CheckItem> {
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    code: 'folder_writable',
    ok: isWritable,
    level: 'error',
    message: isWritable ? 'The folder can be written to.' : `We may not write into ${folder}.`,
    action: isWritable ? '' : 'Give the user that runs Segment Sync the right to write there.',
  };
}

/** The columns of an object's files as properties. */
export async function discoverCsv(context: Context<CsvConfig>, object: ObjectType): Promise<Property[]> {
  const properties = new Map<string, Property>();
  for (const table of TABLES[object] ?? []) {
    const state = await inspect(context.config.folder, table, context.signal);
    const names = [...(state?.header ?? []), ...(object === 'deal' ? DERIVED : [])];
    for (const name of names) {
      const type = table.columns[name] ?? (DERIVED.has(name) ? 'boolean' : 'text');
      properties.set(name, { object, name, label: labelOf(name), type, readOnly: true, ours: false });
    }
  }
  return [...properties.values()];
}

const labelOf = (name: string) => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** A folder is known by its path. */
export async function identifyCsv({ config }: Context<CsvConfig>): Promise<{ id: string; name: string }> {
  const path = resolve(config.folder);
  return { id: path, name: basename(path) };
}

/** How many rows an object's own file has. */
export async function sizeOfCsv(
  context: Context<CsvConfig>,
  object: ObjectType,
): Promise<number | undefined> {
  const table = TABLES[object]?.[0];
  return table && (await inspect(context.config.folder, table, context.signal))?.rows;
}
