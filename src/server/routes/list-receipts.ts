import { z } from 'zod';
import { pageAudit } from '../../store/audit.ts';
import { Instant, route } from '../route.ts';

const Before = z.object({ name: z.string(), system: z.string(), account: z.string() });
const After = z.object({
  keep: z.string(),
  done: z.array(z.string()),
  stays: z.array(z.string()),
});

export default route({
  method: 'GET',
  path: '/api/receipts',
  summary: 'What became of connections that were disconnected: what was done, and what stays in the CRM',
  tag: 'Connections',
  may: 'administer',
  answer: z.object({
    items: z.array(
      Before.extend({ id: z.string(), at: Instant, by: z.string(), connection: z.string() }).extend(
        After.shape,
      ),
    ),
  }),
  handle: async ({ tenant, parts }) => {
    const { items } = await pageAudit(parts.store.pool, tenant, {
      action: 'connection.disconnected',
      limit: 200,
    });
    return {
      items: items.map(({ id, at, actor, subject, before, after }) => ({
        id,
        at,
        by: actor,
        connection: subject,
        ...Before.parse(before),
        ...After.parse(after),
      })),
    };
  },
});
