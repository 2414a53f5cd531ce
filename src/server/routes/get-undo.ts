import { z } from 'zod';
import { undoProgress } from '../../pipeline/push/undo-progress.ts';
import { Instant, route } from '../route.ts';
import { ReasonAnswer } from '../run-answer.ts';
import { IdText } from './list-runs.ts';

export const UndoAnswer = z.object({
  id: z.string(),
  request: z.union([z.object({ runId: z.string() }), z.object({ targetId: z.string() })]),
  requestedBy: z.string(),
  begunAt: Instant,
  endedAt: Instant.nullable(),
  total: z.number(),
  restored: z.number(),
  kept: z.number(),
  reason: ReasonAnswer.nullable(),
});

export default route({
  method: 'GET',
  path: '/api/undo/:id',
  summary: 'How far an undo has come',
  tag: 'Undo',
  may: 'read',
  params: z.strictObject({ id: IdText }),
  answer: UndoAnswer.extend({ left: z.number() }),
  handle: ({ params, tenant, parts }) => undoProgress(parts.store.pool, tenant, params.id),
});
