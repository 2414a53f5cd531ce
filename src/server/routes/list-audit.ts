import { z } from 'zod';
import { pageAudit } from '../../store/audit.ts';
import { Instant, PageQuery, pageOf, route } from '../route.ts';

const Moment = z.iso
  .datetime({ offset: true, error: 'an instant such as 2026-01-31T00:00:00Z' })
  .transform((text) => new Date(text))
  .optional();

/** Which lines of the log are meant. */
export const AuditFilter = z.strictObject({
  actor: z.string().max(200).optional(),
  action: z.string().max(100).optional().describe('A whole name, or its beginning: connection'),
  from: Moment,
  to: Moment,
});

export default route({
  method: 'GET',
  path: '/api/audit',
  summary: 'What people and programs changed, newest first',
  tag: 'Audit',
  may: 'read',
  query: PageQuery.extend({
    after: z
      .string()
      .regex(/^\d{1,18}$/, 'what the page before gave as next')
      .optional(),
    ...AuditFilter.shape,
  }),
  answer: pageOf(
    z.object({
      id: z.string(),
      at: Instant,
      actor: z.string(),
      action: z.string(),
      subject: z.string(),
      before: z.unknown(),
      after: z.unknown(),
      origin: z.string().nullable(),
    }),
  ),
  handle: ({ query, tenant, parts }) => pageAudit(parts.store.pool, tenant, query),
});
