import { z } from 'zod';
import { ObjectType } from '../model/record.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { describeLines, type WriteLine } from './writes.ts';

/** Records that a CRM refused for one reason; each is tried again in every run. */
export type RefusalGroup = {
  connectionId: string;
  object: string;
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

/** A value that a CRM refused, with its record and what the CRM said. */
export type RefusedLine = Omit<WriteLine, 'before' | 'after'> & {
  value: string[];
  code: string;
  message: string;
  tries: number;
  since: Date;
  lastTriedAt: Date;
  runId: string | null;
};

const RefusalRow = z.object({
  connectionId: z.string(),
  object: ObjectType,
  key: z.string(),
  targetId: z.string(),
  value: z.unknown(),
  code: z.string(),
  message: z.string(),
  tries: z.number(),
  since: z.date(),
  lastTriedAt: z.date(),
  runId: z.string().nullable(),
});

export type RefusalKey = { connectionId: string; object: string; key: string; targetId: string };

/** Refused values by connection and record, after one of them; of one run's last tries where it is named. */
export async function pageRefused(
  db: Queryable,
  tenant: Tenant,
  page: { runId?: string | undefined; after?: RefusalKey | undefined; limit: number },
): Promise<RefusedLine[]> {
  const { after } = page;
  const { rows } = await db.query(
    `select connection_id as "connectionId", object, external_key as key, target_id as "targetId", value, code, message,
       tries, first_at as since, last_at as "lastTriedAt", run_id::text as "runId"
     from ${tenant.schema}.refusal
     where ($1::bigint is null or run_id = $1)
       and ($2::text is null or (connection_id, object, external_key, target_id) > ($2, $3, $4, $5))
     order by connection_id, object, external_key, target_id limit $6`,
    [
      page.runId ?? null,
      after?.connectionId ?? null,
      after?.object ?? null,
      after?.key ?? null,
      after?.targetId ?? null,
      page.limit,
    ],
  );
  const refused = rows.map((row) => RefusalRow.parse(row));
  const lines = await describeLines(
    db,
    tenant,
    refused.map((row) => ({ ...row, before: null, after: row.value })),
  );
  return lines.map(({ before: _none, after: value, ...line }, i) => {
    const { code, message, tries, since, lastTriedAt, runId } = refused[i] as z.infer<typeof RefusalRow>;
    return { ...line, value, code, message, tries, since, lastTriedAt, runId };
  });
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
