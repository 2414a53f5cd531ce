import { z } from 'zod';
import { planUndo } from '../../pipeline/push/undo.ts';
import { describeUndo } from '../../views/undo-plan.ts';
import { route } from '../route.ts';
import { IdText } from './list-runs.ts';

export const UndoBody = z.union([
  z.strictObject({ runId: IdText }),
  z.strictObject({ targetId: z.string().min(1).max(20) }),
]);

export default route({
  method: 'POST',
  path: '/api/undo/preview',
  summary: 'What taking back a run’s or a target’s writes would touch; nothing is changed',
  tag: 'Undo',
  may: 'read',
  action: 'undo.preview',
  body: UndoBody,
  answer: z.object({
    records: z.number(),
    values: z.number(),
    targets: z.array(z.object({ id: z.string(), what: z.string(), connection: z.string() })),
    /** Lists and campaigns among them. */
    lists: z.number(),
  }),
  handle: async ({ body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const plan = await describeUndo(pool, tenant, await planUndo(pool, tenant, body));
    audit({ subject: JSON.stringify(body), after: { records: plan.records, values: plan.values } });
    return plan;
  },
});
