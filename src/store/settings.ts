import type { z } from 'zod';
import type { Queryable } from './pool.ts';

/** A setting of the installation, read through its schema; null where it was never set. */
export async function readSetting<T>(pool: Queryable, key: string, schema: z.ZodType<T>): Promise<T | null> {
  const { rows } = await pool.query<{ value: unknown }>('select value from app.setting where key = $1', [
    key,
  ]);
  return rows[0] ? schema.parse(rows[0].value) : null;
}

export async function writeSetting(pool: Queryable, key: string, value: unknown): Promise<void> {
  await pool.query(
    `insert into app.setting (key, value) values ($1, $2::jsonb)
     on conflict (key) do update set value = excluded.value`,
    [key, JSON.stringify(value)],
  );
}
