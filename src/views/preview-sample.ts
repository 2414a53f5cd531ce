/** Whom a live preview looks at: all of few, and of many a sample that takes as long whatever their number is. */
import type { SubjectType } from '../model/attribute.ts';
import type { Restriction } from '../segmentation/compile-base.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

export type Sample = {
  /** Subjects in the store; an estimate where it is a sample. */
  total: number;
  counted: number;
  among: Restriction;
};

/** As many as are worked out well within a second on the embedded store. */
const MOST_COUNTED = 8_192;

/** Subjects that came into the store together may be alike: many short stretches show more than a few long ones. */
const STRETCHES = 256;

/**
 * Equal stretches of ids, evenly spread from the oldest subject to the newest: the same subjects as long as there are
 * as many, so that a figure moves only when the definition does. Reads nothing but the index of their ids, there.
 */
export async function chooseSample(
  db: Queryable,
  { schema }: Pick<Tenant, 'schema'>,
  subject: SubjectType,
  atMost = MOST_COUNTED,
): Promise<Sample> {
  const table = `${schema}.${subject}`;
  const { rows } = await db.query<{ few: number; low: string | null; high: string | null }>(
    `select (select count(*)::int from (select from ${table} limit ${atMost + 1}) part) as few,
       (select min(id)::text from ${table}) as low, (select max(id)::text from ${table}) as high`,
  );
  const { few = 0, low = null, high = null } = rows[0] ?? {};
  if (few <= atMost || low === null || high === null) return { total: few, counted: few, among: 'all' };

  const stretches = Math.min(STRETCHES, atMost);
  const apart = (Number(high) - Number(low) + 1) / stretches;
  const starts = Array.from({ length: stretches }, (_, index) =>
    String(Number(low) + Math.floor(index * apart)),
  );
  let width = Math.floor(atMost / stretches);
  for (;;) {
    const { rows: chosen } = await db.query<{ ids: string[] | null }>(
      `select array_agg(one.id::text order by one.id) as ids from unnest($1::bigint[]) start
       cross join lateral (
         select id from ${table} where id >= start and id < start + $2::bigint order by id limit $3
       ) one`,
      [starts, String(width), width],
    );
    const ids = (chosen[0]?.ids ?? []).slice(0, atMost);
    const widest = Math.floor(apart);
    // Where many ids are free, longer stretches hold as many subjects.
    if (ids.length < atMost / 2 && width < widest) {
      width = Math.min(widest, Math.ceil((width * atMost) / Math.max(ids.length, atMost / 16)));
      continue;
    }
    return {
      total: Math.round((ids.length * apart) / width),
      counted: ids.length,
      among: { ids },
    };
  }
}
