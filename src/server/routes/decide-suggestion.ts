import { z } from 'zod';
import { decideSuggestion } from '../../pipeline/review/decide.ts';
import { route } from '../route.ts';
import { SuggestionAnswer } from './get-review.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/review/decisions',
  summary:
    'Accept or dismiss a suggestion; accepting changes nothing by itself: the change is published as any other',
  tag: 'Quality',
  may: 'edit',
  action: 'review.decide',
  params: z.strictObject({ key: z.string().max(60) }),
  body: z.strictObject({
    suggestion: z.string().max(500).describe('Its id'),
    decision: z.enum(['accepted', 'dismissed']),
    note: z.string().max(500).optional(),
  }),
  answer: SuggestionAnswer,
  handle: async ({ params, body, tenant, actor, parts }) => {
    const { suggestion: id, decision, note } = body;
    const given = { segmentation: params.key, id, decision, note, by: actor.name, asOf: new Date() };
    const suggestion = await decideSuggestion(parts.store.pool, tenant, given);
    return suggestion;
  },
});
