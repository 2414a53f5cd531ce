import { z } from 'zod';
import { reviewNow } from '../../pipeline/review/decide.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/review/done',
  summary:
    'Say that somebody looked at the review as it is now; it is kept, and the next one tells what drifted since',
  tag: 'Quality',
  may: 'edit',
  action: 'review.done',
  params: z.strictObject({ key: z.string().max(60) }),
  answer: z.object({ reports: z.number() }),
  handle: async ({ params, tenant, actor, parts, audit }) => {
    const on = { pool: parts.store.pool, tenant, log: parts.log };
    const given = { segmentation: params.key, by: actor.name, at: new Date() };
    const reports = await reviewNow(on, given);
    audit({ subject: params.key, after: { reports } });
    return { reports };
  },
});
