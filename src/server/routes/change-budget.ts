import { z } from 'zod';
import { ownCallsADay, setCallsADay } from '../../../jobs/budgets.ts';
import { getConnection } from '../../store/connections.ts';
import { route } from '../route.ts';

export default route({
  method: 'PUT',
  path: '/api/connections/:id/budget',
  summary:
    'How many calls a day a connection may make, below what the CRM allows; null for no limit of yours',
  tag: 'Schedules',
  may: 'edit',
  action: 'connection.budget',
  params: z.strictObject({ id: z.string().max(200) }),
  body: z.strictObject({ callsADay: z.number().int().min(100).max(10_000_000).nullable() }),
  answer: z.object({ callsADay: z.number().nullable() }),
  handle: async ({ params, body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const { id, name } = await getConnection(pool, tenant, params.id);
    const before = { callsADay: await ownCallsADay(pool, id) };
    await setCallsADay(pool, id, body.callsADay);
    audit({ subject: name, before, after: body });
    return body;
  },
});
