import { at } from './vectors.ts';

/** What one subject holds of one attribute; null where unknown. */
export type AttributeValue = number | string | readonly string[] | null;

/** One attribute of many subjects: numbers, single choices, or several choices at once; null where unknown. */
export type TableColumn =
  | { name: string; kind: 'number'; values: readonly (number | null)[] }
  | { name: string; kind: 'category'; values: readonly (string | null)[] }
  | { name: string; kind: 'multi'; values: readonly (readonly string[] | null)[] };

export type AttributeTable = { columns: readonly TableColumn[]; rows: number };

/** The values of any column as what they have in common. */
export function valuesOf(column: TableColumn): readonly AttributeValue[] {
  return column.values;
}

/** The choices that a category or multi value stands for. */
export function optionsOf(value: AttributeValue): readonly string[] {
  if (value === null || typeof value === 'number') return [];
  return typeof value === 'string' ? [value] : [...new Set(value)];
}

/** The same columns with some of the rows, in the order given. */
export function pickTableRows(table: AttributeTable, rows: readonly number[]): AttributeTable {
  const pick = <T>(values: readonly T[]): T[] => rows.map((row) => at(values, row));
  const columns = table.columns.map((column): TableColumn => {
    if (column.kind === 'number') return { ...column, values: pick(column.values) };
    if (column.kind === 'category') return { ...column, values: pick(column.values) };
    return { ...column, values: pick(column.values) };
  });
  return { columns, rows: rows.length };
}
