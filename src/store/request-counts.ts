import type { Queryable } from './pool.ts';

/** Requests of one caller within a window, by all web processes, and the milliseconds until it ends. */
export type RequestCount = { hits: number; leftMs: number };

/** Adds requests to a caller's window; a window begins with the first request after the last one ended. */
export async function addRequests(
  db: Queryable,
  { key, hits, windowMs }: { key: string; hits: number; windowMs: number },
): Promise<RequestCount> {
  const { rows } = await db.query<RequestCount>(
    `insert into app.request_count as kept (key, hits, until)
     values ($1, $2, now() + $3 * interval '1 millisecond')
     on conflict (key) do update set
       hits = case when kept.until <= now() then excluded.hits else kept.hits + excluded.hits end,
       until = case when kept.until <= now() then excluded.until else kept.until end
     returning hits, (extract(epoch from until - now()) * 1000)::float8 as "leftMs"`,
    [key, hits, windowMs],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an upsert returns its row');
  return row;
}

/** Forgets windows that ended. */
export async function dropEndedCounts(db: Queryable): Promise<void> {
  await db.query('delete from app.request_count where until <= now()');
}
