import { z } from 'zod';
import { exportPerson } from '../../privacy/export.ts';
import { parseWho } from '../../privacy/who.ts';
import { route } from '../route.ts';

/** In the body, never in an address: addresses are logged. */
export const WhoText = z
  .string()
  .trim()
  .min(1, 'an e-mail address')
  .max(320)
  .describe('An e-mail address, person:ID, or record:CONNECTION/ID');

export default route({
  method: 'POST',
  path: '/api/privacy/export',
  summary: 'Everything that is held of somebody, by e-mail address or record (GDPR articles 15 and 20)',
  tag: 'Privacy',
  may: 'administer',
  action: 'customer.export',
  body: z.strictObject({ who: WhoText }),
  answer: z.looseObject({ madeAt: z.date() }).meta({ override: { type: 'object' } }),
  handle: async ({ body, tenant, actor, parts }) => {
    const all = await exportPerson(parts.store.pool, tenant, parseWho(body.who), {
      asOf: new Date(),
      by: actor.name,
    });
    return all;
  },
});
