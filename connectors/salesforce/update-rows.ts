import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Outcome } from '../contract.ts';
import { call, dataPath, SaveResult } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import { failed, LOCKED, type PlannedRow, type RowError, unknownRow } from './push-rows.ts';

const SaveResults = z.array(SaveResult);

/**
 * Up to 200 rows in one call, each on its own. Rows that another write had locked are tried once more; they
 * certainly did not happen.
 */
export async function updateRows(context: Context<SalesforceConfig>, rows: PlannedRow[]): Promise<Outcome[]> {
  if (rows.length === 0) return [];
  const first = await updateOnce(context, rows);
  const locked = new Set(first.filter(({ code }) => code === LOCKED).map(({ id }) => id));
  if (locked.size === 0) return first;
  const again = await updateOnce(
    context,
    rows.filter(({ id }) => locked.has(id)),
  );
  return [...first.filter(({ id }) => !locked.has(id)), ...again];
}

async function updateOnce(context: Context<SalesforceConfig>, rows: PlannedRow[]): Promise<Outcome[]> {
  const body = {
    allOrNone: false,
    records: rows.map(({ sobject, rowId, values }) => ({
      attributes: { type: sobject },
      id: rowId,
      ...values,
    })),
  };
  const path = dataPath('/composite/sobjects');
  try {
    const { data } = await call(
      context,
      // The same values written twice are the same values.
      { method: 'PATCH', path, body, write: true, idempotent: true, rows: rows.length },
      SaveResults,
    );
    // Without a result for each row there is no telling which is whose.
    const isWhole = data.length === rows.length;
    return rows.map((row, index) => outcomeOf(row, isWhole ? data[index] : undefined));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.outcomeUnknown) return rows.map((row) => unknownRow(row, error));
    // A field that is gone refuses the whole call; so may one malformed row.
    const isRows = error.status === 400 || error.status === 404;
    if (!isRows) throw error;
    return refusedRows(context, rows, error);
  }
}

/** Takes what was refused as a whole apart, by object and then by halves, until the row at fault stands alone. */
async function refusedRows(
  context: Context<SalesforceConfig>,
  rows: PlannedRow[],
  error: RemoteError,
): Promise<Outcome[]> {
  const kinds = [...Map.groupBy(rows, ({ sobject }) => sobject).values()];
  // What one object lacks the others may have.
  if (kinds.length > 1) {
    const outcomes: Outcome[] = [];
    for (const some of kinds) outcomes.push(...(await updateOnce(context, some)));
    return outcomes;
  }
  const reason: RowError = { code: error.code, message: error.message, fields: [] };
  const named = rows.map((row) => failed(row, reason));
  const isForAll = named.every(({ targetId }) => targetId !== undefined);
  if (rows.length === 1 || isForAll) return named;
  const half = Math.ceil(rows.length / 2);
  return [
    ...(await updateOnce(context, rows.slice(0, half))),
    ...(await updateOnce(context, rows.slice(half))),
  ];
}

function outcomeOf(row: PlannedRow, result: SaveResult | undefined): Outcome {
  const [error] = result?.errors ?? [];
  if (result && !result.success) {
    const { statusCode: code = '', message = '', fields } = error ?? {};
    return failed(row, { code, message, fields: fields ?? [] });
  }
  if (result?.success && sameId(result.id, row.rowId)) return { id: row.id, state: 'done' };
  const message = 'Salesforce did not answer for this record.';
  return { id: row.id, state: 'unknown', code: 'no_row', message };
}

/** Ids have 15 characters, or 18 with a check at the end. */
const sameId = (a: string | null | undefined, b: string) => a?.slice(0, 15) === b.slice(0, 15);
