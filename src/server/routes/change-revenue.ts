import { z } from 'zod';
import { changeRevenue } from '../../pipeline/connection/change-revenue.ts';
import { RevenueSetting } from '../../pipeline/profile/revenue.ts';
import { getConnection } from '../../store/connections.ts';
import { route } from '../route.ts';

export default route({
  method: 'PUT',
  path: '/api/connections/:id/revenue',
  summary: 'Say what counts as revenue; the next run works out everybody’s revenue again',
  tag: 'Mapping',
  may: 'edit',
  action: 'revenue.change',
  params: z.strictObject({ id: z.string().max(200) }),
  body: RevenueSetting.strict(),
  handle: async ({ params, body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const connection = await getConnection(pool, tenant, params.id);
    await changeRevenue(pool, tenant, connection, body);
    audit({
      subject: connection.name,
      before: RevenueSetting.parse(connection.config.revenue ?? {}),
      after: body,
    });
  },
});
