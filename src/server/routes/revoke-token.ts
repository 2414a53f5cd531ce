import { z } from 'zod';
import { revokeApiToken } from '../../store/api-tokens.ts';
import { route } from '../route.ts';

export default route({
  method: 'DELETE',
  path: '/api/tokens/:id',
  summary: 'Revoke an API token; it works no more at once',
  tag: 'API tokens',
  may: 'administer',
  action: 'token.revoke',
  params: z.strictObject({ id: z.string().max(100) }),
  handle: async ({ params, tenant, parts, audit }) => {
    const { id, name } = await revokeApiToken(parts.store.pool, tenant, params.id);
    audit({ subject: `token ${name}`, before: { id } });
  },
});
