import { z } from 'zod';
import { revokeInvitation } from '../../store/sign-in-links.ts';
import { route } from '../route.ts';

export default route({
  method: 'DELETE',
  path: '/api/invitations/:id',
  summary: 'Take an invitation back',
  tag: 'People',
  may: 'administer',
  action: 'person.uninvite',
  params: z.strictObject({ id: z.string().max(100) }),
  handle: async ({ params, tenant, parts, audit }) => {
    const { email, role } = await revokeInvitation(parts.store.pool, tenant, params.id);
    audit({ subject: email, before: { role } });
  },
});
