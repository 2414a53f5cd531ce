import { z } from 'zod';
import { erase } from '../../privacy/erase.ts';
import { suppressionKey } from '../../store/suppressions.ts';
import { Instant, route } from '../route.ts';

/** A receipt that names nobody. */
export const ErasureAnswer = z.object({
  id: z.string(),
  at: Instant,
  people: z.number(),
  records: z.number(),
  deals: z.number(),
  removed: z.record(z.string(), z.number()),
  suppressed: z.number(),
  toClear: z.array(
    z.object({ connectionId: z.string(), targetId: z.string(), state: z.string(), records: z.number() }),
  ),
  namedIn: z.array(z.string()),
});

export default route({
  method: 'POST',
  path: '/api/customers/person/:id/erase',
  summary: 'Remove a person from everything that is stored, for good',
  tag: 'Privacy',
  may: 'administer',
  action: 'customer.erase',
  params: z.strictObject({ id: z.string().regex(/^\d{1,18}$/, 'a number') }),
  body: z.strictObject({
    confirm: z.literal('erase').describe('So that nobody erases by mistake'),
    reason: z.string().max(200).optional().describe('For the audit log; it may not name the person'),
  }),
  answer: ErasureAnswer,
  handle: async ({ params, body, tenant, actor, parts }) => {
    const { pool, keys } = parts.store;
    const erasure = await erase(
      pool,
      await suppressionKey(pool, keys),
      tenant,
      { personId: params.id },
      { by: actor.name, reason: body.reason },
    );
    return erasure;
  },
});
