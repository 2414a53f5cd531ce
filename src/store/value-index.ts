import type { SubjectType } from '../model/attribute.ts';
import { isLockTimeout } from './fault.ts';
import { type Pool, type PoolClient, transaction } from './pool.ts';
import type { Tenant } from './tenant.ts';

const LOCK_TIMEOUT_MS = 2_000;
const SUBJECTS: readonly SubjectType[] = ['person', 'company'];

/**
 * Customers are listed a page at a time, those who bought most first: without an index each page reads and sorts
 * everybody, 0.26 s of CPU for 100,000 people on an embedded store. To be called when the column is made. Does nothing
 * where it is there, or the column is not.
 * @returns the indexes that were made
 */
export async function indexValues(
  client: PoolClient,
  tenant: Tenant,
  subjects: readonly SubjectType[] = SUBJECTS,
): Promise<string[]> {
  const made: string[] = [];
  for (const subject of await unindexed(client, tenant, subjects)) {
    // Neither is `create index if not exists` safe against itself: the second of two finds the name taken, and fails.
    await client.query(`lock table ${tenant.schema}.${subject} in share row exclusive mode`);
    if ((await unindexed(client, tenant, [subject])).length === 0) continue;
    await client.query(
      `create index ${subject}_value on ${tenant.schema}.${subject} ((coalesce(revenue_total, 0)), id)`,
    );
    made.push(`${subject}_value`);
  }
  return made;
}

/**
 * As indexValues, once a day for stores that were made or restored without it. Somebody who writes for long is left
 * alone until the next time: whoever waits for the table keeps all others waiting.
 */
export async function addMissingIndexes(pool: Pool, tenant: Tenant): Promise<string[]> {
  const made: string[] = [];
  for (const subject of SUBJECTS) {
    try {
      const indexes = await transaction(pool, async (client) => {
        await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
        return indexValues(client, tenant, [subject]);
      });
      made.push(...indexes);
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
    }
  }
  return made;
}

async function unindexed(
  client: PoolClient,
  { schema }: Tenant,
  subjects: readonly SubjectType[],
): Promise<SubjectType[]> {
  const { rows } = await client.query<{ subject: SubjectType }>(
    `select given.subject from unnest($1::text[]) as given (subject)
     join pg_attribute a on a.attrelid = format('%s.%s', $2::text, given.subject)::regclass
     where a.attname = 'revenue_total' and a.atttypid = 'numeric'::regtype and not a.attisdropped
       and to_regclass(format('%s.%s_value', $2::text, given.subject)) is null
     order by 1`,
    [subjects, schema],
  );
  return rows.map(({ subject }) => subject);
}
