import { z } from 'zod';
import { startRefresh } from '../../../jobs/webhook-refresh.ts';
import { SubjectType } from '../../model/attribute.ts';
import { splitRecord } from '../../pipeline/unify/split.ts';
import { route } from '../route.ts';

export const CustomerParams = z.strictObject({
  subject: SubjectType,
  id: z.string().regex(/^\d{1,18}$/, 'a number'),
});
export const RecordBody = z.strictObject({
  connectionId: z.string().max(200),
  recordId: z.string().max(200).describe('Its id in the CRM'),
});

export default route({
  method: 'POST',
  path: '/api/customers/:subject/:id/split',
  summary: 'Take a record out of a customer for good: it is somebody else, whatever the two share',
  tag: 'Customers',
  may: 'edit',
  action: 'customer.split',
  params: CustomerParams,
  body: RecordBody,
  handle: async ({ params, body, tenant, actor, parts, audit }) => {
    const of = { subject: params.subject, subjectId: params.id, ...body };
    await splitRecord(parts.store.pool, tenant, of, actor.name);
    audit({ subject: `${params.subject} ${params.id}`, after: body });
    await startRefresh(parts.store.pool, parts.backend.queue, tenant, actor.name);
  },
});
