import { z } from 'zod';
import { pageRuns } from '../../store/runs.ts';
import { PageQuery, pageOf, route } from '../route.ts';
import { RunAnswer, runAnswer } from '../run-answer.ts';

export const IdText = z.string().regex(/^\d{1,18}$/, 'a number');

export default route({
  method: 'GET',
  path: '/api/runs',
  summary: 'Runs, newest first',
  tag: 'Runs',
  may: 'read',
  query: PageQuery.extend({
    after: IdText.optional(),
    refreshes: z.enum(['with', 'without']).default('without').describe('Refreshes that webhooks began'),
  }),
  answer: pageOf(RunAnswer),
  handle: async ({ query, tenant, parts }) => {
    const page = await pageRuns(parts.store.pool, tenant, {
      after: query.after,
      limit: query.limit,
      withRefreshes: query.refreshes === 'with',
    });
    return { ...page, items: page.items.map(runAnswer) };
  },
});
