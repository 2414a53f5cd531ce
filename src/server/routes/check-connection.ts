import { z } from 'zod';
import { OAuthSecret } from '../../../connectors/contract.ts';
import { checkScopes, preflight } from '../../pipeline/connection/preflight.ts';
import { readSecret } from '../../store/connections.ts';
import { askCrm } from '../ask-crm.ts';
import { Instant, route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/connections/:id/checks',
  summary: 'Ask the CRM for every right, property and limit that stands in the way, each with its mend',
  tag: 'Connections',
  may: 'edit',
  params: z.strictObject({ id: z.string().max(200) }),
  answer: z.object({
    items: z.array(
      z.object({
        code: z.string(),
        ok: z.boolean(),
        /** `warning` does not stop a run. */
        level: z.enum(['error', 'warning']),
        message: z.string(),
        action: z.string(),
      }),
    ),
    checkedAt: Instant,
  }),
  handle: ({ params, tenant, parts, signal }) => {
    const { pool, keys } = parts.store;
    const checkedAt = new Date();
    return askCrm(parts, { tenant, connectionId: params.id, asOf: checkedAt, signal }, async (open) => {
      const secret = await readSecret(pool, keys, { id: open.id, tenantId: tenant.id }, OAuthSecret);
      const items = [
        ...checkScopes(open.connector, secret ?? undefined),
        ...(await preflight(pool, tenant, open)),
      ];
      return { items, checkedAt };
    });
  },
});
