import type { Queryable } from '../../store/pool.ts';

/** Both ends belong to it; `size` is how many subjects it holds. */
export type KeyRange = { from: string; to: string; size: number };

/** Fewer subjects than this take less time than a statement of their own. */
const SMALLEST_SHARE = 1_000;

/**
 * The next ranges of `span` subjects by id, at most so many; none where all are done. What is left in the end is shared
 * out evenly, or one range would be worked at while nothing else is.
 */
export async function nextRanges(
  db: Queryable,
  table: string,
  { after, span }: { after: string; span: number },
  atMost: number,
): Promise<KeyRange[]> {
  const ranges: KeyRange[] = [];
  while (ranges.length < atMost) {
    const from = following(ranges.at(-1)?.to ?? after);
    const to = await idAfter(db, table, from, span);
    if (to === null) {
      const rest = await restOf(db, table, from);
      if (rest === null) return ranges;
      const left = { from: following(after), to: rest.to, size: ranges.length * span + rest.size };
      return shareOut(
        db,
        table,
        left,
        Math.min(span, Math.max(SMALLEST_SHARE, Math.ceil(left.size / atMost))),
      );
    }
    ranges.push({ from, to, size: span });
  }
  return ranges;
}

/** The range in parts of so many subjects, the last one with what is left. */
async function shareOut(db: Queryable, table: string, whole: KeyRange, each: number): Promise<KeyRange[]> {
  const ranges: KeyRange[] = [];
  let { from, size } = whole;
  while (size > each) {
    const to = await idAfter(db, table, from, each);
    if (to === null) break;
    ranges.push({ from, to, size: each });
    from = following(to);
    size -= each;
  }
  return [...ranges, { from, to: whole.to, size }];
}

const following = (id: string): string => String(BigInt(id) + 1n);

/** The id that ends so many subjects from an id on; null where they are fewer. */
async function idAfter(db: Queryable, table: string, from: string, subjects: number): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select id from ${table} where id >= $1 order by id offset $2 limit 1`,
    [from, subjects - 1],
  );
  return rows[0]?.id ?? null;
}

/** How many subjects there are from an id on, and the last one; null where there is none. */
async function restOf(
  db: Queryable,
  table: string,
  from: string,
): Promise<{ to: string; size: number } | null> {
  const { rows } = await db.query<{ to: string | null; size: number }>(
    `select max(id) as to, count(*)::int as size from ${table} where id >= $1`,
    [from],
  );
  const [{ to = null, size = 0 } = {}] = rows;
  return to === null ? null : { to, size };
}
