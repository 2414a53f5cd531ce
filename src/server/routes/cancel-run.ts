import { z } from 'zod';
import { queueSlice } from '../../../jobs/advance.ts';
import { cancelRun, getRun } from '../../store/runs.ts';
import { route } from '../route.ts';
import { RunAnswer, runAnswer } from '../run-answer.ts';
import { RunParams } from './get-run.ts';

export default route({
  method: 'POST',
  path: '/api/runs/:id/cancel',
  summary: 'Stop a run at its next safe point; what it did so far stays',
  tag: 'Runs',
  may: 'edit',
  action: 'run.cancel',
  params: RunParams,
  body: z.strictObject({}).optional(),
  answer: RunAnswer,
  handle: async ({ params, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const before = await getRun(pool, tenant, params.id);
    await cancelRun(pool, tenant, params.id);
    const run = await getRun(pool, tenant, params.id);
    // One that waits for hours ends now.
    await queueSlice(parts.backend.queue, tenant.id, run);
    audit({ subject: `run ${run.id}`, before: { state: before.state }, after: { cancelRequested: true } });
    return runAnswer(run);
  },
});
