import { z } from 'zod';
import { getMember } from '../../store/accounts.ts';
import { linkFor } from '../invitations.ts';
import { Instant, route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/people/:id/sign-in-link',
  summary: 'Make a link that signs somebody in once, for who has no other way in',
  tag: 'People',
  may: 'administer',
  action: 'person.sign_in_link',
  status: 201,
  params: z.strictObject({ id: z.string().max(100) }),
  answer: z.object({ link: z.string(), mailed: z.boolean(), expiresAt: Instant }),
  handle: async ({ params, tenant, actor, parts, audit }) => {
    const member = await getMember(parts.store.pool, tenant, params.id);
    const made = await linkFor(parts, tenant, { email: member.email, role: member.role, by: actor.name });
    audit({ subject: member.email, after: { mailed: made.mailed } });
    return made;
  },
});
