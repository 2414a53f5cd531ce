import { z } from 'zod';
import { NotFoundError } from '../../errors.ts';
import { listTargets } from '../../store/targets.ts';
import { targetWrites } from '../../views/writes.ts';
import { PageQuery, pageOf, route } from '../route.ts';
import { WriteAnswer } from '../write-answer.ts';

const TargetParams = z.strictObject({ id: z.string().regex(/^t\d{1,9}$/, 'a target, such as t12') });

export default route({
  method: 'GET',
  path: '/api/targets/:id/writes',
  summary: 'Each value that releasing a target would write, by record',
  tag: 'Waiting',
  may: 'read',
  params: TargetParams,
  query: PageQuery,
  answer: pageOf(WriteAnswer),
  handle: async ({ params, query, tenant, parts }) => {
    const { pool } = parts.store;
    const [target] = await listTargets(pool, tenant, { ids: [params.id] });
    if (!target) {
      throw new NotFoundError('target_unknown', `There is no target ${params.id}.`, {
        action: 'Look at the list of what waits again.',
      });
    }
    const rows = await targetWrites(pool, tenant, target, {
      asOf: new Date(),
      after: query.after,
      limit: query.limit + 1,
    });
    const items = rows.slice(0, query.limit);
    return { items, next: rows.length > query.limit ? (items.at(-1)?.record ?? null) : null };
  },
});
