import type { SubjectType } from '../../model/attribute.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';

/** Ids from and to, both included. */
export type IdRange = { from: string; to: string };

/** An embedded database does one statement at a time, so none may look at everybody at once. */
const SPAN = 10_000;

/** The subjects in ranges of at most `span`, by id. */
export async function* idRanges(
  db: Queryable,
  { schema }: Tenant,
  subject: SubjectType,
  span = SPAN,
): AsyncGenerator<IdRange, void, void> {
  for (let after = '0'; ; ) {
    const { rows } = await db.query<{ from: string | null; to: string | null }>(
      `select min(id) as "from", max(id) as "to" from (
         select id from ${schema}.${subject} where id > $1 order by id limit ${span}) r`,
      [after],
    );
    const { from, to } = rows[0] ?? { from: null, to: null };
    if (from === null || to === null) return;
    yield { from, to };
    after = to;
  }
}

/** A row of a grouped count: its texts say which group, its numbers are added up. */
type Counted = Record<string, string | number | null>;

/** Reads grouped counts range by range and adds them up. */
export async function addUp<Row extends Counted>(
  db: Queryable,
  tenant: Tenant,
  subject: SubjectType,
  read: (range: IdRange) => Promise<Row[]>,
): Promise<Row[]> {
  const groups = new Map<string, Row>();
  for await (const range of idRanges(db, tenant, subject)) {
    for (const row of await read(range)) {
      const group = JSON.stringify(Object.values(row).filter((value) => typeof value !== 'number'));
      const sum: Counted | undefined = groups.get(group);
      if (sum === undefined) {
        groups.set(group, row);
        continue;
      }
      for (const [name, value] of Object.entries(row))
        if (typeof value === 'number') sum[name] = Number(sum[name] ?? 0) + value;
    }
  }
  return [...groups.values()];
}
