import { z } from 'zod';
import { exportPerson } from '../../privacy/export.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/customers/person/:id/export',
  summary: 'Everything that is held of one person, for a request of access (GDPR articles 15 and 20)',
  tag: 'Privacy',
  may: 'administer',
  action: 'customer.export',
  params: z.strictObject({ id: z.string().regex(/^\d{1,18}$/, 'a number') }),
  answer: z.looseObject({ madeAt: z.date() }).meta({ override: { type: 'object' } }),
  handle: async ({ params, tenant, actor, parts }) => {
    const all = await exportPerson(
      parts.store.pool,
      tenant,
      { personId: params.id },
      { asOf: new Date(), by: actor.name },
    );
    return all;
  },
});
