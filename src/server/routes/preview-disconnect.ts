import { z } from 'zod';
import { planLeaving } from '../../pipeline/connection/leaving.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/connections/:id/disconnect',
  summary: 'What a disconnection would touch in the CRM and here',
  tag: 'Connections',
  may: 'administer',
  params: z.strictObject({ id: z.string().max(200) }),
  answer: z.object({
    /** Records on which the CRM shows something of ours. */
    records: z.number(),
    /** Fields, lists and the like by kind: property, dynamic_list, ... */
    targets: z.record(z.string(), z.number()),
    /** The last one: all data and definitions go with it. */
    isLast: z.boolean(),
  }),
  handle: ({ params, tenant, parts }) => planLeaving(parts.store.pool, tenant, params.id),
});
