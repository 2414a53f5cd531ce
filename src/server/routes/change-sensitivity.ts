import { z } from 'zod';
import { changeSensitivity } from '../../privacy/sensitivity.ts';
import { route } from '../route.ts';
import { SensitivityAnswer, SensitivityLevel, SensitivityParams } from './plan-sensitivity.ts';

export default route({
  method: 'PUT',
  path: '/api/attributes/:owner/:key/sensitivity',
  summary:
    'Say how carefully an attribute is handled; what uses one that becomes sensitive waits for a basis',
  tag: 'Mapping',
  may: 'administer',
  action: 'attribute.sensitivity',
  params: SensitivityParams,
  body: z.strictObject({
    sensitivity: SensitivityLevel,
    reason: z.string().trim().min(1).max(500).optional().describe('Why it needs less care than before'),
  }),
  answer: SensitivityAnswer,
  handle: ({ params, body, tenant, actor, parts }) =>
    changeSensitivity(parts.store.pool, tenant, params, {
      to: body.sensitivity,
      reason: body.reason,
      by: actor.name,
    }),
});
