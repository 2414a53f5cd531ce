import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import type { Context, Prepared, PrepareTarget, PushAnswer, PushRequest, TargetValue } from '../contract.ts';
import type { CsvConfig } from './config.ts';
import { LABELS_FILE, type LabelRow, labelColumns, mergeLabels } from './labels.ts';

/** What prepare remembers: the column of labels.csv. */
const Remote = z.object({ column: z.string() });

export async function prepareCsv(context: Context<CsvConfig>, targets: PrepareTarget[]): Promise<Prepared[]> {
  let columns: string[] | null;
  try {
    columns = await labelColumns(context.config.folder);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, action } = error;
    return targets.map(({ id, remote }) => ({ id, state: 'needs_you', remote, message, action }));
  }
  return targets.map(({ id, segmentation: { key }, mayCreate, remote }) =>
    mayCreate || columns?.includes(key)
      ? { id, state: 'ready', remote: { column: key } }
      : { id, state: 'needs_you', remote, ...mayNotCreate(key) },
  );
}

const mayNotCreate = (column: string) => ({
  message: `${LABELS_FILE} has no column ${column} yet, and Segment Sync was not allowed to add it.`,
  action: `Allow Segment Sync to add columns, or add it by hand: the first line is segment_sync_id,email,${column}.`,
});

/** Writes the rows of one batch; the file then has all of them, or none. */
export async function pushCsv(context: Context<CsvConfig>, request: PushRequest): Promise<PushAnswer> {
  const rows = new Map<string, LabelRow>();
  for (const write of request.writes) {
    if (write.kind !== 'properties') throw new TypeError('A file has no members.');
    const cells: Record<string, string> = {};
    for (const [target, value] of Object.entries(write.values)) {
      cells[Remote.parse(request.remotes[target]).column] = cellOf(value);
    }
    rows.set(write.id, { email: write.email ?? '', cells });
  }
  if (rows.size > 0) await mergeLabels(context.config.folder, rows);
  return { state: 'done', outcomes: [...rows.keys()].map((id) => ({ id, state: 'done' })) };
}

const cellOf = (value: TargetValue): string => {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(';') : String(value);
};

export async function uninstallCsv(
  context: Context<CsvConfig>,
  options: { keep: 'values' | 'nothing' },
): Promise<{ done: string[]; stays: string[] }> {
  const columns = await labelColumns(context.config.folder);
  if (columns === null) return { done: [], stays: [] };
  if (options.keep === 'values') return { done: [], stays: [LABELS_FILE] };
  await rm(join(context.config.folder, LABELS_FILE), { force: true });
  return { done: [`${LABELS_FILE} removed`], stays: [] };
}
