import { stringify } from 'csv-stringify/sync';
import type { PlannedRow } from './push-rows.ts';

/**
 * A job takes 150 MB once its rows are in base64, which makes a third more of them; so no more than this goes up.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/upload_job_data.htm
 */
const MAX_BYTES = 100_000_000;

/** What one job is given: CSV, and the number of its rows. */
export type CsvPart = { text: string; rows: number };

/**
 * Rows as CSV, in as many parts as the size of an upload asks for; the same rows give the same parts. All have one set
 * of columns: a cell that is left empty leaves the field as it is, #N/A clears it.
 */
export function csvParts(rows: PlannedRow[], maxBytes = MAX_BYTES): CsvPart[] {
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))].sort();
  const header = lineOf(['Id', ...columns]);
  const parts: CsvPart[] = [];
  let lines: string[] = [];
  let bytes = Buffer.byteLength(header);
  const close = () => {
    if (lines.length > 0) parts.push({ text: header + lines.join(''), rows: lines.length });
    lines = [];
    bytes = Buffer.byteLength(header);
  };
  for (const { rowId, values } of rows) {
    const line = lineOf([rowId, ...columns.map((name) => (name in values ? (values[name] ?? '#N/A') : ''))]);
    const size = Buffer.byteLength(line);
    if (bytes + size > maxBytes) close();
    lines.push(line);
    bytes += size;
  }
  close();
  return parts;
}

const lineOf = (cells: string[]) => stringify([cells], { quoted_match: /[;\s]/ });
