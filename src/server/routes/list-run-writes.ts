import { z } from 'zod';
import { getRun } from '../../store/runs.ts';
import { runWrites } from '../../views/writes.ts';
import { Instant, PageQuery, pageOf, route } from '../route.ts';
import { WriteAnswer } from '../write-answer.ts';
import { RunParams } from './get-run.ts';
import { IdText } from './list-runs.ts';

export default route({
  method: 'GET',
  path: '/api/runs/:id/writes',
  summary: 'What a run wrote into the CRMs, value by value',
  tag: 'Runs',
  may: 'read',
  params: RunParams,
  query: PageQuery.extend({ after: IdText.optional() }),
  answer: pageOf(
    WriteAnswer.extend({ id: z.string(), at: Instant, cause: z.string(), undoneAt: Instant.nullable() }),
  ),
  handle: async ({ params, query, tenant, parts }) => {
    const { pool } = parts.store;
    const { id } = await getRun(pool, tenant, params.id);
    const rows = await runWrites(pool, tenant, id, { after: query.after, limit: query.limit + 1 });
    const items = rows.slice(0, query.limit);
    return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  },
});
