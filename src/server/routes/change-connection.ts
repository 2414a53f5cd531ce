import { z } from 'zod';
import { changeConnection } from '../../pipeline/connection/change-connection.ts';
import { getConnection } from '../../store/connections.ts';
import { route } from '../route.ts';

export default route({
  method: 'PATCH',
  path: '/api/connections/:id',
  summary: 'Rename a connection, rank it, or say whether Segment Sync may make fields and lists there itself',
  tag: 'Connections',
  may: 'administer',
  action: 'connection.change',
  params: z.strictObject({ id: z.string().max(200) }),
  body: z.strictObject({
    name: z.string().trim().min(1, 'a name').max(100).optional(),
    rank: z
      .number()
      .int()
      .min(0)
      .max(1_000)
      .optional()
      .describe('Lower comes first where connections disagree'),
    mayCreate: z.boolean().optional(),
  }),
  answer: z.object({ id: z.string(), name: z.string(), rank: z.number(), mayCreate: z.boolean().nullable() }),
  handle: async ({ params, body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const shown = ({ id, name, rank, config }: Awaited<ReturnType<typeof getConnection>>) => ({
      id,
      name,
      rank,
      mayCreate: typeof config.mayCreate === 'boolean' ? config.mayCreate : null,
    });
    const before = await getConnection(pool, tenant, params.id);
    const after = await changeConnection(pool, tenant, before, body);
    audit({ subject: params.id, before: shown(before), after: shown(after) });
    return shown(after);
  },
});
