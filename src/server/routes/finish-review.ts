import { z } from 'zod';
import { finishReview } from '../../pipeline/review/decide.ts';
import { prepareReport } from '../../pipeline/review/report.ts';
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
    const { pool } = parts.store;
    const at = new Date();
    await prepareReport(pool, tenant, params.key, at);
    const reports = await finishReview(pool, tenant, { segmentation: params.key, by: actor.name, at });
    audit({ subject: params.key, after: { reports } });
    return { reports };
  },
});
