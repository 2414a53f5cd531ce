import type { ObjectType } from '../../model/record.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';

/** Records that a CRM refused for one reason; each is tried again in every run. */
export type RefusalGroup = {
  connectionId: string;
  object: ObjectType;
  code: string;
  /** What the CRM said, of the newest one. */
  message: string;
  records: number;
  /** A few of their ids in the CRM. */
  samples: string[];
  since: Date;
  lastTriedAt: Date;
};

const SAMPLES = 5;

/** Refusals by connection, object and reason, the most frequent first. */
export async function listRefusals(db: Queryable, { schema }: Tenant): Promise<RefusalGroup[]> {
  const { rows } = await db.query<RefusalGroup>(
    `select connection_id as "connectionId", object, code,
       (array_agg(message order by last_at desc))[1] as message,
       count(distinct external_key)::int as records,
       (array_agg(distinct external_key order by external_key))[1:${SAMPLES}] as samples,
       min(first_at) as since, max(last_at) as "lastTriedAt"
     from ${schema}.refusal group by 1, 2, 3 order by records desc, 1, 2, 3`,
  );
  return rows;
}

/**
 * Makes refused values due again: the next push tries them, however often they were refused. Of one connection and
 * reason, or all. Answers how many.
 */
export async function retryRefused(
  db: Queryable,
  { schema }: Tenant,
  which: { connectionId?: string | undefined; code?: string | undefined },
): Promise<number> {
  const { rowCount } = await db.query(
    `update ${schema}.refusal set tries = 1
     where ($1::text is null or connection_id = $1) and ($2::text is null or code = $2)`,
    [which.connectionId ?? null, which.code ?? null],
  );
  return rowCount;
}
