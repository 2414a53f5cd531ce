import { type Attribute, type AttributeOwner, columnType } from '../../model/attribute.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';

/** One column to write and the SQL expression that gives its value. */
export type Column = { name: string; value: string };

/** The columns that records feed, read from a merged `properties` object by `jsonb_to_record(...) as v (...)`. */
export function mappedColumns(
  attributes: Attribute[],
  owner: AttributeOwner,
): { columns: Column[]; record: string } {
  const mapped = attributes.filter((attribute) => attribute.owner === owner && attribute.source === 'mapped');
  return {
    columns: mapped.map(({ key }) => ({ name: key, value: `v.${quoted(key)}` })),
    record: mapped.map(({ key, type }) => `${quoted(key)} ${columnType[type]}`).join(', '),
  };
}

/** Those of the computed expressions for which the tenant has a column, cast to its type. */
export function computedColumns(
  attributes: Attribute[],
  owner: AttributeOwner,
  expressions: Record<string, string>,
): Column[] {
  return attributes.flatMap((attribute) => {
    const expression = attribute.owner === owner ? expressions[attribute.key] : undefined;
    if (expression === undefined || attribute.source !== 'computed') return [];
    return [{ name: attribute.key, value: `(${expression})::${columnType[attribute.type]}` }];
  });
}

/**
 * Writes the columns of a table's rows from a query over them, only where something differs, and returns the ids
 * of the rows that changed. `from` gives one row per subject; $1 are the ids.
 */
export async function writeColumns(
  db: Queryable,
  table: string,
  columns: Column[],
  query: { with: string; from: string; id: string; values: unknown[] },
): Promise<string[]> {
  if (columns.length === 0) return [];
  const names = columns.map(({ name }) => quoted(name));
  const { rows } = await db.query<{ id: string }>(
    `with ${query.with},
     wanted as materialized (
       select ${query.id} as subject_id, ${columns.map(({ value, name }) => `${value} as ${quoted(name)}`).join(',\n         ')}
       ${query.from}
     )
     update ${table} s set ${names.map((name) => `${name} = w.${name}`).join(', ')}
     from wanted w
     where s.id = w.subject_id and s.id = any($1::bigint[])
       and (${names.map((name) => `s.${name}`).join(', ')}) is distinct from (${names.map((name) => `w.${name}`).join(', ')})
     returning s.id`,
    query.values,
  );
  return rows.map((row) => row.id);
}
