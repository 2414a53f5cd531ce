import { z } from 'zod';
import { ObjectType } from '../model/record.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { describeLines, type WriteLine } from './writes.ts';

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
