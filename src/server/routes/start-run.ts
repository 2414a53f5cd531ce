import { z } from 'zod';
import { queueSlice } from '../../../jobs/advance.ts';
import { requestRun } from '../../store/runs.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/runs',
  summary: 'Start a run, or answer the one that is under way',
  tag: 'Runs',
  may: 'edit',
  action: 'run.start',
  startsWork: true,
  status: 202,
  body: z.strictObject({
    dryRun: z.boolean().default(false).describe('Work everything out, write nothing into a CRM'),
    full: z.boolean().default(false).describe('Read every record again, not only what changed'),
    writeInQuietHours: z.boolean().default(false).describe('Write now, although it is a quiet hour'),
    learn: z.boolean().default(false).describe('Learn cut points and models again, due or not'),
  }),
  answer: z.object({ id: z.string(), isNew: z.boolean() }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const { run, isNew } = await requestRun(parts.store.pool, tenant, {
      asOf: new Date(),
      options: body,
      requestedBy: actor.name,
    });
    await queueSlice(parts.backend.queue, tenant.id, run);
    audit({ subject: `run ${run.id}`, after: { ...body, isNew } });
    return { id: run.id, isNew };
  },
});
