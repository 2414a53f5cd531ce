import { z } from 'zod';
import { revokeSensitive } from '../../privacy/lawful-basis.ts';
import { route } from '../route.ts';
import { AttributeName } from './allow-sensitive.ts';

export default route({
  method: 'DELETE',
  path: '/api/privacy/bases/:attribute',
  summary: 'Take a lawful basis back; what uses the attribute keeps its labels, gives no more and is held',
  tag: 'Privacy',
  may: 'administer',
  action: 'basis.revoke',
  params: z.strictObject({ attribute: AttributeName }),
  answer: z.object({ held: z.array(z.string()) }),
  handle: async ({ params, tenant, actor, parts, audit }) => {
    const held = await revokeSensitive(parts.store.pool, tenant, params.attribute, actor.name);
    audit({ subject: params.attribute, after: { held } });
    return { held };
  },
});
