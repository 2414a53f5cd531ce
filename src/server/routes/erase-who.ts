import { z } from 'zod';
import { erase } from '../../privacy/erase.ts';
import { parseWho } from '../../privacy/who.ts';
import { suppressionKey } from '../../store/suppressions.ts';
import { route } from '../route.ts';
import { ErasureAnswer } from './erase-customer.ts';
import { WhoText } from './export-who.ts';

export default route({
  method: 'POST',
  path: '/api/privacy/erase',
  summary: 'Remove somebody from everything that is stored, for good, by e-mail address or record',
  tag: 'Privacy',
  may: 'administer',
  action: 'customer.erase',
  body: z.strictObject({
    who: WhoText,
    confirm: z.literal('erase').describe('So that nobody erases by mistake'),
    all: z.boolean().default(false).describe('Everybody who holds the address, where several people do'),
    reason: z.string().max(200).optional().describe('For the audit log; it may not name the person'),
  }),
  answer: ErasureAnswer,
  handle: async ({ body, tenant, actor, parts }) => {
    const { pool, keys } = parts.store;
    const erasure = await erase(pool, await suppressionKey(pool, keys), tenant, parseWho(body.who), {
      by: actor.name,
      reason: body.reason,
      all: body.all,
    });
    return erasure;
  },
});
