import { z } from 'zod';
import { retireSegmentation } from '../../pipeline/publish/publish.ts';
import { SetParams } from '../definition-schema.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/retire',
  summary: 'Take a segment set out of use for good; its key stays taken',
  tag: 'Segment sets',
  may: 'approve',
  action: 'segmentation.retire',
  params: SetParams,
  body: z.strictObject({
    values: z
      .enum(['keep', 'clear'])
      .describe('The CRMs go on showing the last labels, or the next run takes them away'),
  }),
  handle: async ({ params, body, tenant, actor, parts }) => {
    await retireSegmentation(parts.store.pool, tenant, params.key, { values: body.values, by: actor.name });
  },
});
