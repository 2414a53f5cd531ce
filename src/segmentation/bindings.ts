/** Collects the parameters of one statement; equal ones are bound once. */
export type Bindings = {
  values: unknown[];
  /** The placeholder for a value, cast to a Postgres type: `$3::numeric`. */
  bind(value: string | number | boolean | readonly string[] | readonly number[], type: string): string;
};

export function newBindings(): Bindings {
  const values: unknown[] = [];
  const placeholders = new Map<string, string>();
  return {
    values,
    bind(value, type) {
      const key = `${type} ${JSON.stringify(value)}`;
      const known = placeholders.get(key);
      if (known !== undefined) return known;
      values.push(value);
      const placeholder = `$${values.length}::${type}`;
      placeholders.set(key, placeholder);
      return placeholder;
    },
  };
}

/** A statement that only reads. */
export type Statement = { sql: string; values: unknown[] };

/** Numbers the placeholders anew: labels of others were compiled, too, and are read only where something names them. */
export function onlyUsed({ sql, values }: Statement): Statement {
  const used = [...new Set(sql.match(/\$\d+/g) ?? [])];
  return {
    sql: sql.replace(/\$\d+/g, (name) => `$${used.indexOf(name) + 1}`),
    values: used.map((name) => values[Number(name.slice(1)) - 1]),
  };
}

/** Quotes a name that comes from the catalogue or from a validated key. */
export function quoteName(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a column name: ${JSON.stringify(name)}`);
  return `"${name}"`;
}
