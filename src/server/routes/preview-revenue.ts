import { z } from 'zod';
import { RevenueSetting } from '../../pipeline/profile/revenue.ts';
import { getConnection } from '../../store/connections.ts';
import { countRevenue } from '../../views/revenue-lines.ts';
import { route } from '../route.ts';
import { RevenueCount } from './get-revenue.ts';

export default route({
  method: 'POST',
  path: '/api/connections/:id/revenue/preview',
  summary: 'What would count as revenue under a setting; changes nothing',
  tag: 'Mapping',
  may: 'edit',
  asks: true,
  params: z.strictObject({ id: z.string().max(200) }),
  body: RevenueSetting.strict(),
  answer: RevenueCount,
  handle: async ({ params, body, tenant, parts }) => {
    const { pool } = parts.store;
    const { id } = await getConnection(pool, tenant, params.id);
    return countRevenue(pool, tenant, id, body);
  },
});
