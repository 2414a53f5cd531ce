import { z } from 'zod';
import { queueSlice } from '../../../jobs/advance.ts';
import { retryRefused } from '../../pipeline/push/refusals.ts';
import { requestRun } from '../../store/runs.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/refused/retry',
  summary: 'Try refused records again, now: all, or those of one connection and reason',
  tag: 'Runs',
  may: 'edit',
  action: 'refused.retry',
  status: 202,
  body: z.strictObject({
    connectionId: z.string().max(200).optional(),
    code: z.string().max(200).optional(),
  }),
  answer: z.object({ values: z.number(), runId: z.string() }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const { pool } = parts.store;
    const values = await retryRefused(pool, tenant, body);
    const { run } = await requestRun(pool, tenant, { asOf: new Date(), requestedBy: actor.name });
    await queueSlice(parts.backend.queue, tenant.id, run);
    audit({ subject: body.code ?? 'all', after: { values, run: run.id } });
    return { values, runId: run.id };
  },
});
