import { z } from 'zod';
import { listRefusals } from '../../pipeline/push/refusals.ts';
import { listConnections } from '../../store/connections.ts';
import { pageRefused } from '../../views/refused.ts';
import { packKey, RecordTargetKey, unpackKey } from '../keyset.ts';
import { Instant, PageQuery, pageOf, route } from '../route.ts';
import { WriteAnswer } from '../write-answer.ts';
import { IdText } from './list-runs.ts';

export default route({
  method: 'GET',
  path: '/api/refused',
  summary: 'Records that a CRM refuses to be written, each with what the CRM said; and by reason',
  tag: 'Runs',
  may: 'read',
  query: PageQuery.extend({ run: IdText.optional().describe('Only those that this run tried last') }),
  answer: pageOf(
    WriteAnswer.omit({ before: true, after: true }).extend({
      value: z.array(z.string()),
      code: z.string(),
      message: z.string(),
      tries: z.number(),
      since: Instant,
      lastTriedAt: Instant,
      runId: z.string().nullable(),
    }),
  ).extend({
    /** By connection and reason, the most frequent first; of all runs. */
    reasons: z.array(
      z.object({
        connectionId: z.string(),
        connection: z.string(),
        object: z.string(),
        code: z.string(),
        message: z.string(),
        records: z.number(),
        since: Instant,
      }),
    ),
  }),
  handle: async ({ query, tenant, parts }) => {
    const { pool } = parts.store;
    const after = unpackKey(RecordTargetKey, query.after);
    const rows = await pageRefused(pool, tenant, { runId: query.run, after, limit: query.limit + 1 });
    const items = rows.slice(0, query.limit);
    const last = items.at(-1);
    const names = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
    return {
      items,
      next:
        rows.length > query.limit && last
          ? packKey({
              connectionId: last.connectionId,
              object: last.object,
              key: last.record,
              targetId: last.target,
            })
          : null,
      reasons: (await listRefusals(pool, tenant)).map((reason) => ({
        ...reason,
        connection: names.get(reason.connectionId) ?? reason.connectionId,
      })),
    };
  },
});
