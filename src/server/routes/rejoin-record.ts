import { startRefresh } from '../../../jobs/webhook-refresh.ts';
import { rejoinRecord } from '../../pipeline/unify/split.ts';
import { route } from '../route.ts';
import { CustomerParams, RecordBody } from './split-record.ts';

export default route({
  method: 'POST',
  path: '/api/customers/:subject/:id/rejoin',
  summary: 'Let a record that was split off be found the same as others again',
  tag: 'Customers',
  may: 'edit',
  action: 'customer.rejoin',
  params: CustomerParams,
  body: RecordBody,
  handle: async ({ params, body, tenant, actor, parts, audit }) => {
    const of = { subject: params.subject, subjectId: params.id, ...body };
    await rejoinRecord(parts.store.pool, tenant, of);
    audit({ subject: `${params.subject} ${params.id}`, after: body });
    await startRefresh(parts.store.pool, parts.backend.queue, tenant, actor.name);
  },
});
