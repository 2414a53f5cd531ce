import { z } from 'zod';
import { removeMember } from '../../store/accounts.ts';
import { route } from '../route.ts';

export default route({
  method: 'DELETE',
  path: '/api/people/:id',
  summary: 'Take somebody out; their sessions end at once',
  tag: 'People',
  may: 'administer',
  action: 'person.remove',
  params: z.strictObject({ id: z.string().max(100) }),
  handle: async ({ params, tenant, parts, audit }) => {
    const { email, role } = await removeMember(parts.store.pool, tenant, params.id);
    audit({ subject: email, before: { role } });
  },
});
