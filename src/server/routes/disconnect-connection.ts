import { z } from 'zod';
import { queueDisconnect } from '../../../jobs/disconnect.ts';
import { beginLeaving, Keep } from '../../pipeline/connection/leaving.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/connections/:id/disconnect',
  summary: 'Disconnect a CRM account: clean up there as asked, end our access, delete its data here',
  tag: 'Connections',
  may: 'administer',
  action: 'connection.disconnect',
  startsWork: true,
  status: 202,
  params: z.strictObject({ id: z.string().max(200) }),
  body: z.strictObject({
    keep: Keep.describe(
      'What stays in the CRM: values (fields and lists as they are), fields (emptied), nothing (all that we made is deleted)',
    ),
    withoutCrm: z
      .boolean()
      .default(false)
      .describe('Do not ask the CRM: it has shut us out. The receipt says what stays there'),
  }),
  answer: z.object({ id: z.string(), state: z.literal('disconnected') }),
  handle: async ({ params, body, tenant, actor, parts, audit }) => {
    const connection = await beginLeaving(parts.store.pool, tenant, params.id, { ...body, by: actor.name });
    await queueDisconnect(parts.backend.queue, tenant.id, connection.id);
    audit({ subject: connection.id, before: { name: connection.name }, after: body });
    return { id: connection.id, state: 'disconnected' as const };
  },
});
