import { z } from 'zod';
import { ObjectType } from '../../model/record.ts';
import { listProperties } from '../../views/mapping.ts';
import { askCrm } from '../ask-crm.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/connections/:id/properties',
  summary:
    'Properties that the CRM shows us, what they feed and could feed; those that feed nothing are never read',
  tag: 'Mapping',
  may: 'edit',
  params: z.strictObject({ id: z.string().max(200) }),
  answer: z.object({
    items: z.array(
      z.object({
        object: ObjectType,
        name: z.string(),
        label: z.string(),
        type: z.string(),
        /** The CRM works it out and does not say when: it would be read again once a day. */
        calculated: z.boolean(),
        feeds: z.array(z.string()),
        /** A standard attribute that it usually feeds. */
        suggestion: z.string().nullable(),
      }),
    ),
  }),
  handle: async ({ params, tenant, parts, signal }) => ({
    items: await askCrm(parts, { tenant, connectionId: params.id, asOf: new Date(), signal }, (connection) =>
      listProperties(parts.store.pool, tenant, connection),
    ),
  }),
});
