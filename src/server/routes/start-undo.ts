import { queueUndo } from '../../../jobs/undo.ts';
import { requestUndo } from '../../pipeline/push/undo-progress.ts';
import { route } from '../route.ts';
import { UndoAnswer } from './get-undo.ts';
import { UndoBody } from './preview-undo.ts';

export default route({
  method: 'POST',
  path: '/api/undo',
  summary: 'Put back what the CRM showed before a run’s or a target’s writes; the targets are paused',
  tag: 'Undo',
  may: 'approve',
  action: 'undo.start',
  startsWork: true,
  status: 202,
  body: UndoBody,
  answer: UndoAnswer,
  handle: async ({ body, tenant, actor, parts }) => {
    const undo = await requestUndo(parts.store.pool, tenant, body, actor.name);
    await queueUndo(parts.backend.queue, tenant.id, undo.id);
    return undo;
  },
});
