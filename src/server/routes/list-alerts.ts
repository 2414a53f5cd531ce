import { z } from 'zod';
import { AlertKind } from '../../model/alert.ts';
import { listAlerts } from '../../store/alerts.ts';
import { Instant, PageQuery, pageOf, route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/alerts',
  summary: 'What needs or needed a person, newest first',
  tag: 'Alerts',
  may: 'read',
  query: PageQuery.extend({
    after: z
      .string()
      .regex(/^\d{1,18}$/, 'the `next` of a page')
      .optional(),
    state: z.enum(['open', 'ended']).optional(),
  }),
  answer: pageOf(
    z.object({
      id: z.string(),
      kind: AlertKind,
      subject: z.string(),
      title: z.string(),
      message: z.string(),
      action: z.string(),
      path: z.string(),
      since: Instant,
      endedAt: Instant.nullable(),
    }),
  ),
  handle: async ({ query, tenant, parts }) => {
    const { after = null, limit, state } = query;
    const found = await listAlerts(parts.store.pool, tenant, {
      after,
      limit: limit + 1,
      open: state === undefined ? null : state === 'open',
    });
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  },
});
