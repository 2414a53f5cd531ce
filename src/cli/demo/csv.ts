import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse } from 'csv-parse';
import { z } from 'zod';
import { inspect } from '../../../connectors/csv/files.ts';
import { CONTACTS, DEALS } from '../../../connectors/csv/tables.ts';
import { InputError } from '../../errors.ts';

const Row = z.object({ closed_at: z.string() });

/** Throws InputError naming file, line and column of the first row that no CRM could hold. */
export async function checkCsvFiles(contactsCsv: string, dealsCsv: string): Promise<void> {
  await inspect(dirname(contactsCsv), { ...CONTACTS, file: basename(contactsCsv) });
  await inspect(dirname(dealsCsv), { ...DEALS, file: basename(dealsCsv) });
}

/** The start (UTC) of the day after the last deal of a CSV file. */
export async function lastDealDay(file: string): Promise<Date> {
  let last = '';
  for await (const row of createReadStream(file).pipe(
    parse({ columns: true, bom: true, relax_column_count: true }),
  )) {
    const { closed_at: closedAt } = Row.catch({ closed_at: '' }).parse(row);
    const day = /^\d{4}-\d{2}-\d{2}/.exec(closedAt)?.[0] ?? '';
    if (day > last) last = day;
  }
  if (last === '') {
    throw new InputError('no_deals', `${file} has no deal with a day in its column closed_at.`, {
      action: 'Check the file, or give --as-of yourself.',
    });
  }
  return new Date(Date.parse(`${last}T00:00:00Z`) + 86_400_000);
}
