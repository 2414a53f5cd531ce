import { z } from 'zod';
import { ObjectType } from '../../model/record.ts';
import { acceptFall } from '../../pipeline/pull/falls.ts';
import { getConnection } from '../../store/connections.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/falls/accept',
  summary: 'Say that records which went missing at once are really gone; the next run removes them',
  tag: 'Waiting',
  may: 'approve',
  action: 'fall.accept',
  body: z.strictObject({
    connectionId: z.string().max(200),
    object: ObjectType,
    purpose: z.enum(['full', 'links', 'deleted']),
  }),
  handle: async ({ body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const { name } = await getConnection(pool, tenant, body.connectionId);
    await acceptFall(pool, tenant, body);
    audit({ subject: `${body.object} records of ${name}`, after: { accepted: true } });
  },
});
